"""Which Releases go first: the way back, begun or ordered, and nothing else."""

from typing import Any

import pytest

from release_coordinator.cluster.urgency import is_urgent

TRIGGER = {"reason": "MetricBreach"}


def release(attempt: dict[str, Any] | None, **annotations: str) -> dict[str, Any]:
    """A stored Release."""
    keyed = {f"release-coordinator.io/{key}": value for key, value in annotations.items()}
    status = {"attempt": {"number": 3, **attempt}} if attempt is not None else {}
    return {"metadata": {"name": "bookshop", "annotations": keyed}, "status": status}


@pytest.mark.parametrize(
    "body",
    [
        release({"trigger": TRIGGER}),
        release({}, rollback="3"),
        release({}, abort="3"),
        {**release({}), "metadata": {"deletionTimestamp": "2026-11-23T12:00:00Z"}},
    ],
)
def test_what_goes_back_is_urgent(body: dict[str, Any]) -> None:
    assert is_urgent(body)


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"metadata": {"name": "new"}},
        release(None, rollback="3"),
        release({}),
        release({}, retry="3"),
        release({}, rollback="2"),
        release({"trigger": TRIGGER, "recorded": True}, rollback="3"),
    ],
)
def test_everything_else_waits_its_turn(body: dict[str, Any] | None) -> None:
    assert not is_urgent(body)
