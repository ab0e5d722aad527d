"""Foreign text made safe to show: server answers, log messages, names.

Used where text from outside goes into a status, a message or a log line. It must not be able
to start a new line, move a terminal's cursor or reverse the reading direction, and it must have a
form in UTF-8, or it could not be written at all.
"""

import re

_UNSAFE = re.compile(
    "[\x00-\x1f\x7f-\x9f"  # C0 and C1: new lines, escape sequences, backspace
    "\u2028\u2029"  # line and paragraph separators
    "\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks that reorder what a reader sees
    "\ud800-\udfff]+"  # halves of a surrogate pair
)


def one_line(text: str, limit: int = 200) -> str:
    """The text with each run of unsafe characters as one space, at most `limit` characters."""
    clean = _UNSAFE.sub(" ", text).strip()
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def lines(text: str) -> str:
    """A text of several lines that cannot steer a terminal; its lines stay apart and indented."""
    return "\n".join(_UNSAFE.sub(" ", line) for line in text.split("\n"))


def enumerated(parts: list[str]) -> str:
    """A list in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)
