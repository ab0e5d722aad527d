"""What no rollback needs any more is deleted, and nothing else is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.status import ReleaseStatus, RevisionRef
from release_coordinator.engine.action import DeleteKept
from release_coordinator.engine.closing import HISTORY_LIMIT
from release_coordinator.engine.evidence import KeptObject, LeftoversFact, LeftoversWant
from release_coordinator.engine.observation import Observation
from release_coordinator.engine.outcome import Do, Note
from release_coordinator.engine.pruning import advance, unneeded

DIGEST = "sha256:" + "0" * 64
NAMES = st.sampled_from([f"s{number}" for number in range(12)])


def an_attempt(number: int, **changes: object) -> Attempt:
    attempt = Attempt(
        number=number,
        digest=DIGEST,
        spec_digest=DIGEST,
        generation=1,
        version="1.3.0",
        started_at=datetime(2026, 11, 23, tzinfo=UTC),
        revision=f"plan-{number}",
        recorded=True,
    )
    return attempt.model_copy(update=changes)


def a_plan(number: int, needs: set[str]) -> KeptObject:
    return KeptObject("ControllerRevision", f"plan-{number}", "u", number, frozenset(needs))


@given(
    plans=st.dictionaries(st.integers(1, 40), st.sets(NAMES, max_size=3), max_size=30),
    current=st.integers(1, 40),
    snapshots=st.dictionaries(NAMES, st.sets(st.sampled_from("abcdef"), max_size=3)),
    good=st.sets(NAMES, max_size=3),
    used=st.sets(st.sampled_from("abcdef"), max_size=2),
)
def test_what_is_needed_stays_and_the_rest_goes(
    plans: dict[int, set[str]],
    current: int,
    snapshots: dict[str, set[str]],
    good: set[str],
    used: set[str],
) -> None:
    last = max(plans, default=1)
    attempt = an_attempt(last)
    ref = RevisionRef(
        version="1.2.0", revision=f"plan-{current}", snapshots={name: name for name in good}
    )
    fact = LeftoversFact(
        plans=tuple(a_plan(number, needs) for number, needs in plans.items()),
        snapshots=tuple(
            KeptObject("ControllerRevision", name, "u", needs=frozenset(needs))
            for name, needs in snapshots.items()
        ),
        copies=tuple(KeptObject("ConfigMap", name, "u") for name in "abcdef"),
        used=frozenset(used),
    )

    doomed = {one.name for one in unneeded(ReleaseStatus(current=ref), attempt, fact)}

    roots = good | plans.get(last, set()) | plans.get(current, set())
    copies = used | {copy for name in roots for copy in snapshots.get(name, set())}
    history = set(sorted(plans, reverse=True)[:HISTORY_LIMIT]) | {current, last}
    assert doomed & set(snapshots) == set(snapshots) - roots
    assert doomed & set("abcdef") == set("abcdef") - copies
    assert {f"plan-{n}" for n in plans} - doomed == {f"plan-{n}" for n in set(plans) & history}


def test_the_way_back_that_a_failed_rollback_still_needs_stays() -> None:
    attempt = an_attempt(20, basis="plan-2")
    fact = LeftoversFact(
        plans=tuple(a_plan(number, {f"s{number}"}) for number in range(1, 21)),
        snapshots=tuple(
            KeptObject("ControllerRevision", f"s{number}", "u") for number in range(1, 21)
        ),
    )

    kept = {one.name for one in (*fact.plans, *fact.snapshots)}
    kept -= {one.name for one in unneeded(ReleaseStatus(), attempt, fact)}

    assert {"plan-2", "s2", "s20"} <= kept


@pytest.mark.parametrize(("newest", "deleted"), [(20, 10), (21, 0)])
def test_a_status_that_is_older_than_the_cluster_deletes_nothing(newest: int, deleted: int) -> None:
    attempt = an_attempt(20)
    release = context().release
    fact = LeftoversFact(plans=tuple(a_plan(number, set()) for number in range(1, newest + 1)))
    seen = Observation({LeftoversWant(release.uid): fact})

    found = advance(release, ReleaseStatus(attempt=attempt), attempt, seen)

    if deleted:
        assert isinstance(found, Do)
        assert isinstance(found.action, DeleteKept)
        assert len(found.action.objects) == deleted
    else:
        assert isinstance(found, Note)
        assert found.status.attempt is not None
        assert found.status.attempt.pruned, "the next attempt prunes"
