"""When logged lines are a breach, and that each counts once, however the log is cut into looks."""

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.world import DAWN, NAMESPACE
from tests.releases import bookshop
from tests.unit.engine.signs import (
    BACKEND,
    FRONTEND,
    entry_after,
    look,
    rolled_out,
    subject,
    watching,
)
from tests.unit.evidence.podworld import PodWorld

from release_coordinator.api.attempt import Measurement, Step
from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import Verdict
from release_coordinator.api.release import WorkloadRef
from release_coordinator.api.watch import OnUnknown, Severity
from release_coordinator.engine import plan
from release_coordinator.engine.context import Context
from release_coordinator.engine.observation import NotSeen
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.signs import logs
from release_coordinator.engine.watchfacts import LogFact, LogWant
from release_coordinator.evidence import logs as reading
from release_coordinator.evidence import registry

STEPS = (rolled_out(BACKEND), rolled_out(FRONTEND))
PATIENCE = 119_000
"""Milliseconds after the change in which what cannot be read keeps its place."""
FIRST = "Pod a, api: ERROR no stock"
UNREAD = "the log of container api of Pod b cannot be read: timeout"


def at(seconds: float, *entries: Measurement, **more: Any) -> Context:
    steps: tuple[Step, ...] = more.pop("steps", STEPS[:1])
    entry = {"name": "errors", "patterns": ["ERROR"], **more}
    return watching({"logs": [entry], "interval": "10s"}, *steps, at=seconds, entries=entries)


def asked(ctx: Context) -> list[LogWant]:
    """What one look asks for."""
    try:
        subject(ctx).look(ctx, ctx.now)
    except NotSeen as question:
        return [want for want in question.wants if isinstance(want, LogWant)]
    return []


def found(ctx: Context, lines: int = 0, first: str = "", **more: Any) -> Finding:
    finding = look(ctx, {LogWant: LogFact(lines, first, more.pop("pods", 2), **more)})
    assert finding is not None
    return finding


def test_a_line_is_a_breach_by_default_and_is_shown() -> None:
    finding = found(at(60), 1, FIRST)
    assert (finding.verdict, finding.value) == (Verdict.FAIL, 1.0)
    assert finding.message == f"1 line since the change (limit 0) in 2 pods; first: {FIRST}"


def test_some_lines_may_be_allowed() -> None:
    assert found(at(60, above=2), 2, FIRST).verdict is Verdict.PASS
    assert found(at(60, above=2), 2, FIRST, recent=1).verdict is Verdict.FAIL


def test_silence_is_good() -> None:
    finding = found(at(60))
    assert (finding.verdict, finding.message) == (
        Verdict.PASS,
        "0 lines since the change (limit 0) in 2 pods",
    )


def test_lines_add_up_over_looks_and_the_first_stays() -> None:
    entry = entry_after(ctx := at(60, above=5), found(ctx, 2, FIRST, recent=3))
    assert (entry.value, entry.verdict) == (5.0, Verdict.PASS)
    finding = found(at(70, entry, above=5), 3, "Pod b, api: ERROR")
    assert finding.value == 5.0, "those that were recent are counted anew"
    assert finding.message.endswith(f"first: {FIRST}")


def test_a_look_asks_for_what_is_new_alone() -> None:
    (want,) = asked(at(60))
    assert (want.since, want.until) == (DAWN, DAWN + timedelta(seconds=50))
    entry = entry_after(ctx := at(60), found(ctx))
    (want,) = asked(at(75, entry))
    assert (want.since, want.until) == (
        DAWN + timedelta(seconds=50),
        DAWN + timedelta(seconds=65),
    )


def test_pods_are_told_apart_by_image_and_age_until_the_rollout_is_complete() -> None:
    rolling = (rolled_out(BACKEND, done=False),)
    (want,) = asked(at(60, steps=rolling))
    assert want.images == {"example/bookshop-backend:1.3.0"}
    assert want.created is not None
    (want,) = asked(at(60))
    assert (want.images, want.created) == (frozenset(), None)


def test_one_component_and_container_can_be_named() -> None:
    everything = asked(at(60, steps=STEPS))
    assert [want.workload.name for want in everything] == ["bookshop-backend", "bookshop-frontend"]
    (want,) = asked(at(60, steps=STEPS, component="frontend", container="web"))
    assert (want.workload, want.container) == (WorkloadRef(name="bookshop-frontend"), "web")


def test_a_component_that_has_not_changed_yet_is_not_read() -> None:
    assert asked(at(60, component="frontend")) == []
    finding = look(at(60, component="frontend"), {})
    assert finding is not None
    assert finding.verdict is Verdict.PASS


def test_what_cannot_be_read_is_unknown_and_read_again() -> None:
    ctx = at(60)
    finding = found(ctx, 0, "", problem=UNREAD)
    assert (finding.verdict, finding.message.startswith(UNREAD)) == (Verdict.UNKNOWN, True)
    (want,) = asked(at(70, entry_after(ctx, finding)))
    assert want.since == DAWN


def test_lines_read_beside_what_could_not_be_read_count_once() -> None:
    ctx = at(60, above=5)
    entry = entry_after(ctx, found(ctx, 4, FIRST, problem=UNREAD))
    assert (entry.verdict, entry.value) == (Verdict.UNKNOWN, 4.0)
    assert found(at(70, entry, above=5), 4, FIRST).value == 4.0
    assert found(at(70, entry, above=5), 6, FIRST, problem=UNREAD).verdict is Verdict.FAIL


def test_a_pod_that_can_never_be_read_does_not_stop_the_others_for_long() -> None:
    ctx = at(150, above=5)
    entry = entry_after(ctx, found(ctx, 4, FIRST, problem=UNREAD))
    (want,) = asked(at(160, entry, above=5))
    assert want.since == DAWN + timedelta(seconds=140)
    assert found(at(160, entry, above=5), 1, problem=UNREAD).value == 5.0


def test_what_was_left_out_is_told() -> None:
    cut = "only 10 of 12 pods were read"
    told = f"0 lines since the change (limit 0) in 2 pods; {cut}"
    assert found(at(60), cut=cut).message == f"not all of the logs is known: {told}"


def test_a_log_of_which_not_all_was_read_is_never_good() -> None:
    cut = "only 256 KiB of each of 1 logs were read"
    assert found(at(60), cut=cut).verdict is Verdict.UNKNOWN
    assert found(at(60), 1, FIRST, cut=cut).verdict is Verdict.FAIL


def test_what_was_not_read_of_a_long_log_is_read_at_the_next_look() -> None:
    ctx = at(60, above=9)
    reached, cut = DAWN + timedelta(seconds=20), "only 256 KiB of each of 1 logs were read"
    seconds = ((DAWN + timedelta(seconds=19), 2), (reached, 1))
    finding = found(ctx, 3, FIRST, recent=1, cut=cut, reached=reached, per_second=seconds)
    assert finding.message == (
        "not all of the logs is known: 4 lines since the change (limit 9) in 2 pods; "
        f"{cut}: 40 s behind, the next look reads on from there; first: {FIRST}"
    )
    entry = entry_after(ctx, finding)
    (want,) = asked(at(70, entry, above=9))
    assert (want.since, want.until) == (reached, DAWN + timedelta(seconds=60))
    finding = found(at(70, entry, above=9), 2)
    assert (finding.verdict, finding.value) == (Verdict.PASS, 4.0), "2 for good, 2 once more"


def test_a_log_that_was_read_up_to_the_last_seconds_goes_on_from_there() -> None:
    ctx = at(60)
    finding = found(ctx, cut="only 256 KiB", reached=DAWN + timedelta(seconds=55))
    assert finding.verdict is Verdict.UNKNOWN
    (want,) = asked(at(70, entry_after(ctx, finding)))
    assert want.since == DAWN + timedelta(seconds=50)


def test_a_long_log_of_one_workload_has_those_of_the_others_read_again() -> None:
    ctx = at(60, steps=STEPS, above=9)
    backend, frontend = asked(ctx)
    reached = DAWN + timedelta(seconds=20)
    long = LogFact(0, "", 1, cut="only 256 KiB", reached=reached)
    seconds = ((reached - timedelta(seconds=1), 2), (reached, 3))
    other = LogFact(5, FIRST, 1, per_second=seconds)

    finding = look(ctx, {backend: long, frontend: other})

    assert finding is not None
    assert finding.value == 5.0
    assert finding.carried is not None
    assert (finding.carried.until, finding.carried.lines) == (reached, 2)


def test_the_rules_of_the_entry_are_those_of_the_subject() -> None:
    one = subject(at(60))
    assert (one.name, one.reason) == ("logs/errors", Reason.ERRORS_LOGGED)
    assert (one.severity, one.on_unknown) == (Severity.HOLD, OnUnknown.PASS)


def faults(*patterns: str) -> list[str]:
    """What is wrong with a Release that watches for these patterns."""
    body = bookshop()
    body["spec"]["watch"] = {"logs": [{"name": "errors", "patterns": list(patterns)}]}
    spec = parse_release(body).spec
    assert spec is not None
    resolved = plan.resolve(spec)
    return [] if isinstance(resolved, plan.Plan) else [str(fault) for fault in resolved]


def test_patterns_that_cannot_be_used_are_told_before_anything_begins() -> None:
    assert faults("ERROR", "(?i)warn") == []
    (told,) = faults("ERROR", "(?=x)")
    assert told.startswith("spec.watch.logs[0].patterns[1]: is no RE2 pattern: ")
    (told,) = faults(*(f"{letter}.{{0,200}}" for letter in "abc"))
    assert told.startswith(
        "spec.watch.logs[0].patterns: cannot be searched for together: 1.1 times"
    )


# --- each line counts once


@dataclass(frozen=True)
class Logged:
    """A line: its moment and how late it comes, in milliseconds, and whether it counts."""

    at: int
    late: int
    bad: bool


LATE = st.sampled_from([0, 1, 999, 8_900]) | st.integers(0, 9_000)
LINES = st.lists(
    st.builds(Logged, st.integers(0, 60_000), LATE, st.sampled_from([True, True, False])),
    min_size=1,
    max_size=30,
)
FATES = st.sampled_from(["", "", "", "crash", "outage", "part"])
LOOKS = st.lists(st.tuples(st.integers(500, 12_000), FATES), min_size=3, max_size=15)


async def counted(lines: list[Logged], looks: list[tuple[int, str]]) -> Measurement:
    """What is known after the last look, from where a crash throws the journal back at times."""
    world = PodWorld()
    await world.begin(replicas=1)
    await world.pod("a")
    base = at(0, above=1000)
    entry, written, now = Measurement(metric="logs/errors"), Measurement(metric="logs/errors"), 0
    for passed, fate in [*looks, (80_000, ""), *((10_000, "") for _ in lines)]:
        now += passed
        moment = DAWN + timedelta(milliseconds=now)
        attempt = base.attempt.model_copy(update={"measurements": [entry]})
        ctx = replace(base, now=moment, attempt=attempt)
        there = (line for line in lines if line.at + line.late <= now)
        read = sorted(there, key=lambda line: line.at)
        world.logs["a", "api", False] = [
            (DAWN + timedelta(milliseconds=line.at), "ERROR" if line.bad else "INFO")
            for line in read
        ]
        (want,) = asked(ctx)
        fact = await registry.answer(world.sources, NAMESPACE, want)
        if fate == "outage" and now < PATIENCE:
            fact = LogFact(0, "", 0, UNREAD)
        if fate == "part":
            fact = replace(fact, problem=UNREAD)
        finding = look(ctx, {want: fact})
        assert finding is not None
        stored = entry_after(ctx, finding).model_dump_json(by_alias=True)
        after = Measurement.model_validate_json(stored)
        if fate == "crash":
            entry = written
            continue
        entry, written = after, entry
    return entry


@given(LINES, LOOKS)
@settings(max_examples=100, deadline=None)
def test_every_line_counts_once_however_the_log_is_cut_into_looks(
    lines: list[Logged], looks: list[tuple[int, str]]
) -> None:
    """With looks at any moment, lines that come late, lost journals, and outages."""
    assert asyncio.run(counted(lines, looks)).value == sum(line.bad for line in lines)


@given(LINES, LOOKS, st.integers(100, 400))
@settings(max_examples=100, deadline=None)
def test_a_log_longer_than_is_read_at_a_look_is_counted_whole_or_never_good(
    lines: list[Logged], looks: list[tuple[int, str]], limit: int
) -> None:
    """It is read on from look to look, unless a second of it is longer than a look."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "BYTES", limit)
        entry = asyncio.run(counted(lines, looks))

    if entry.verdict is Verdict.PASS:
        assert entry.value == sum(line.bad for line in lines)
    busiest = max(Counter(line.at // 1000 for line in lines).values())
    if (busiest + 1) * len("2026-11-23T12:00:00.000000000Z ERROR\n") < limit:
        assert entry.verdict is Verdict.PASS


def test_the_looks_are_long_enough_apart() -> None:
    assert subject(at(60)).interval == logs.SECONDS == 10.0
