"""Windows and freezes of a `ReleasePolicy`: when a deployment may begin.

Local times with an IANA time zone and a recurrence by RFC 5545, so that "Tuesday at ten" stays
at ten when the clocks change. Judged by `engine.windows`.
"""

from typing import Annotated

from pydantic import Field

from .base import Duration, Model, Name, ShortText

LOCAL_TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?$"
LocalTime = Annotated[str, Field(min_length=16, max_length=19, pattern=LOCAL_TIME_PATTERN)]
"""A moment as a clock on the wall shows it: 2026-01-05T09:00. The time zone stands beside it."""

ZONE_PATTERN = r"^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}$"
TimeZone = Annotated[str, Field(min_length=1, max_length=64, pattern=ZONE_PATTERN)]
"""A name of the IANA time zone database, like Europe/Berlin."""

RECURRENCE_PATTERN = r"^FREQ=[A-Z]+(;[A-Z]+=[A-Z0-9,+-]+)*$"
Recurrence = Annotated[str, Field(min_length=6, max_length=256, pattern=RECURRENCE_PATTERN)]
"""An RRULE of RFC 5545 without its name: FREQ=WEEKLY;BYDAY=MO,TU,WE,TH."""


class Period(Model):
    """A stretch of time that may come again."""

    name: Name = Field(description="Name, unique in its list, shown in messages.")
    start: LocalTime = Field(description="First beginning, in local time, like 2026-01-05T09:00.")
    duration: Duration = Field(description="Length of each occurrence.")
    time_zone: TimeZone = Field("UTC", description="IANA time zone of start, like Europe/Berlin.")
    recurrence: Recurrence | None = Field(
        None,
        description=(
            "RRULE of RFC 5545, like FREQ=WEEKLY;BYDAY=MO,TU,WE,TH; without it the period comes "
            "once."
        ),
    )


class Window(Period):
    """A period in which deployments may begin."""


class Freeze(Period):
    """A period in which no deployment may begin, whatever windows say."""

    reason: ShortText = Field("", description="Why, shown to those who wait.")
