"""One way out for all log lines, ours and the libraries': JSON for machines, plain for a terminal.

`configure` is called once by the composition root. A pass binds what it works on with
`bound(...)`; each line logged inside carries it, whoever logs. Text from outside can neither
start a new line nor steer a terminal.
"""

import copy
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Literal, TextIO

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from release_coordinator.text import one_line

LogFormat = Literal["plain", "json"]

MAX_MESSAGE = 1_024
"""Characters of one message, field or traceback line that are kept."""

_FIELDS = ("namespace", "release", "attempt", "step", "reconcile_id")
_bound: ContextVar[dict[str, str | int]] = ContextVar("release_coordinator_log_fields")

# Kopf hangs its settings on its records; they are no text for a log.
_SKIPPED = (*RESERVED_ATTRS, "k8s_ref", "k8s_skip", "settings")


@contextmanager
def bound(
    *,
    namespace: str | None = None,
    release: str | None = None,
    attempt: int | None = None,
    step: str | None = None,
    reconcile_id: str | None = None,
) -> Iterator[None]:
    """Add these fields to each line logged inside, by this task and those it starts."""
    values = (namespace, release, attempt, step, reconcile_id)
    given = {name: value for name, value in zip(_FIELDS, values, strict=True) if value is not None}
    token = _bound.set(_bound.get({}) | given)
    try:
        yield
    finally:
        _bound.reset(token)


def configure(log_format: LogFormat, level: str = "INFO", stream: TextIO | None = None) -> None:
    """Send every logger of the process to `stream` (default stderr); may be called again."""
    handler = _Handler(stream)
    handler.addFilter(add_fields)
    handler.setFormatter(_JsonLines() if log_format == "json" else _PlainLines())
    root = logging.getLogger()
    for old in [known for known in root.handlers if isinstance(known, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(level)
    # Kopf tells of each event that it was handled: nine lines of ten, and none says anything.
    handled = logging.DEBUG if level == "DEBUG" else max(root.level, logging.WARNING)
    logging.getLogger("kopf.objects").setLevel(handled)
    logging.captureWarnings(True)


def add_fields(record: logging.LogRecord) -> bool:
    """Filter: put what is bound, or what Kopf knows of its object, on the record."""
    fields: dict[str, Any] = {}
    ref = getattr(record, "k8s_ref", None)
    if isinstance(ref, dict):
        fields["namespace"] = ref.get("namespace")
        fields["object"] = f"{ref.get('kind')}/{ref.get('name')}"
    for name, value in (fields | _bound.get({})).items():
        if value is not None and not hasattr(record, name):
            setattr(record, name, value)
    return True


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, so that a second `configure` replaces it and nothing else."""


class _JsonLines(JsonFormatter):
    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger", "exc_info": "trace"},
            timestamp="time",
            reserved_attrs=_SKIPPED,
            exc_info_as_array=True,
            stack_info_as_array=True,
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: _clean(value) for name, value in log_data.items()}


class _PlainLines(logging.Formatter):
    """`12:00:00 INFO  The message (shop/bookshop attempt=1 step=migrate)`."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        # Another formatter may have left its own rendering of the trace on the record.
        fresh = copy.copy(record)
        fresh.exc_text = None
        return super().format(fresh)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base's name
        line = one_line(super().formatMessage(record), MAX_MESSAGE)
        fields = {name: getattr(record, name) for name in _FIELDS if hasattr(record, name)}
        where = "/".join(str(fields.pop(name)) for name in _FIELDS[:2] if name in fields)
        fields.pop("reconcile_id", None)  # for machines; a person reads along
        words = [where, *(f"{name}={value}" for name, value in fields.items())]
        told = " ".join(word for word in words if word)
        return f"{line} ({one_line(told)})" if told else line

    def formatException(self, ei: Any) -> str:  # noqa: N802
        # Indented, so that no line of an exception's text can pass for a line of the log.
        return self.formatStack(super().formatException(ei))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802
        return "\n".join(f"  | {_clean_end(line)}" for line in stack_info.splitlines())


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return one_line(value, MAX_MESSAGE)
    if isinstance(value, list):
        return [_clean_end(item) if isinstance(item, str) else item for item in value]
    return value


def _clean_end(line: str) -> str:
    """One line of a traceback: its indentation is part of it."""
    indent = len(line) - len(line.lstrip(" "))
    return line[:indent] + one_line(line, MAX_MESSAGE)
