"""What is observed of a release, in the journal: verdicts, values, the watch, downtime.

Part of `api.attempt` and `api.record`; written by `engine.tracking` and `engine.downtime`.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from .base import Count, Measured, Model, Name, ShortText, Time, Uid


class Verdict(StrEnum):
    """Judgement of a metric; Unknown is never mistaken for Fail."""

    PASS = "Pass"  # noqa: S105 - a verdict, no password
    """The value is within its limit."""
    FAIL = "Fail"  # the value is beyond its limit
    UNKNOWN = "Unknown"  # there is no usable value


HISTORY = 60
"""Values that are kept of what is watched; when they are full, every other one goes."""


class History(Model):
    """What was measured, evenly spaced in time."""

    since: Time = Field(description="Time of the first value.")
    step: Measured = Field(description="Seconds from one value to the next.")
    values: list[Measured | None] = Field(
        [], max_length=HISTORY, description="In order; null where there was no usable answer."
    )
    unknown: list[Count] = Field(
        [],
        max_length=HISTORY,
        description="In a status: places without a usable answer, where the value is 0.",
    )

    @model_validator(mode="before")
    @classmethod
    def _with_nulls(cls, data: Any) -> Any:
        """As it is worked with, however it was spelled."""
        if not isinstance(data, dict) or not data.get("unknown"):
            return data
        values, unknown = data.get("values", []), data["unknown"]
        known = [None if place in unknown else value for place, value in enumerate(values)]
        return {**data, "values": known, "unknown": []}

    @staticmethod
    def without_nulls(wire: dict[str, Any]) -> dict[str, Any]:
        """Another spelling of the JSON object of a history."""
        unknown = [place for place, value in enumerate(wire["values"]) if value is None]
        values = [0.0 if value is None else value for value in wire["values"]]
        return {**wire, "values": values, "unknown": unknown}


class Run(Model):
    """A run of a data check that is under way; there is never more than one of a check."""

    since: Time = Field(description="When the intent was recorded.")
    uid: Uid | None = Field(None, description="UID of its Job, once it is known.")
    message: ShortText = Field("", description="What keeps it from running, or why it never will.")


CARRIED_FIRST = 160
CARRIED_KNOWN = 16


class Carried(Model):
    """What one look hands on to the next, where a verdict needs more than one look."""

    since: Time | None = Field(
        None,
        description=(
            "Pods: since when a workload is short of ready ones. Alerts: since when none of those "
            "fires that fired before the change."
        ),
    )
    until: Time | None = Field(
        None, description="Logs: lines from before this moment are counted for good."
    )
    lines: Count = Field(0, description="Logs: how many lines those are.")
    first: Annotated[str, Field(max_length=CARRIED_FIRST)] = Field(
        "", description="Logs: the first line that matched, cut."
    )
    known: list[Annotated[str, Field(max_length=10)]] = Field(
        [],
        max_length=CARRIED_KNOWN,
        description="Alerts: those that fired before the change, as hashes of name and labels.",
    )


class Measurement(Model):
    """What is known of one thing that is watched: a metric, alerts, pods, logs, a data check."""

    metric: Annotated[str, Field(max_length=80)] = Field(
        description="Name of the metric; others are alerts/<name>, pods, logs/<name>, check/<name>."
    )
    baseline: Measured | None = Field(None, description="What it is compared with.")
    value: Measured | None = Field(None, description="Last value.")
    verdict: Verdict = Verdict.UNKNOWN
    samples: Count = Field(0, description="Usable samples taken.")
    failures: Count = Field(0, description="Breaching samples in a row.")
    breaches: Count = Field(0, description="Breaching samples in all.")
    successes: Count = Field(0, description="Good samples in a row.")
    sampled_at: Time | None = Field(None, description="When it was looked at last.")
    watched_seconds: Measured = Field(
        0.0, description="How long it was good or bad, and not unknown, since the watch began."
    )
    unknown_since: Time | None = Field(None, description="Since when no answer was usable.")
    accepted: bool = Field(
        False, description="A person has resumed in spite of it: from then on it is only reported."
    )
    silence_accepted: bool = Field(
        False,
        description=(
            "A person has resumed in spite of missing answers: they hold the release no more. A "
            "breach still counts."
        ),
    )
    runs: Count = Field(0, description="Runs of a data check that were begun.")
    run: Run | None = None
    message: ShortText = Field("", description="The value and its limit, or why it is unknown.")
    carried: Carried | None = None
    history: History | None = None


class WatchState(Model):
    """Clock of the watch."""

    changed_at: Time | None = Field(None, description="When the first workload was changed.")
    started_at: Time | None = Field(
        None, description="When the watch after the rollout began; empty until then."
    )


class Downtime(Model):
    """How long the application was not there for its users during the attempt."""

    seconds: Measured = Field(
        0.0, description="Time in which a component had no ready pod, until now or `since`."
    )
    since: Time | None = Field(None, description="Since when one has none.")
    component: Name | None = Field(None, description="The one that has none, or had none last.")
    measured_seconds: Measured | None = Field(
        None, description="By the availability metric: time multiplied by what was missing to 1."
    )
    measured_at: Time | None = Field(None, description="When that was measured last.")

    def until(self, moment: datetime) -> "Downtime":
        """The same, with what is open counted until a moment, and closed."""
        if self.since is None:
            return self
        open_seconds = max(0.0, (moment - self.since).total_seconds())
        return self.model_copy(
            update={"seconds": round(self.seconds + open_seconds, 3), "since": None}
        )
