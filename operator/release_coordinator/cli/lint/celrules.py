"""The rules that the definitions carry for the API server, for a check without one. Pure.

A rule is CEL, which only the server can run; here each is a function, found by its message. A test
sees to it that no rule of a Release is left out, and that both agree.
"""

import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from release_coordinator.api.base import INCIDENT_NAME, NAME_PATTERN
from release_coordinator.api.checklist import UNWAIVABLE
from release_coordinator.api.faults import FORMS
from release_coordinator.api.job import TEXT_LIMIT
from release_coordinator.api.schema import NAME_LIMIT
from release_coordinator.api.strategy import BLUE_GREEN_LIMIT
from release_coordinator.api.structural import TOLD

Rule = Callable[[Any], bool]
_NAME = re.compile(NAME_PATTERN)


def holds(message: str, value: Any) -> bool:
    """Whether a value keeps the rule with this message; what nobody here can tell is kept.

    A value of another type than the rule is for has its fault already.
    """
    rule = rule_of(message)
    if rule is None:
        return True
    try:
        return rule(value)
    except (AttributeError, KeyError, TypeError):
        return True


def _one_of(*fields: str) -> Rule:
    return lambda value: sum(value.get(field) is not None for field in fields) == 1


def _any_of(*fields: str) -> Rule:
    return lambda value: any(value.get(field) is not None for field in fields)


def _has(value: Mapping[str, Any], field: str) -> bool:
    return value.get(field) is not None


def _is_blue_green(value: Mapping[str, Any]) -> bool:
    return bool((value.get("strategy") or {}).get("type") == "BlueGreen")


def _switchable(value: Mapping[str, Any]) -> bool:
    ref = value.get("workloadRef")
    is_deployment = ref is not None and ref.get("kind", "Deployment") == "Deployment"
    return not _is_blue_green(value) or is_deployment


def _depends(value: Mapping[str, Any]) -> bool:
    known = {one["name"] for one in value["components"]}
    return all(
        name in known and name != one["name"]
        for one in value["components"]
        for name in one.get("dependsOn") or ()
    )


def _apart(value: Mapping[str, Any]) -> bool:
    targets = [
        (one[field].get("kind", "Deployment"), one[field]["name"])
        for one in value["components"]
        for field in ("workloadRef", "workload")
        if one.get(field)
    ]
    return len(targets) == len(set(targets))


def _short(value: Mapping[str, Any]) -> bool:
    size = sum(len(part) for field in ("command", "args") for part in value.get(field) or ())
    for entry in value.get("env") or ():
        size += len(entry["name"]) + len(entry.get("value") or "")
        for source in (entry.get("valueFrom") or {}).values():
            size += len(source.get("name", "")) + len(source.get("key", ""))
    return size <= TEXT_LIMIT


def _reversibility(value: Mapping[str, Any]) -> str:
    return str(value.get("reversibility") or "Irreversible")


def _is_told(field: str) -> Rule:
    """What a resolved incident must say."""
    return lambda value: value.get("state") != "Resolved" or bool((value.get(field) or "").strip())


def _of_old_self(_: Any) -> bool:
    """What compares with the stored object says nothing of a file."""
    return True


def _read_by_types(_: Any) -> bool:
    """A form that the types check as well, with the same words."""
    return True


MEANINGS: tuple[tuple[str, Rule], ...] = (
    (
        f"at most {BLUE_GREEN_LIMIT} components can be BlueGreen",
        lambda value: sum(map(_is_blue_green, value["components"])) <= BLUE_GREEN_LIMIT,
    ),
    ("dependsOn must name other components", _depends),
    ("two components name the same workload", _apart),
    ("strategy BlueGreen needs workloadRef of kind Deployment", _switchable),
    ("the keys of images are container names", lambda value: all(map(_NAME.fullmatch, value))),
    (
        "BlueGreen switches a Service between two versions",
        lambda value: value.get("type") != "BlueGreen" or _has(value, "service"),
    ),
    (
        "only BlueGreen switches a Service",
        lambda value: value.get("type") == "BlueGreen" or not _has(value, "service"),
    ),
    ("set exactly one of object, configMap and job", _one_of("object", "configMap", "job")),
    ("set exactly one of condition and jsonPath", _one_of("condition", "jsonPath")),
    (
        "set value together with jsonPath",
        lambda value: _has(value, "jsonPath") == _has(value, "value"),
    ),
    ("the operator reads no Secrets", lambda value: value["kind"] != "Secret"),
    ("command, args and env have at most", _short),
    ("set exactly one of value and valueFrom", _one_of("value", "valueFrom")),
    ("names beginning with RELEASE_", lambda value: not value["name"].startswith("RELEASE_")),
    (
        "set exactly one of secretKeyRef and configMapKeyRef",
        _one_of("secretKeyRef", "configMapKeyRef"),
    ),
    (
        "a Reversible migration needs a down Job",
        lambda value: _reversibility(value) != "Reversible" or _has(value, "down"),
    ),
    (
        "only a Reversible migration has a down Job",
        lambda value: _reversibility(value) == "Reversible" or not _has(value, "down"),
    ),
    (
        "downLosesData says what down does",
        lambda value: not value.get("downLosesData") or _has(value, "down"),
    ),
    (
        "name at least one of metrics, alerts, pods, logs and dataChecks",
        _any_of("metrics", "alerts", "pods", "logs", "dataChecks"),
    ),
    ("set either query or preset", _one_of("query", "preset")),
    ("say with breach when", _any_of("breach", "preset")),
    (
        "set at least one of ratioToBaseline, above, below and comparison",
        _any_of("ratioToBaseline", "above", "below", "comparison"),
    ),
    ("an empty list of windows would never open", lambda value: value.get("windows") != []),
    ("set exactly one of role (a sign-off) and gate", _one_of("role", "gate")),
    (
        "decision Waived names the gate",
        lambda value: value["decision"] != "Waived" or _has(value, "gate"),
    ),
    (
        "a gate is Waived, or a waiver Revoked",
        lambda value: not _has(value, "gate") or value["decision"] in {"Waived", "Revoked"},
    ),
    (
        "say why in comment",
        lambda value: value["decision"] == "Approved" or bool(value.get("comment")),
    ),
    (
        ", ".join(UNWAIVABLE) + " cannot be waived",
        lambda value: value.get("gate") not in UNWAIVABLE,
    ),
    ("set either bearer or basic", _one_of("bearer", "basic")),
    (
        "tls needs a url that begins with https://",
        lambda value: not _has(value, "tls") or value["url"].startswith("https://"),
    ),
    (
        "set both certificate and privateKey",
        lambda value: _has(value, "certificate") == _has(value, "privateKey"),
    ),
    ("an Approval never changes", _of_old_self),
    ("a Notification says what happened", _of_old_self),
    ("an incident stays with its release", _of_old_self),
    ("an incident stays with its attempt", _of_old_self),
    ("entries of the timeline are added", _of_old_self),
    ("an incident is Resolved only with its root cause", _is_told("rootCause")),
    ("an incident is Resolved only with what prevents it", _is_told("prevention")),
    ("set either apprise or cloudEvents", _one_of("apprise", "cloudEvents")),
    (
        f"metadata.name has at most {NAME_LIMIT} characters: names of Jobs",
        lambda value: len(value["metadata"]["name"]) <= NAME_LIMIT,
    ),
    (
        f"metadata.name has at most {INCIDENT_NAME} characters: Releases name it",
        lambda value: len(value["metadata"]["name"]) <= INCIDENT_NAME,
    ),
    *((FORMS[pattern], _read_by_types) for pattern in TOLD),
)
"""The beginning of each rule's message, and what it means."""


@cache
def rule_of(message: str) -> Rule | None:
    """The meaning of a rule; None if nobody here knows it."""
    return next((rule for beginning, rule in MEANINGS if message.startswith(beginning)), None)
