"""What is wrong in an object, in words its author can act on.

Between pydantic, which finds the faults, and the `Valid` condition, which shows them: field paths
as kubectl prints them, and for each kind of fault what to write instead. Used by `api.codec`.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from release_coordinator.text import one_line

from . import base, evidence, windows
from .job import MOUNT_PATTERN, VARIABLE_PATTERN
from .metricsource import LABEL_PATTERN, URL_PATTERN
from .policy import PUBLIC_KEY_PATTERN

SHOWN = 60
"""Characters of a wrong value that a message repeats."""

TOLD = 500
"""Characters of a problem, and of a remedy, that are shown."""

MAPS = frozenset({"images", "labels", "annotations", "kept", "matchers", "snapshots"})
"""Fields whose keys are chosen by people; a path shows such a key in brackets."""

FORMS: Mapping[str, str] = {
    base.SEMVER_PATTERN: "write a SemVer 2 version without a leading v, like 1.4.0 or 2.0.0-rc.1",
    base.MOMENT_PATTERN: "write an RFC 3339 time with its offset, like 2026-12-01T20:00:00Z",
    base.DIGEST_PATTERN: "write the digest as in status.digest: sha256: and 64 hex digits",
    base.DURATION_PATTERN: "write hours, minutes and seconds, like 90s, 10m or 1h30m",
    base.NAME_PATTERN: (
        "use lower-case letters, digits and '-', beginning and ending with a letter or digit"
    ),
    base.OBJECT_NAME_PATTERN: (
        "write the name of an object: lower-case letters, digits, '-' and '.'"
    ),
    base.KEY_PATTERN: "write a key of its data: letters, digits, '-', '_' and '.'",
    base.IMAGE_PATTERN: "write an image with tag or digest, like example/shop:1.4.0",
    base.PATH_PATTERN: "write a path that begins with '/', without spaces and '#'",
    base.QUANTITY_PATTERN: "write a Kubernetes quantity, like 100m or 64Mi",
    VARIABLE_PATTERN: "use letters, digits and '_', beginning with a letter or '_'",
    LABEL_PATTERN: "use letters, digits and '_', beginning with a letter or '_'",
    MOUNT_PATTERN: "write a path that begins with '/', without spaces and ':'",
    windows.LOCAL_TIME_PATTERN: "write a local time, like 2026-01-05T09:00",
    windows.ZONE_PATTERN: "write a name of the IANA time zone database, like Europe/Berlin",
    windows.RECURRENCE_PATTERN: (
        "write an RRULE of RFC 5545 without its name, like FREQ=WEEKLY;BYDAY=MO,TU"
    ),
    evidence.API_VERSION_PATTERN: "write group and version, like tekton.dev/v1",
    evidence.KIND_PATTERN: "write a kind as manifests do, like PipelineRun",
    evidence.SCHEMA_VERSION_PATTERN: "write what the database says, without spaces, like 0007",
    PUBLIC_KEY_PATTERN: "write the PEM that `openssl pkey -in KEY -pubout` prints, line by line",
    URL_PATTERN: "write http:// or https://, a host and at most a path, like http://metrics:9090",
}
"""For each pattern of the API what a value must look like."""

_OBJECT = ("must be an object, not {got}", "write its fields indented below it")
_WHOLE = ("must be a whole number, not {got}", "write digits without quotes")
_NUMBER = ("must be a number, not {got}", "write digits without quotes")

_TEXTS: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", "add it"),
    "one_workload": ("names no workload, or two", "set exactly one of workloadRef and workload"),
    "one_way": ("names neither apprise nor cloudEvents, or both", "set exactly one of them"),
    "one_auth": ("names no credentials, or two kinds", "set either bearer or basic"),
    "whole_pair": ("names a certificate or a private key alone", "set both, or neither"),
    "tls_without_https": ("has tls, but no url with https://", "write https://, or remove tls"),
    "string_type": ("must be text, not {got}", "put the value in quotes"),
    "string_pattern_mismatch": ("{value} has the wrong form", "{form}"),
    "string_too_short": ("is too short", "the least length is {min_length}"),
    "string_too_long": ("is longer than {max_length} characters", "shorten it"),
    "too_short": ("has {actual_length} entries", "write {min_length} or more"),
    "too_long": ("has more than {max_length} entries", "remove some"),
    "list_type": ("must be a list, not {got}", "begin each entry with '-'"),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": ("is too large a number", "write a smaller one"),
    "int_from_float": ("must be a whole number, not {value}", "write it without a fraction"),
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": ("must be a finite number, not {value}", "write a finite number"),
    "enum": ("{value} is not a known value", "write {expected}"),
    "greater_than_equal": ("{value} is too small", "write {ge} or more"),
    "greater_than": ("{value} is too small", "write more than {gt}"),
    "less_than_equal": ("{value} is too large", "write {le} or less"),
    "less_than": ("{value} is too large", "write less than {lt}"),
}

_KINDS: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "text"),
    (int, "a number"),
    (float, "a number"),
    (list, "a list"),
    (dict, "an object"),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing the author of an object has to change."""

    path: str
    """Field as kubectl prints it: `spec.components[0].images`."""
    problem: str
    remedy: str

    def __str__(self) -> str:
        """On one line; what people wrote may be part of it."""
        problem, remedy = (one_line(text, TOLD) for text in (self.problem, self.remedy))
        return f"{one_line(self.path)}: {problem}; {remedy}"


def told(faults: Iterable[Fault]) -> str:
    """All faults in one sentence."""
    return "; ".join(str(fault) for fault in faults)


def faults_of(error: ValidationError, root: str) -> tuple[Fault, ...]:
    """Every fault pydantic found below the field `root`, in the order of the fields."""
    return tuple(
        _fault(root, item["loc"], item["type"], item.get("input"), item.get("ctx", {}), item["msg"])
        for item in error.errors(include_url=False)
    )


def _fault(
    root: str,
    location: Iterable[str | int],
    kind: str,
    value: object,
    context: Mapping[str, Any],
    message: str,
) -> Fault:
    problem, remedy = _TEXTS.get(kind, (message.replace("{", "(").replace("}", ")"), "correct it"))
    words = {
        **context,
        "value": _shown(value),
        "got": _kind(value),
        "form": FORMS.get(context.get("pattern", ""), "see the API reference"),
    }
    return Fault(field_path(root, location), problem.format(**words), remedy.format(**words))


def field_path(root: str, location: Iterable[str | int]) -> str:
    """The path in Kubernetes' notation; pydantic marks a fault in a key by a last `[key]`."""
    path, parent = root, ""
    for part in location:
        if part == "[key]":
            continue
        path += f"[{part}]" if isinstance(part, int) or parent in MAPS else f".{part}"
        parent = str(part)
    return path


def _shown(value: object) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"


def _kind(value: object) -> str:
    return next((word for kind, word in _KINDS if isinstance(value, kind)), "empty")
