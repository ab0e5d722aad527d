"""When `--watch` ends, and with which exit code."""

from dataclasses import replace

import pytest
from tests.unit.cli import releases

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.cli.verdict import ExitCode, verdict_of


def told(release: ReleaseObject, **annotations: str) -> ReleaseObject:
    named = {f"release-coordinator.io/{key}": value for key, value in annotations.items()}
    return replace(release, annotations=named)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("untouched", None),
        ("gating", None),
        ("rolling-out", None),
        ("held", ExitCode.HELD),
        ("rolled-back", ExitCode.ROLLED_BACK),
        ("failed", ExitCode.ROLLED_BACK),
        ("completed", ExitCode.COMPLETED),
    ],
)
def test_each_state_goes_on_or_has_its_exit_code(state: str, expected: ExitCode | None) -> None:
    assert verdict_of(releases.STATES[state]()) is expected


def test_the_end_of_an_old_spec_is_no_answer_for_the_new_one() -> None:
    edited = replace(releases.completed(), generation=3)

    assert verdict_of(edited) is None


def test_an_edit_that_waited_for_the_end_is_awaited_too() -> None:
    ended = releases.completed().status.attempt
    assert ended is not None
    before = ended.model_copy(update={"generation": 1})

    assert verdict_of(releases.release(before, version="1.5.0")) is None


@pytest.mark.parametrize("order", [{"resume": "2.1"}, {"rollback": "2"}])
def test_a_hold_that_a_person_has_ended_goes_on(order: dict[str, str]) -> None:
    assert verdict_of(told(releases.held(), **order)) is None


def test_an_order_for_another_hold_ends_nothing() -> None:
    assert verdict_of(told(releases.held(), resume="2.0")) is ExitCode.HELD


def test_a_retry_that_was_asked_for_is_awaited() -> None:
    assert verdict_of(told(releases.rolled_back(), retry="2")) is None
    assert verdict_of(told(releases.rolled_back(), retry="1")) is ExitCode.ROLLED_BACK


def test_a_completed_attempt_is_not_tried_again() -> None:
    assert verdict_of(told(releases.completed(), retry="2")) is ExitCode.COMPLETED


def test_an_unusable_spec_is_for_a_person() -> None:
    invalid = releases.release(None, components=[])

    assert verdict_of(invalid) is ExitCode.HELD


def test_a_memory_that_cannot_be_read_is_for_a_person() -> None:
    lost = replace(releases.rolling_out(), journal_fault="status.attempt: unreadable")

    assert verdict_of(lost) is ExitCode.HELD
