"""Reads one answer of a Prometheus-compatible `/api/v1/rules` into the alert rules. Pure.

Called by `signals.prometheus`. All or nothing: a list of which a part is missing or cannot be
read is a problem, because a rule that is not seen must not count as one that is silent. Rules of
one name are all handed on, with the severity of each: who asks decides what they mean together.
"""

from typing import Annotated, Literal

from pydantic import Field, ValidationError

from release_coordinator.engine.evidence import AlertRuleFact, AlertRulesFact
from release_coordinator.signals.envelope import CHECK_ADDRESS, Question, malformed, read_data
from release_coordinator.signals.wire import Labels, Listed, Wire
from release_coordinator.text import one_line

_RULES = Question("request for its alert rules", "list of alert rules", CHECK_ADDRESS)
MOST = 20_000
"""Alert rules that are read; many times what large installations have."""
_NAME = 128
"""Characters of a name that are kept: as many as a Release may ask for."""


def read_rules(status: int, body: bytes) -> AlertRulesFact:
    """The alert rules in an answer with this HTTP status; `problem` begins with a verb."""
    data = read_data(status, body, _RULES)
    if isinstance(data, str):
        return AlertRulesFact((), data)
    try:
        answer = _Answer.model_validate(data)
    except ValidationError:
        return AlertRulesFact((), malformed(_RULES))
    if answer.next_page:
        return AlertRulesFact((), "answered with a part of its alert rules; let it send them all")
    rules = (rule for group in answer.groups for rule in group.rules)
    alerting = [rule for rule in rules if isinstance(rule, _Alert)]
    if len(alerting) > MOST:
        return AlertRulesFact((), f"has more than {MOST} alert rules; name another source")
    return AlertRulesFact(tuple(map(_fact, alerting)))


class _Alert(Wire):
    type: Literal["alerting"]
    name: str
    health: Literal["ok", "err", "unknown"]
    state: Literal["inactive", "pending", "firing", "unknown"]
    labels: Labels | None = None
    last_error: str = Field("", alias="lastError")


class _Recording(Wire):
    """Sent by servers that do not know the parameter `type`."""

    type: Literal["recording"]


class _Group(Wire):
    rules: Listed[Annotated[_Alert | _Recording, Field(discriminator="type")]]


class _Answer(Wire):
    groups: Annotated[Listed[_Group], Field(max_length=MOST)]
    next_page: str = Field("", alias="groupNextToken")


def _fact(rule: _Alert) -> AlertRuleFact:
    return AlertRuleFact(
        name=one_line(rule.name, _NAME),
        health=rule.health,
        firing=rule.state == "firing",
        severity=one_line((rule.labels or {}).get("severity", ""), _NAME),
        problem=one_line(rule.last_error),
    )
