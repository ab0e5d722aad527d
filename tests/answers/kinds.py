"""The ways in which a metric source can let us down, and what the operator says of each.

Every kind is a script of the HTTP server of `tests.fakes.prometheus`; the words are those a person
reads. Played by `tests.answers.play`.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes import prometheus as fake
from tests.fakes.prometheus import Script, ScriptedPrometheus

GOOD, BAD = "0.02", "0.9"
"""Values of the metric; its limit is between them."""
CLOSED = "http://127.0.0.1:1"
"""Where nobody listens."""
Make = Callable[[ScriptedPrometheus, float], Script]
"""What the server does; the moment, in Unix seconds, is the virtual one."""


@dataclass(frozen=True)
class Answer:
    """One kind of trouble."""

    name: str
    make: Make
    words: str
    """Part of the measurement's message while it lasts."""
    timeout: float | None = None
    """Seconds that the operator waits for it, if that is what it is about."""
    url: str | None = None
    """Where the operator finds it, if that is what it is about."""
    usable: bool = False
    """It is a number like any other."""
    flapping: bool = False
    """Every other answer is good."""


def number(value: str, at: float, **more: object) -> Script:
    """Script: one series with this value, of this moment."""
    return fake.result("vector", [{"metric": {}, "value": [at, value]}], **more)


def _same(script: Script) -> Make:
    return lambda _, __: script


def _of(value: str, shift: float = 0.0, **more: object) -> Make:
    return lambda _, now: number(value, now + shift, **more)


def _page(status: int) -> Make:
    return _same(fake.raw("<html>bad gateway", status, "text/html"))


ANSWERS = (
    Answer("Down: the connection is cut", _same(fake.cut), "cut its answer short"),
    Answer("Refused: nobody listens", _same(fake.cut), "refused the connection; check", url=CLOSED),
    Answer(
        "Slow past the timeout",
        lambda server, _: server.hang,
        "gave no answer within 0.05 s",
        timeout=0.05,
    ),
    Answer("4xx", _same(fake.error(422, "too many samples")), "HTTP 422: too many samples"),
    Answer("5xx", _page(502), "refused the query with HTTP 502; check the health and load"),
    Answer("HTML", _page(200), "answered with a page that is not JSON"),
    Answer("Truncated", _same(fake.truncated), "cut its answer short"),
    Answer("Empty vector", _same(fake.vector()), "has no data for this query"),
    Answer("Several series", _same(fake.vector("0.9", "0.9")), "answered with 2 series where one"),
    Answer("NaN", _of("NaN"), "answered NaN, which is no number to judge by"),
    Answer("+Inf", _of("+Inf"), "answered +Inf, which is no number to judge by"),
    Answer("-Inf", _of("-Inf"), "answered -Inf, which is no number to judge by"),
    Answer("String", _same(fake.result("string", [1, "0.9"])), "answered with a string where one"),
    Answer("Sample of the future", _of(BAD, 3600), "a value that is from 3600 s in the future"),
    Answer("Stale sample", _of(BAD, -3600), "answered with a value that is 3600 s old"),
    Answer("Warnings", _of(BAD, warnings=["store away"]), "may be partial: store away"),
    Answer("Counter reset", _of("0"), "0 is not above 0.5", usable=True),
    Answer("64 MiB body", lambda server, _: server.flood, "answered with more than 256 KiB"),
    Answer("Redirect", _same(fake.redirect), "redirects (HTTP 307), which is not followed"),
    Answer("Flapping", _same(fake.cut), "cut its answer short", flapping=True),
)
