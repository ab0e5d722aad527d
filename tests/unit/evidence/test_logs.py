"""Reading logs: which, how much of them, and that nothing in them does any harm."""

import asyncio
import threading
import time
from dataclasses import replace
from datetime import timedelta
from itertools import count
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
from release_coordinator.evidence import logs, registry, searching
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
    monkeypatch.setattr(logs, "PODS", 10)
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


@pytest.mark.parametrize(("share", "held"), [(searching.SHARE, searching.SHARE), (100, LOGS)])
async def test_only_some_logs_are_read_at_the_same_time_for_all_releases_together(
    monkeypatch: pytest.MonkeyPatch, share: int, held: int
) -> None:
    """Fewer still for those of one namespace: others have the rest."""
    monkeypatch.setattr(searching, "SHARE", share)
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

    assert most == held <= LOGS
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
    assert len(fact.first) <= len("Pod a, api: ") + searching.SHOWN
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
    text = b"ERROR\nnever ERROR\n\n2026-11-23T12:00:00 ERROR\n2026-99-99T00:00:00Z ERROR"
    read = searching.Text(text, DAWN, full=False)

    found = searching.search(patterns.compiled(("ERROR",)), read, 1.0)

    assert (found.seconds, found.first, found.reached) == ({}, "", None)


def seconds(expressions: tuple[str, ...], line: str) -> float:
    """How long the search of a line takes, at best of some tries."""
    expression, best = patterns.compiled(expressions), float("inf")
    for _ in range(5):
        begin = time.perf_counter()
        patterns.matches(expression, line.encode())
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
    found = [patterns.matches(expression, text) for text in (b"an ERROR", b"PANIC", b"no panic")]
    assert found == [True, False, False]


# --- bounds


def busy(monkeypatch: pytest.MonkeyPatch, each: float) -> None:
    """Whenever the processor's time is asked for, so many seconds have passed."""
    ticks = count()
    monkeypatch.setattr(time, "thread_time", lambda: next(ticks) * each)


async def test_a_search_that_takes_too_long_is_continued_at_the_next_look(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    busy(monkeypatch, 0.9)
    world = await begun("a")
    for second in (0, 1, 2, 3):
        world.logged("a", "ERROR", at=DAWN + timedelta(seconds=second, milliseconds=500))

    fact = await seen(world)

    assert fact.cut == "the patterns take too long: 1 logs were not searched to their end"
    assert (fact.lines, fact.reached) == (2, DAWN + timedelta(seconds=2))


async def test_one_log_does_not_take_the_time_of_the_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logs, "SEARCH", 40.0)
    busy(monkeypatch, 1.0)
    world = await begun("a", "b")
    world.logged("a", *["ERROR"] * 100)
    world.logged("b", *["panic:"] * 5)

    fact = await seen(world)

    assert fact.lines in range(20, 26), "half of the time for the first, then the whole second"


async def test_waiting_for_a_processor_is_no_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "SEARCH", 0.0)
    busy(monkeypatch, 0.0)
    world = await begun("a")
    world.logged("a", *["ERROR"] * 1000)

    fact = await seen(world)

    assert (fact.lines, fact.cut, fact.reached) == (1000, "", None)


async def test_a_log_is_searched_and_dropped_before_another_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """However many looks there are: a log may be large."""
    world = await begun(*(f"pod-{number}" for number in range(10)))
    for number in range(10):
        world.logged(f"pod-{number}", "ERROR")
    held, most = 0, 0

    async def read(call: Call) -> None:
        nonlocal held, most
        if call.verb == "logs":
            held, most = held + 1, max(most, held + 1)

    search = searching.Searcher.search

    async def searched(*args: Any) -> searching.Found:
        nonlocal held
        found = await search(*args)
        held -= 1
        return found

    world.cluster.before = read
    monkeypatch.setattr(searching.Searcher, "search", searched)
    sources = world.sources
    looks = (registry.answer(sources, NAMESPACE, want()) for _ in range(10))
    facts = await asyncio.gather(*looks)

    assert [fact.lines for fact in facts] == [10] * 10
    assert most == searching.SHARE


async def test_nothing_is_compiled_or_searched_in_the_event_loop_or_its_threads(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not even the shortest: many of them are long, and names of hosts are looked up there."""
    busied: set[str] = set()

    def noting(work: Any) -> Any:
        def noted(*args: Any) -> Any:
            busied.add(threading.current_thread().name.partition("_")[0])
            return work(*args)

        return noted

    monkeypatch.setattr(patterns, "compiled", noting(patterns.compiled))
    monkeypatch.setattr(patterns, "matches", noting(patterns.matches))
    world = await begun("a")
    world.logged("a", "ERROR")
    sources = world.sources

    assert (await registry.answer(sources, NAMESPACE, want())).lines == 1
    assert busied == {"search"}
    sources.searcher.close()
    with pytest.raises(RuntimeError):
        await sources.searcher.compiled(NAMESPACE, ("ERROR",))


@pytest.fixture
def compilations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was compiled, in order."""
    done: list[str] = []
    compiled = patterns.compiled

    def noted(wanted: tuple[str, ...]) -> patterns.Search:
        done.extend(wanted)
        return compiled(wanted)

    monkeypatch.setattr(patterns, "compiled", noted)
    return done


def test_nobody_displaces_the_expressions_of_those_who_have_fewer(compilations: list[str]) -> None:
    known = searching.Expressions(most=8)
    for number in range(3):
        known.get("shop", (f"few {number}",))
    for number in range(50):
        known.get("loud", (f"many {number}",))
    compilations.clear()

    for number in range(3):
        known.get("shop", (f"few {number}",))
    for number in range(45, 50):
        known.get("loud", (f"many {number}",))
    assert compilations == []
    known.get("loud", ("many 44",))
    assert compilations == ["many 44"]


def test_the_expression_not_used_for_longest_is_displaced(compilations: list[str]) -> None:
    known = searching.Expressions(most=2)
    for one in ("first", "second", "first", "third", "first", "second"):
        known.get("shop", (one,))
    assert compilations == ["first", "second", "third", "second"]


STAMP = b"2026-11-23T12:00:0%d.500000000Z "


@pytest.mark.parametrize(
    ("content", "lines", "second"),
    [
        (STAMP % 0 + b"ERROR\n" + STAMP % 2 + b"ERROR\n", 2, 2),
        (STAMP % 0 + b"ERROR\n" + STAMP % 2 + b"ERR", 1, 2),
        (STAMP % 0 + b"ERROR\n" + STAMP % 2 + b"ERROR", 1, 2),
        (STAMP % 1 + b"ERROR\n2026-11-23T12:00:02.5", 1, 1),
        (STAMP % 1 + b"ERROR" + b"x" * 5000, 1, 1),
        (b"\xff\xfe" * 100, 0, 0),
    ],
    ids=["whole", "cut in a word", "after a word", "in a moment", "in a long line", "no log"],
)
def test_a_log_that_is_cut_is_known_up_to_the_second_of_its_last_line(
    content: bytes, lines: int, second: int
) -> None:
    text = searching.Text(content, DAWN, full=True)

    found = searching.search(patterns.compiled(("ERROR",)), text, 1.0)

    assert sum(found.seconds.values()) == lines
    assert found.reached == DAWN + timedelta(seconds=second)


async def test_logs_that_the_platform_team_keeps_from_the_operator_are_not_read() -> None:
    world = await begun("a")
    world.logged("a", "ERROR")

    fact = await registry.answer(replace(world.sources, reads_logs=False), NAMESPACE, want())

    assert (fact.lines, fact.problem) == (0, logs.OFF)
    assert "platform team" in fact.problem
