"""How long a gate has held an attempt up."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import DAWN

from release_coordinator.api.attempt import Gate, GateState, Role, Waiver
from release_coordinator.api.checklist import Enforcement


def gate(state: GateState, **more: object) -> Gate:
    return Gate.model_validate({"name": "QA", "state": state, "owner": Role.QA, **more})


SHUT, OPEN = gate(GateState.WAITING), gate(GateState.PASSED)


def test_a_gate_that_opens_at_once_has_never_waited() -> None:
    found = OPEN.timed(None, DAWN)

    assert (found.shut_since, found.waited_seconds) == (None, None)


def test_the_time_is_counted_when_it_opens() -> None:
    shut = SHUT.timed(None, DAWN)
    failed = gate(GateState.FAILED).timed(shut, DAWN + timedelta(seconds=60))
    opened = OPEN.timed(failed, DAWN + timedelta(seconds=90))

    assert (shut.shut_since, shut.waited_seconds) == (DAWN, None)
    assert (failed.shut_since, failed.waited_seconds) == (DAWN, None), "nothing new to write"
    assert (opened.shut_since, opened.waited_seconds) == (None, 90.0)


def test_a_gate_that_shuts_again_waits_on() -> None:
    opened = OPEN.timed(SHUT.timed(None, DAWN), DAWN + timedelta(seconds=60))
    again = SHUT.timed(opened, DAWN + timedelta(seconds=100))

    assert again.until(DAWN + timedelta(seconds=105)).waited_seconds == 65.0


def test_what_holds_nothing_up_does_not_wait() -> None:
    waived = gate(GateState.FAILED, waiver=Waiver(by="ada", approval="a"))
    advisory = gate(GateState.FAILED, enforcement=Enforcement.ADVISORY)

    for one in (waived, advisory):
        assert one.timed(None, DAWN).shut_since is None


def test_a_clock_that_is_set_back_takes_no_time_away() -> None:
    shut = SHUT.timed(None, DAWN)

    assert OPEN.timed(shut, DAWN - timedelta(hours=1)).waited_seconds == 0.0


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 1000))))
def test_the_time_is_that_between_the_looks_at_which_it_was_shut(
    looks: list[tuple[bool, int]],
) -> None:
    known, now, shut, expected = None, DAWN, False, 0.0
    for opens, seconds in looks:
        now += timedelta(seconds=seconds)
        expected += seconds if shut else 0
        known, shut = (OPEN if opens else SHUT).timed(known, now), not opens

    waited = known.until(now).waited_seconds if known else None
    assert (waited or 0.0) == expected
