"""A process that sends one message through apprise, and ends.

    signals.post -> stdin: a task in JSON -> apprise -> stdout: {"problem": "..."}

apprise is not imported by the operator itself. What it logs stays here: of a failure only the HTTP
status and the kind of trouble are told, never a text of apprise, which may quote the URL.
"""

import json
import logging
import os
import re
import signal
import sys
from types import FrameType
from typing import Any

SERVICES_LIMIT = 1
_STATUS = re.compile(r"error=(\d{3})\b|\bHTTP[ /](\d{3})\b")
_BUT = ", but did not take the message: see whether token and channel are right"
_TROUBLE = (
    ("authenticat", "does not accept the credentials"),
    ("certificate verify failed", "has a certificate that nobody here trusts"),
    ("timed out", "gave no answer in time"),
    ("timeout", "gave no answer in time"),
    ("connection", "cannot be reached"),
)
"""The first that fits: what is called a connection error may be any of those before."""
_CAUSE = "Socket Exception"
"""How apprise begins to say, at the lowest level, what lies behind a warning."""


class _Heard(logging.Handler):
    """Keeps what was logged as warning or worse, and what caused it."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Remember a line; others quote what is sent, whose words could be taken for trouble."""
        text = record.getMessage()
        if record.levelno >= logging.WARNING or text.startswith(_CAUSE):
            self.lines.append(text)


def main() -> None:
    """Send, and say what came of it."""
    task = json.load(sys.stdin)
    _tell(send(task))


def _tell(problem: str) -> None:
    json.dump({"problem": problem}, sys.stdout)
    sys.stdout.flush()


def _end_after(limit: float) -> None:
    """Whoever has started us may be gone; then nobody else would end us."""

    def end(_signal: int, _frame: FrameType | None) -> None:
        _tell(f"was not done within {limit:g} s")
        os._exit(0)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, limit)


def send(task: dict[str, Any]) -> str:
    """Hand the message to the service; what is wrong begins with a verb."""
    from apprise import Apprise, AppriseAsset, NotifyFormat  # noqa: PLC0415 - only this process

    _end_after(float(task["timeout"]))
    heard = _Heard()
    log = logging.getLogger("apprise")
    log.handlers, log.propagate = [heard], False
    log.setLevel(logging.DEBUG)
    asset = AppriseAsset(
        app_id="Release Coordinator",
        app_desc="Release Coordinator",
        app_url="",
        async_mode=False,
        plugin_paths=[],
        secure_logging=True,
    )
    service = Apprise(asset=asset)
    if not service.add(task["url"]) or len(service) != SERVICES_LIMIT:
        return "has no usable URL: write one apprise URL, and nothing else, into the Secret"
    taken = service.notify(title=task["title"], body=task["body"], body_format=NotifyFormat.TEXT)
    return "" if taken else _problem(heard.lines)


def _problem(lines: list[str]) -> str:
    text = " ".join(lines)
    if found := _STATUS.search(text):
        status = found[1] or found[2]
        return f"answered with HTTP {status}{_BUT if status.startswith('2') else ''}"
    lower = text.lower()
    return next((words for sign, words in _TROUBLE if sign in lower), "did not take the message")


if __name__ == "__main__":
    main()
