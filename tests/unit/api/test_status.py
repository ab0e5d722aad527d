"""A status as it is stored: whoever reads and writes it as a whole must not change it by that."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import DAWN
from tests.unit.engine.contexts import context

from release_coordinator.api.measurement import HISTORY, History, Measurement
from release_coordinator.api.status import ReleaseStatus

VALUES = st.lists(st.none() | st.floats(-1e6, 1e6).map(lambda one: round(one, 3)), max_size=HISTORY)


def status(values: list[float | None]) -> ReleaseStatus:
    """A status with a history."""
    entry = Measurement(metric="p95", history=History(since=DAWN, step=15, values=values))
    return context(measurements=[entry]).status


def nulls(value: Any) -> int:
    """How many there are."""
    if isinstance(value, dict):
        return sum(map(nulls, value.values()))
    return sum(map(nulls, value)) if isinstance(value, list) else int(value is None)


@given(VALUES)
def test_a_stored_status_has_no_null_and_is_read_as_it_was(values: list[float | None]) -> None:
    made = status(values)

    wire = made.to_wire()

    assert nulls(wire) == 0
    assert ReleaseStatus.model_validate(wire) == made


@given(VALUES)
def test_an_older_spelling_with_nulls_is_read_the_same(values: list[float | None]) -> None:
    made = status(values)
    older = made.model_dump(mode="json", by_alias=True, exclude_none=True)

    assert ReleaseStatus.model_validate(older) == made
