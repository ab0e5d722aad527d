"""Downtime is the time in which somebody is missed: counted once, and neither lost nor invented."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import (
    Attempt,
    PreviousComponent,
    Revision,
    Step,
    StepState,
    Trigger,
)
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import Downtime
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine import downtime, traffic, wording
from release_coordinator.engine.context import Context
from release_coordinator.engine.observation import NotSeen, Observation
from release_coordinator.engine.outcome import DONE, Done, Note, Wait
from release_coordinator.engine.runfacts import WorkloadFact, WorkloadWant
from release_coordinator.engine.watchfacts import SampleFact, SampleWant

BACKEND, FRONTEND = "bookshop-backend", "bookshop-frontend"
STEPS = ("rollout/backend", "rollout/frontend")
TRIGGER = Trigger(reason=Reason.METRIC_BREACH, message="slow", at=DAWN)
AVAILABILITY = {"query": "min(probe_success)", "source": "default"}


def at(seconds: float) -> datetime:
    return DAWN + timedelta(seconds=seconds)


def workload(name: str, ready: int = 2, **more: Any) -> WorkloadFact:
    return WorkloadFact(
        **{
            "ref": WorkloadRef(name=name),
            "uid": name,
            "resource_version": "1",
            "images": {},
            "init": frozenset(),
            "template_hash": "0",
            "labelled_for": "bookshop",
            "rolled_out": ready > 0,
            "replicas": 2,
            "ready": ready,
            "trouble": "",
            **more,
        }
    )


def done(step: str, state: StepState = StepState.SUCCEEDED, **more: Any) -> Step:
    return Step(id=step, state=state, started_at=DAWN, **more)


class Attempting:
    """An attempt whose components were changed, and passes over it."""

    def __init__(self, *steps: str | Step, absent: str = "", **said: Any) -> None:
        body = bookshop()
        if "availability" in said:
            body["spec"]["watch"]["availability"] = said.pop("availability")
        if "service" in said:
            strategy = {"type": "BlueGreen", "service": said.pop("service")}
            body["spec"]["components"][0]["strategy"] = strategy
        all_steps = [one if isinstance(one, Step) else done(one) for one in steps or STEPS]
        ctx = context(body, steps=tuple(all_steps), **said)
        previous = [
            PreviousComponent(
                name=one.name,
                workload=one.target.name,
                uid=one.target.name,
                images={},
                absent=one.name == absent,
            )
            for one in ctx.plan.order
        ]
        recorded = Revision(digest=ctx.plan.digest, spec=ctx.plan.spec, previous=previous)
        self.ctx: Context = replace(ctx, revision=recorded)
        self.asked: list[Any] = []

    def look(self, now: datetime, facts: Mapping[Any, Any]) -> Wait | Done:
        """A pass: notes are journalled until there is nothing to note."""
        known: dict[Any, Any] = {}
        while True:
            ctx = replace(self.ctx, seen=Observation(known), now=now)
            try:
                outcome = downtime.advance(ctx)
            except NotSeen as question:
                for want in question.wants:
                    name = want.workload.name if isinstance(want, WorkloadWant) else type(want)
                    known[want] = facts.get(name)
                    self.asked.append(want)
                continue
            if not isinstance(outcome, Note):
                return outcome
            attempt = outcome.status.attempt
            assert attempt is not None
            self.ctx = replace(self.ctx, status=outcome.status, attempt=attempt)

    def see(self, seconds: float, backend: int = 2, frontend: int = 2) -> Wait | Done:
        """A pass in a world that has so many ready pods."""
        facts = {BACKEND: workload(BACKEND, backend), FRONTEND: workload(FRONTEND, frontend)}
        return self.look(at(seconds), facts)

    @property
    def found(self) -> Downtime:
        """What the journal has of it."""
        assert self.ctx.attempt.downtime is not None
        return self.ctx.attempt.downtime


def test_nothing_is_asked_before_anything_was_changed() -> None:
    attempt = Attempting("prepare/revision")

    assert attempt.see(1, backend=0) is DONE
    assert attempt.asked == []
    assert attempt.ctx.attempt.downtime is None


def test_an_outage_counts_from_the_pass_that_sees_it_to_the_one_that_sees_its_end() -> None:
    attempt = Attempting()
    attempt.see(0)
    attempt.see(10, backend=0)
    assert (attempt.found.since, attempt.found.component) == (at(10), "backend")

    attempt.see(22)

    assert attempt.found == Downtime(seconds=12, component="backend")


def test_two_components_that_are_down_at_the_same_time_count_once() -> None:
    attempt = Attempting()
    attempt.see(0, backend=0)
    attempt.see(5, backend=0, frontend=0)
    attempt.see(10, backend=2, frontend=0)

    attempt.see(20)

    assert attempt.found.seconds == 20


SPELLS = st.lists(
    st.tuples(st.floats(0.5, 60), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=12
)


@given(spells=SPELLS, extra=st.lists(st.floats(0, 400), max_size=8), back=st.booleans())
def test_it_is_the_length_of_the_union_whoever_looks_in_between(
    spells: list[tuple[float, int, int]],
    extra: list[float],
    back: bool,  # noqa: FBT001 - drawn
) -> None:
    """Passes that see no change change nothing; nor does a new process, as it has the journal."""
    attempt = Attempting(*STEPS, trigger=TRIGGER if back else None)
    begins = [0.0]
    for length, _, _ in spells:
        begins.append(round(begins[-1] + length, 3))
    moments = sorted({*begins, *(round(one, 3) for one in extra if one < begins[-1])})
    for moment in moments[:-1]:
        spell = next(n for n in range(len(spells)) if begins[n] <= moment < begins[n + 1])
        _, backend, frontend = spells[spell]
        attempt.see(moment, backend, frontend)
        journal = Attempt.model_validate(attempt.ctx.attempt.to_wire())
        attempt.ctx = replace(attempt.ctx, attempt=journal)

    expected = sum(
        end - begin
        for begin, end, (_, backend, frontend) in zip(begins, begins[1:], spells, strict=False)
        if 0 in (backend, frontend)
    )
    found = attempt.found.until(at(begins[-1]))
    assert found.seconds == pytest.approx(expected, abs=0.02)


def test_what_was_scaled_to_zero_on_purpose_is_missed_by_nobody() -> None:
    attempt = Attempting()
    facts = {BACKEND: workload(BACKEND, 0, replicas=0), FRONTEND: workload(FRONTEND)}

    attempt.look(at(0), facts)

    assert attempt.found == Downtime()


def test_a_workload_that_is_gone_has_no_ready_pod() -> None:
    attempt = Attempting()

    attempt.look(at(0), {FRONTEND: workload(FRONTEND)})

    assert attempt.found.since == at(0)


def test_what_the_attempt_creates_is_missed_only_once_it_was_there() -> None:
    begun = done("rollout/backend", StepState.RUNNING)
    attempt = Attempting(begun, "rollout/frontend", absent="backend")
    attempt.see(0, backend=0)
    assert attempt.found == Downtime()

    attempt = Attempting(*STEPS, absent="backend")
    attempt.see(0, backend=0)
    assert attempt.found.since == at(0)

    attempt = Attempting(*STEPS, absent="backend", trigger=TRIGGER)
    attempt.look(at(0), {FRONTEND: workload(FRONTEND)})
    assert attempt.found == Downtime()


def test_a_component_that_was_not_changed_yet_is_not_asked_for() -> None:
    attempt = Attempting("rollout/backend")

    attempt.see(0, frontend=0)

    assert [want.workload.name for want in attempt.asked] == [BACKEND]
    assert attempt.found == Downtime()


def twin_of(attempt: Attempting) -> str:
    return traffic.twin(attempt.ctx, attempt.ctx.plan.spec.components[0]).name


SWITCHED = (
    done("traffic/pin/backend", hash="a.b.c"),
    done("rollout/backend", uid="twin"),
    done("traffic/switch/backend"),
)


@pytest.mark.parametrize(
    ("steps", "back", "own", "twin", "is_down"),
    [
        (SWITCHED[:2], False, 2, 0, False),
        (SWITCHED, False, 0, 2, False),
        (SWITCHED, False, 2, 0, True),
        (SWITCHED, True, 2, 0, True),
        ((*SWITCHED, done("undo/traffic/backend")), True, 2, 0, False),
        ((*SWITCHED, done("undo/traffic/backend")), True, 0, 2, True),
        ((*SWITCHED, done("traffic/handover/backend", StepState.RUNNING)), True, 0, 2, False),
        ((*SWITCHED, done("traffic/handover/backend")), False, 0, 2, True),
    ],
)
def test_of_two_that_run_beside_each_other_the_one_with_the_traffic_counts(
    steps: tuple[Step, ...],
    back: bool,  # noqa: FBT001 - drawn
    own: int,
    twin: int,
    is_down: bool,  # noqa: FBT001 - drawn
) -> None:
    attempt = Attempting(*steps, service="backend", trigger=TRIGGER if back else None)
    name = twin_of(attempt)

    attempt.look(at(0), {BACKEND: workload(BACKEND, own), name: workload(name, twin)})

    assert (attempt.found.since is not None) is is_down


def test_an_end_that_nobody_saw_is_when_the_workload_says_it_was() -> None:
    """The operator was dead: without the workload's word all of that time would count."""
    attempt = Attempting()
    attempt.see(0, backend=0)
    back = workload(BACKEND, available_since=at(30))

    attempt.look(at(600), {BACKEND: back, FRONTEND: workload(FRONTEND)})

    assert attempt.found.seconds == 30


@pytest.mark.parametrize("available", [None, -3600.0, 8.0])
def test_an_end_that_was_seen_is_when_it_was_seen(available: float | None) -> None:
    """That it is available since long ago may mean that none of its pods need be."""
    attempt = Attempting()
    attempt.see(0, backend=0)
    since = None if available is None else at(available)
    back = workload(BACKEND, available_since=since)

    attempt.look(at(10), {BACKEND: back, FRONTEND: workload(FRONTEND)})

    assert attempt.found.seconds == 10


def test_it_still_counts_when_the_operator_was_dead_and_nothing_is_back() -> None:
    attempt = Attempting()
    attempt.see(0, backend=0)
    attempt.see(600, backend=0)

    attempt.see(610)

    assert attempt.found.seconds == 610


def test_availability_is_asked_once_per_interval_and_what_is_missing_to_one_adds_up() -> None:
    attempt = Attempting(availability=AVAILABILITY)
    serving = {BACKEND: workload(BACKEND), FRONTEND: workload(FRONTEND)}
    answers = [1.0, 0.4, 7.0, -2.0, None]
    for number, value in enumerate([None, *answers]):
        outcome = attempt.look(at(15 * number), {**serving, SampleWant: SampleFact(value)})
        assert outcome == Wait(at(15 * (number + 1)))
        attempt.look(at(15 * number + 7), serving)

    asked = [want.at for want in attempt.asked if isinstance(want, SampleWant)]
    assert asked == [at(15 * number) for number in range(1, 6)]
    assert attempt.found.measured_seconds == pytest.approx(0.6 * 15 + 15)


def test_without_any_answer_nothing_is_said_of_availability() -> None:
    attempt = Attempting(availability=AVAILABILITY)
    attempt.see(0)

    attempt.look(
        at(15),
        {
            BACKEND: workload(BACKEND),
            FRONTEND: workload(FRONTEND),
            SampleWant: SampleFact(None, "down"),
        },
    )

    assert attempt.found.measured_seconds is None
    assert attempt.found.measured_at == at(15)


def test_an_answer_that_is_not_there_yet_holds_nothing_up_and_is_asked_for_the_same_moment() -> (
    None
):
    attempt = Attempting(availability=AVAILABILITY)
    attempt.see(0)

    assert attempt.see(16) == Wait()
    assert attempt.see(20) == Wait()
    assert [want.at for want in attempt.asked if isinstance(want, SampleWant)] == [at(15)] * 2


def test_a_gap_in_which_nobody_measured_counts_one_interval() -> None:
    attempt = Attempting(availability=AVAILABILITY)
    attempt.see(0)
    serving = {BACKEND: workload(BACKEND), FRONTEND: workload(FRONTEND)}

    attempt.look(at(3600), {**serving, SampleWant: SampleFact(0.0)})

    assert attempt.found.measured_seconds == 15


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (None, ""),
        (Downtime(seconds=1.0), ""),
        (Downtime(seconds=12.04, component="api"), "; downtime: 12.0 s without a ready pod (api)"),
        (Downtime(measured_seconds=3.26), "; downtime: 3.3 s by the availability metric"),
    ],
)
def test_little_downtime_is_not_worth_a_word(found: Downtime | None, words: str) -> None:
    assert wording.downtime(found) == words
