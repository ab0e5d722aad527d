"""Reads one answer of a Prometheus-compatible `/api/v1/alerts` into the firing alerts. Pure.

Called by `signals.prometheus`. All or nothing, as in `signals.rules`: an alert that is not seen
must not count as one that is silent.
"""

from datetime import UTC, datetime
from typing import Literal

from pydantic import Field, ValidationError

from release_coordinator.engine.watchfacts import AlertFact, FiringFact
from release_coordinator.signals.envelope import CHECK_ADDRESS, Question, malformed, read_data
from release_coordinator.signals.wire import Labels, Listed, Wire
from release_coordinator.text import one_line

MOST = 5_000
"""Firing alerts that are read; where more fire, nobody can say what that has to do with us."""
LISTED = 20_000
"""Alerts in any state; more would take too long to read."""
_NAME = 128
"""Characters of a name that are kept: as many as a Release may ask for."""
_ALERTS = Question("request for its alerts", "list of alerts", CHECK_ADDRESS)


def read_firing(status: int, body: bytes) -> FiringFact:
    """The firing alerts in an answer with this HTTP status; `problem` begins with a verb."""
    data = read_data(status, body, _ALERTS)
    if isinstance(data, str):
        return FiringFact((), data)
    listed = data.get("alerts")
    if isinstance(listed, list) and len(listed) > LISTED:
        return FiringFact((), f"has more than {LISTED} alerts in all; name another source")
    try:
        answer = _Answer.model_validate(data)
    except ValidationError:
        return FiringFact((), malformed(_ALERTS))
    firing = [alert for alert in answer.alerts if alert.state == "firing"]
    if len(firing) > MOST:
        return FiringFact(
            (), f"has more than {MOST} alerts that fire; find out why, or name another source"
        )
    return FiringFact(tuple(map(_fact, firing)))


class _Alert(Wire):
    state: Literal["inactive", "pending", "firing"]
    labels: Labels
    active_at: str = Field("", alias="activeAt")


class _Answer(Wire):
    alerts: Listed[_Alert]


def _fact(alert: _Alert) -> AlertFact:
    name = one_line(alert.labels.get("alertname", ""), _NAME)
    return AlertFact(name, alert.labels, _since(alert.active_at))


def _since(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):  # the latter before the year 1 in UTC
        return None
