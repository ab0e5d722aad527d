"""Orders of the plugin: the patch of each, and what is refused before anything is written."""

from dataclasses import replace
from typing import Any

import pytest
from tests.unit.cli import releases

from release_coordinator.api.attempt import Trigger
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import OrderKind, RollbackCause, Suspend
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.ordering import Wish, order_of
from release_coordinator.engine import names

SUSPEND, RESUME = Wish(OrderKind.SUSPEND), Wish(OrderKind.RESUME)
SUSPEND_ALL = Wish(OrderKind.SUSPEND, mode=Suspend.ALL)
RETRY, ABORT, ROLLBACK = Wish(OrderKind.RETRY), Wish(OrderKind.ABORT), Wish(OrderKind.ROLLBACK)
BECAUSE = Wish(OrderKind.ROLLBACK, cause=RollbackCause.SECURITY, comment="leaks tokens")


def suspended(
    order: Suspend | None = Suspend.FORWARD, spec: Suspend | None = None
) -> ReleaseObject:
    """A Release that is suspended while it rolls out: by an order, or in its spec."""
    state = releases.rolling_out()
    assert state.spec is not None
    orders = {names.ANNOTATION_SUSPEND: str(order)} if order else {}
    said = state.spec.model_copy(update={"suspend": spec})
    return replace(state, spec=said, annotations=orders)


def turned() -> ReleaseObject:
    """A Release that goes back already."""
    trigger = Trigger(reason=Reason.METRIC_BREACH, message="slow", at=releases.at(95))
    return releases.release(releases.attempt(frozen=True, trigger=trigger))


def barred(reason: Reason) -> ReleaseObject:
    """A Release that is held on its way back."""
    attempt = turned().status.attempt
    held = releases.held().status.attempt
    assert attempt is not None
    assert held is not None
    assert held.hold is not None
    hold = held.hold.model_copy(update={"reason": reason, "step": None})
    return releases.release(attempt.model_copy(update={"hold": hold, "holds": 1}))


def written(release: ReleaseObject, wish: Wish) -> dict[str, Any]:
    """Spec and orders of the patch, without the stamp and the preconditions."""
    patch = order_of(release, wish).patch(release, "ada")
    metadata = patch["metadata"]
    assert (metadata["uid"], metadata["resourceVersion"]) == (release.uid, release.resource_version)
    orders = {key.rpartition("/")[2]: value for key, value in metadata["annotations"].items()}
    assert orders.pop("ordered-by") == "ada"
    return {**{f"spec.{key}": value for key, value in patch.get("spec", {}).items()}, **orders}


@pytest.mark.parametrize(
    ("state", "wish", "patch"),
    [
        (releases.rolling_out(), SUSPEND, {"suspend": "Forward"}),
        (releases.untouched(), SUSPEND, {"suspend": "Forward"}),
        (suspended(), SUSPEND_ALL, {"suspend": "All"}),
        (suspended(Suspend.ALL), SUSPEND, {"suspend": "Forward"}),
        (suspended(spec=Suspend.FORWARD), SUSPEND_ALL, {"suspend": "All"}),
        (suspended(), RESUME, {"suspend": None}),
        (suspended(None, Suspend.ALL), RESUME, {"spec.suspend": None}),
        (suspended(spec=Suspend.ALL), RESUME, {"spec.suspend": None, "suspend": None}),
        (releases.held(), RESUME, {"resume": "2.1"}),
        (releases.gating(), RETRY, {"retry": "2"}),
        (releases.rolled_back(), RETRY, {"retry": "2"}),
        (releases.rolling_out(), ABORT, {"abort": "2"}),
        (releases.gating(), ABORT, {"abort": "2"}),
        (releases.rolling_out(), ROLLBACK, {"rollback": "2", "rollback-reason": None}),
        (
            releases.held(),
            BECAUSE,
            {"rollback": "2", "rollback-reason": "Security: leaks tokens"},
        ),
        (
            barred(Reason.IRREVERSIBLE_MIGRATION),
            ROLLBACK,
            {"rollback": "2", "rollback-reason": None},
        ),
        (barred(Reason.SCHEMA_CHANGED), ROLLBACK, {"rollback": "2.1"}),
    ],
)
def test_an_order_is_one_patch(state: ReleaseObject, wish: Wish, patch: dict[str, Any]) -> None:
    assert written(state, wish) == patch


@pytest.mark.parametrize(
    ("state", "wish", "said"),
    [
        (suspended(), SUSPEND, "it is suspended already (Forward)"),
        (suspended(None, Suspend.ALL), SUSPEND, "suspended already (All, by spec.suspend)"),
        (releases.rolling_out(), RESUME, "neither suspended nor held"),
        (barred(Reason.IRREVERSIBLE_MIGRATION), RESUME, "would only hold again"),
        (releases.untouched(), RETRY, "no attempt yet"),
        (releases.rolling_out(), RETRY, "obeyed when the attempt has ended without success"),
        (releases.completed(), RETRY, "nothing to repeat"),
        (releases.completed(), ROLLBACK, "version 1.3.0 with its images, type: Rollback"),
        (releases.completed(), ABORT, "approvals of its own"),
        (releases.rolled_back(), ROLLBACK, "has ended (RolledBack): there is nothing to stop"),
        (releases.failed_early(), ABORT, "has ended (Failed): there is nothing to stop"),
        (turned(), ABORT, "it is rolled back already"),
        (turned(), ROLLBACK, "it is rolled back already"),
        (replace(releases.held(), deleting=True), RESUME, "is being deleted"),
    ],
)
def test_what_would_not_be_obeyed_is_refused_with_the_reason(
    state: ReleaseObject, wish: Wish, said: str
) -> None:
    with pytest.raises(UnansweredError) as refusal:
        order_of(state, wish)

    assert said in str(refusal.value)


def test_a_rehearsal_and_its_follower_need_no_retry() -> None:
    state = releases.rolled_back()
    attempt = state.status.attempt
    assert attempt is not None
    assert attempt.end is not None
    end = attempt.end.model_copy(update={"reason": Reason.REHEARSED})

    with pytest.raises(UnansweredError, match="the next begins by itself"):
        order_of(releases.release(attempt.model_copy(update={"end": end})), RETRY)
    assert end.outcome is Phase.ROLLED_BACK


def test_without_a_name_nobody_elses_stays() -> None:
    release = releases.rolling_out()

    patch = order_of(release, ABORT).patch(release, "")

    assert patch["metadata"]["annotations"][names.ANNOTATION_ORDERED_BY] is None
