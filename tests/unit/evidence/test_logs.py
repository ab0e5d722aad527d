"""Reading logs: which, how much of them, and that nothing in them does any harm."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.world import DAWN, NAMESPACE
from tests.unit.evidence.podworld import BACKEND, IMAGE, PodWorld, state

from release_coordinator.cluster.memory import Call
from release_coordinator.engine import patterns
from release_coordinator.engine.watchfacts import LogFact, LogWant
from release_coordinator.errors import Denied, Invalid, NotFound, Transient
from release_coordinator.evidence import logs, registry
from release_coordinator.evidence.sources import LOGS

MINUTE = timedelta(minutes=1)


def want(**changes: Any) -> LogWant:
    fields: dict[str, Any] = {
        "workload": BACKEND,
        "container": "",
        "patterns": ("ERROR", "panic:"),
        "images": frozenset({IMAGE}),
        "since": DAWN,
        "until": DAWN + MINUTE,
        "at": DAWN + MINUTE,
        **changes,
    }
    return LogWant(**fields)


async def seen(world: PodWorld, **changes: Any) -> LogFact:
    fact = await registry.answer(world.sources, NAMESPACE, want(**changes))
    assert isinstance(fact, LogFact)
    return fact


async def begun(*pods: str) -> PodWorld:
    world = PodWorld()
    await world.begin()
    for pod in pods:
        await world.pod(pod)
    return world


async def test_lines_that_match_any_pattern_are_counted_in_all_pods() -> None:
    world = await begun("a", "b")
    world.logged("a", "INFO ready", "ERROR no stock", "ERROR panic: both")
    world.logged("b", "panic: nil", "errors: 0")

    fact = await seen(world)

    assert (fact.lines, fact.recent, fact.pods, fact.problem) == (3, 0, 2, "")
    assert fact.first == "Pod a, api: ERROR no stock"


async def test_lines_of_the_last_seconds_are_counted_apart() -> None:
    world = await begun("a")
    for second in (-1, 0, 59, 60, 61):
        world.logged("a", f"ERROR {second}", at=DAWN + timedelta(seconds=second))

    fact = await seen(world)

    assert (fact.lines, fact.recent, fact.first) == (2, 2, "Pod a, api: ERROR 0")


async def test_a_line_before_the_moment_in_the_same_second_is_not_counted_again() -> None:
    world = await begun("a")
    since = DAWN + timedelta(milliseconds=500)
    world.logged("a", "ERROR before", at=DAWN + timedelta(milliseconds=499))
    world.logged("a", "ERROR then", at=since)

    assert (await seen(world, since=since)).lines == 1


async def test_only_pods_of_the_new_version_are_read() -> None:
    world = await begun("new")
    await world.pod("old", image="example/bookshop-backend:1.2.0")
    world.logged("old", "ERROR of the old version")

    assert (await seen(world)).lines == 0
    assert (await seen(world, images=frozenset())).lines == 1


async def test_only_pods_created_since_the_change_are_read() -> None:
    world = PodWorld()
    await world.begin()
    await world.pod("old", created=DAWN - MINUTE)
    await world.pod("new", created=DAWN)
    world.logged("old", "ERROR old")
    world.logged("new", "ERROR new", "ERROR new")

    assert (await seen(world, created=DAWN)).lines == 2


async def test_one_container_can_be_named() -> None:
    world = PodWorld()
    await world.begin()
    await world.pod("a", state("api"), state("proxy"))
    world.logged("a", "ERROR api")
    world.logged("a", "ERROR proxy", "ERROR proxy", container="proxy")

    assert (await seen(world)).lines == 3
    assert (await seen(world, container="proxy")).lines == 2


async def test_last_words_of_a_container_that_was_restarted_are_read() -> None:
    world = PodWorld()
    await world.begin()
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-23T12:00:10Z"}}
    await world.pod("a", state(lastState=ended, restartCount=1))
    world.logs["a", "api", True] = [(DAWN, "panic: nil")]
    world.logged("a", "ERROR again", at=DAWN + timedelta(seconds=20))

    assert (await seen(world)).lines == 2
    later = DAWN + timedelta(seconds=11)
    assert (await seen(world, since=later)).lines == 1, "read before"


async def test_a_container_that_waits_to_be_started_again_is_read_once() -> None:
    world = PodWorld()
    await world.begin()
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-23T12:00:10Z"}}
    waiting = {"waiting": {"reason": "CrashLoopBackOff"}}
    await world.pod("a", state(now=waiting, lastState=ended, restartCount=3))
    world.logs["a", "api", True] = world.logs["a", "api", False] = [(DAWN, "panic: nil")]

    assert (await seen(world)).lines == 1


async def test_a_log_that_is_given_twice_counts_once() -> None:
    world = PodWorld()
    await world.begin()
    ended = {"terminated": {"exitCode": 1, "finishedAt": "2026-11-23T12:00:10Z"}}
    await world.pod("a", state(lastState=ended, restartCount=1))
    world.logs["a", "api", True] = world.logs["a", "api", False] = [(DAWN, "panic: nil")]

    assert (await seen(world)).lines == 1


async def test_a_container_that_has_not_started_is_not_asked() -> None:
    world = PodWorld()
    await world.begin()
    await world.pod("a", state(now={"waiting": {"reason": "ContainerCreating"}}))
    world.logs["a", "api", False] = Invalid("container is waiting to start")

    fact = await seen(world)

    assert (fact.lines, fact.problem, fact.pods) == (0, "", 1)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (Denied("403"), "the operator may not read pods/log; the platform team must let it"),
        (
            Transient("500 dial tcp: i/o timeout"),
            "the log of container api of Pod b cannot be read: 500 dial tcp: i/o timeout",
        ),
        (
            Invalid("400 \x1b[2Jno"),
            "the log of container api of Pod b cannot be read: 400  [2Jno",
        ),
        (NotFound("404"), ""),
        (Invalid('400 container "api" in pod "b" is waiting to start: PodInitializing'), ""),
    ],
)
async def test_a_log_that_cannot_be_read_is_a_problem_and_the_others_count(
    error: Exception, problem: str
) -> None:
    world = await begun("a", "b")
    world.logged("a", "ERROR")
    world.logs["b", "api", False] = error

    fact = await seen(world)

    assert (fact.lines, fact.problem) == (1, problem)


async def test_a_workload_that_is_gone_is_a_problem() -> None:
    fact = await seen(PodWorld())
    assert fact.problem == "there is no Deployment bookshop-backend in namespace shop"


async def test_an_api_server_that_does_not_answer_is_a_problem() -> None:
    world = await begun("a")

    async def outage(call: Call) -> None:
        raise Transient(f"{call.verb}: no answer in time")

    world.cluster.before = outage
    assert (await seen(world)).problem.startswith("the API server does not answer")


async def test_patterns_that_cannot_be_used_are_a_problem() -> None:
    world = await begun("a")
    fact = await seen(world, patterns=("(",))
    assert fact.problem == "the patterns cannot be used: missing ): (?:()"


async def test_no_more_than_some_pods_and_bytes_are_read_and_that_is_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "BYTES", 1024)
    world = await begun(*(f"pod-{number:02}" for number in range(12)))
    for number in range(12):
        world.logged(f"pod-{number:02}", *(["ERROR"] * 100))
    asked: list[str] = []

    async def note(call: Call) -> None:
        if call.verb == "logs":
            asked.append(call.ref.name)

    world.cluster.before = note
    fact = await seen(world)

    assert len(asked) == fact.pods == logs.PODS
    each = 1024 // len("2026-11-23T12:00:00.000000000Z ERROR\n")
    assert fact.lines in range(logs.PODS * each, logs.PODS * (each + 1) + 1)
    assert fact.cut == "only 10 of 12 pods were read, only 1 KiB of each of 10 logs were read"


async def test_only_some_logs_are_read_at_the_same_time_for_all_releases_together() -> None:
    world = await begun(*(f"pod-{number}" for number in range(10)))
    now, most = 0, 0

    async def under_way(call: Call) -> None:
        nonlocal now, most
        if call.verb == "logs":
            now, most = now + 1, max(most, now + 1)
            await asyncio.sleep(0)
            now -= 1

    world.cluster.before = under_way
    sources = world.sources
    looks = (registry.answer(sources, NAMESPACE, want()) for _ in range(5))
    facts = await asyncio.gather(*looks)

    assert most == LOGS
    assert [fact.pods for fact in facts] == [10] * 5


UNSAFE = {*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), "\u2028", "\u202e", "\u2066"}
HOSTILE = {
    "escape sequences": "\x1b]0;owned\x07\x1b[2J\x1b[31mERROR\x1b[0m",
    "a mebibyte": "ERROR " + "A" * (1 << 20),
    "binary": "".join(chr(n) for n in range(256) if chr(n) != "\n") + "ERROR",
    "no UTF-8": "\udcff\udcfe ERROR \udc80",
    "right to left": "\u202eERROR\u2066",
    "a stamp of its own": "2026-11-23T12:00:00.000000000Z ERROR",
    "carriage returns": "INFO\rERROR\r2026-11-23T11:00:00Z x",
    "nothing but NUL": "\x00" * 4000 + "ERROR",
}


@pytest.mark.parametrize("line", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_line_is_one_line_and_is_shown_without_harm(line: str) -> None:
    world = await begun("a", "b")
    world.logged("a", line)
    world.logged("b", "ERROR plain")

    fact = await seen(world)

    assert fact.lines == 2
    assert len(fact.first) <= len("Pod a, api: ") + logs.SHOWN
    assert not UNSAFE & set(fact.first)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=200))
@settings(max_examples=50)
async def test_whatever_is_logged_is_shown_on_one_printable_line(line: str) -> None:
    world = await begun("a")
    world.logged("a", f"ERROR{line}")

    fact = await seen(world)

    assert fact.lines == 1
    assert not UNSAFE & set(fact.first)


def test_what_is_no_log_of_a_kubelet_is_left_alone() -> None:
    text = "ERROR\nnever ERROR\n\n2026-11-23T12:00:00 ERROR\n2026-99-99T00:00:00Z ERROR"
    tally, place = logs.Tally(), logs.Source("a", "api", previous=False)

    logs._count(patterns.compiled(("ERROR",)), want(), place, text, tally)

    assert (tally.lines, tally.recent) == (0, 0)


def seconds(expressions: tuple[str, ...], line: str) -> float:
    """How long the search of a line takes, at best of some tries."""
    expression, best = patterns.compiled(expressions), float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        patterns.matches(expression, line)
        best = min(best, time.perf_counter() - begin)
    return best


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        ("(a+)+$", "a" * 4095 + "!"),
        ("(a|aa)+$", "a" * 4095 + "!"),
        ("(a|a)*b", "a" * 4096),
        ("(.*)*x$", "a" * 4096),
        ("(?:a?){60}a{60}$", "a" * 4095 + "!"),
        ("^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 4096),
        (r"(\w+\s*)+:", "word " * 800),
        ("(x+x+)+y", "x" * 4096),
    ],
)
def test_no_pattern_takes_more_than_linear_time(pattern: str, line: str) -> None:
    """A backtracking engine is busy with some of these for longer than the universe is old."""
    assert seconds((pattern,), line) < 200 * seconds(("plain text",), line)


def test_a_pattern_that_needs_too_much_memory_is_refused() -> None:
    assert "too large" in patterns.fault(r"[\pL]{1,100}x")
    assert patterns.fault("(?:.{0,30}a){1,30}b").startswith("1.6 times too large")
    several = [f"{letter}.{{0,200}}" for letter in "abc"]
    assert [patterns.fault(one) for one in several] == [""] * 3
    assert "too large" in patterns.fault_together(several)
    assert not patterns.fault_together(several[:2])
    assert patterns.fault("(") == "missing ): ("
    assert patterns.fault(r"(a)\1")
    assert patterns.fault("(?=x)")
    assert patterns.fault("\ud800")
    assert not patterns.fault("(?i)error|timed? out")


def test_flags_of_one_pattern_do_not_reach_the_others() -> None:
    expression = patterns.compiled(("(?i)error", "^panic"))
    found = [patterns.matches(expression, text) for text in ("an ERROR", "PANIC", "no panic")]
    assert found == [True, False, False]


async def test_a_search_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SEARCH", -1.0)
    world = await begun("a")
    world.logged("a", "ERROR")

    fact = await seen(world)

    assert fact.lines == 0
    assert "the patterns take too long" in fact.cut
