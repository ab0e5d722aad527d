"""What a bot is told of a rollback: the patch leads back, and only from the version that failed."""

import copy
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.story import following
from tests.fakes.world import DAWN
from tests.releases import Body, bookshop

from release_coordinator.api.attempt import PreviousComponent, Trigger
from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import RollbackCause
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.revert import GitSource, Operator, Revert
from release_coordinator.engine import plan, reverts

DIGEST = f"sha256:{'0' * 64}"


def spec_of(body: Body) -> ReleaseSpec:
    found = parse_release({**body, "metadata": {"name": "bookshop"}}).spec
    assert found is not None
    return found


def record(failed: ReleaseSpec, outcome: Phase = Phase.ROLLED_BACK, **more: Any) -> RecordSpec:
    return RecordSpec(
        release="bookshop",
        release_uid="u",
        attempt=2,
        version=failed.version,
        previous_version="1.3.0",
        digest=DIGEST,
        plan=failed,
        outcome=outcome,
        reason=Reason.METRIC_BREACH,
        started_at=DAWN,
        ended_at=DAWN + timedelta(minutes=5),
        duration_seconds=300.0,
        rollback=Trigger(reason=Reason.METRIC_BREACH, message="latency is 9", at=DAWN),
        **more,
    )


def told(failed: Body, good: Body | None = None) -> Revert:
    """What is said of a version that failed."""
    before = spec_of(good) if good else None
    images = reverts.of_plan(before or spec_of(bookshop()))
    found = reverts.revert(record(spec_of(failed)), before, images, GitSource())
    assert found is not None
    return found


def patched(body: Body, found: Revert) -> Body:
    """The Release with the patch applied, as RFC 6902 says."""
    result = copy.deepcopy(body)
    for operation in found.patch:
        *way, last = operation.path.lstrip("/").split("/")
        place: Any = result
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        if operation.op is Operator.TEST:
            assert place[last] == operation.value, "the patch is for another version"
        else:
            assert last in place
            place[last] = operation.value
    return result


def bumped(version: str = "1.4.0") -> Body:
    """Only the version and the images are others."""
    body = bookshop()
    body["spec"]["version"] = version
    for part in body["spec"]["components"]:
        part["images"] = {k: v.replace("1.3.0", version) for k, v in part["images"].items()}
    return body


def test_with_the_patch_the_spec_is_the_one_that_completed() -> None:
    found = told(bumped(), bookshop())

    again = patched(bumped(), found)

    assert plan.spec_digest(spec_of(again)) == plan.spec_digest(spec_of(bookshop()))
    assert found.whole
    assert found.differs == []
    assert (found.failed_version, found.restored_version) == ("1.4.0", "1.3.0")
    assert [(c.component, c.failed, c.restored) for c in found.images] == [
        ("backend", "example/bookshop-backend:1.4.0", "example/bookshop-backend:1.3.0"),
        ("frontend", "example/bookshop-frontend:1.4.0", "example/bookshop-frontend:1.3.0"),
    ]


def test_after_a_rollback_that_failed_the_spec_of_before_would_begin_a_release() -> None:
    good = spec_of(bookshop())
    failed = record(spec_of(bumped()), Phase.ROLLBACK_FAILED)

    found = reverts.revert(failed, good, reverts.of_plan(good), GitSource())

    assert found is not None
    assert not found.whole
    assert found.patch


def test_what_else_differs_is_named() -> None:
    """A migration that the version has brought goes only with its commit."""
    failed = following("1.4.0")
    failed["spec"]["backup"] = {"job": {"image": "example/backup:1"}}

    found = told(failed, bookshop())

    assert not found.whole
    assert {"backup", "migrations"} <= set(found.differs)


def test_without_a_version_that_completed_nobody_says_it_is_whole() -> None:
    found = told(bumped())

    assert not found.whole
    assert found.patch[1].value == "1.3.0"


CHANGES = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["1.4.0", "2.0.0", "1.3.1"]),
        "backend": st.sampled_from(["1.3.0", "1.4.0"]),
        "frontend": st.sampled_from(["1.3.0", "1.4.0"]),
        "deadline": st.sampled_from([None, "11m"]),
        "dropped": st.booleans(),
    }
)


@given(CHANGES)
def test_it_is_whole_exactly_when_the_patch_restores_the_digest(change: dict[str, Any]) -> None:
    failed = bookshop()
    spec = failed["spec"]
    spec["version"] = change["version"]
    for part in spec["components"]:
        part["images"] = {
            k: v.replace("1.3.0", change[part["name"]]) for k, v in part["images"].items()
        }
    if change["deadline"]:
        spec["components"][0]["progressDeadline"] = change["deadline"]
    if change["dropped"]:
        spec["components"] = [one for one in spec["components"] if one["name"] == "backend"]

    found = told(failed, bookshop())
    again = spec_of(patched(failed, found))

    same = plan.spec_digest(again) == plan.spec_digest(spec_of(bookshop()))
    assert found.whole is same
    assert bool(found.differs) is not same
    assert again.version == "1.3.0"


def test_images_are_what_was_found_before_whatever_a_plan_says() -> None:
    previous = [
        PreviousComponent(name="backend", workload="b", uid="u", images={"api": "shop:hotfix"}),
        PreviousComponent(name="frontend", workload="f", uid="u", images={}, absent=True),
    ]
    images = reverts.of_previous(previous)

    found = reverts.revert(record(spec_of(bumped())), spec_of(bookshop()), images, GitSource())

    assert found is not None
    assert [(c.component, c.restored) for c in found.images] == [
        ("backend", "shop:hotfix"),
        ("frontend", ""),
    ]
    assert not found.whole
    assert all(operation.value for operation in found.patch)


@pytest.mark.parametrize("outcome", [Phase.COMPLETED, Phase.FAILED, Phase.SUPERSEDED])
def test_only_what_was_rolled_back_is_to_be_reverted(outcome: Phase) -> None:
    failed = record(spec_of(bumped()), outcome)

    assert reverts.revert(failed, None, {}, GitSource()) is None


def test_who_ordered_it_and_why_is_said() -> None:
    failed = record(spec_of(bumped()))
    trigger = Trigger(
        reason=Reason.MANUAL_ROLLBACK,
        message="rolled back by ada",
        at=DAWN,
        by="ada",
        cause=RollbackCause.SECURITY,
        comment="leaks tokens",
    )
    failed = failed.model_copy(update={"rollback": trigger})

    found = reverts.revert(failed, None, {}, GitSource())

    assert found is not None
    assert (found.reason, found.by, found.cause, found.comment) == (
        "ManualRollback",
        "ada",
        "Security",
        "leaks tokens",
    )


@pytest.mark.parametrize(
    ("metadata", "tool", "application"),
    [
        (
            {"annotations": {"argocd.argoproj.io/tracking-id": "shop:x.io/Release:shop/b"}},
            "Argo CD",
            "shop",
        ),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}, "Flux", "shop"),
        ({}, "", ""),
    ],
)
def test_where_in_git_it_is_from_is_said_as_far_as_it_is_known(
    metadata: dict[str, Any], tool: str, application: str
) -> None:
    said = {
        "release-coordinator.io/repository": "https://example.com/shop.git",
        "release-coordinator.io/path": "apps/shop/release.yaml",
        "release-coordinator.io/revision": "0a1b2c",
    }
    metadata = {**metadata, "annotations": {**metadata.get("annotations", {}), **said}}

    found = reverts.source_of({"metadata": metadata})

    assert (found.tool, found.application) == (tool, application)
    assert found.repository == "https://example.com/shop.git"
    assert found.path == "apps/shop/release.yaml"
    assert found.revision == "0a1b2c"
