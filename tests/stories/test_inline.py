"""Components that carry their workload with them: created, changed, taken back, removed."""

from typing import Any

import pytest
from tests.fakes.story import Story, following, in_phase, told
from tests.fakes.world import NAMESPACE, deployment
from tests.releases import bookshop

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import AUTOSCALER, DEPLOYMENT, Body, Kind, Ref
from release_coordinator.engine import names
from release_coordinator.errors import Denied, Invalid, NotFound

SEARCH = Ref(DEPLOYMENT, NAMESPACE, "bookshop-search")


def inline(version: str, **spec: Any) -> Body:
    """The component of a search service, with its Deployment."""
    labels = {"app": "bookshop-search"}
    container = {"name": "search", "env": [{"name": "SHARDS", "value": "1"}]}
    return {
        "name": "search",
        "dependsOn": ["backend"],
        "images": {"search": f"example/bookshop-search:{version}"},
        "workload": {
            "name": "bookshop-search",
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
                **spec,
            },
        },
    }


def with_search(body: Body, **spec: Any) -> Body:
    """The bookshop with its search service."""
    body["spec"]["components"].append(inline(body["spec"]["version"], **spec))
    return body


async def test_an_inline_workload_is_created_by_its_first_release() -> None:
    story = await Story.begin("1.3.0 brings a component with its workload: it is created")
    await story.apply(with_search(bookshop()))

    await story.run()

    await story.check("inline_created")
    made = await story.world.user.get(SEARCH)
    (container,) = made["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "example/bookshop-search:1.3.0"
    assert "ownerReferences" not in made["metadata"]


async def test_a_first_release_that_fails_leaves_nothing_behind() -> None:
    story = await Story.begin("1.4.0 is slow: what it has created is removed again", "1.3.0")
    await story.apply(with_search(following("1.4.0")))

    await story.run()

    await story.check("inline_removed")
    assert not [b for b in story.world.cluster.everything() if _is_search(b)]


async def released(story: Story, version: str = "1.3.0", **spec: Any) -> None:
    """The bookshop with its search service is released once, without a word in the transcript."""
    lines = len(story.transcript.lines)
    await story.apply(with_search(following(version, "0007-add-isbn"), **spec))
    await story.run()
    del story.transcript.lines[lines:]
    story.transcript.add(f"{version} was released, with Deployment bookshop-search\n")


async def test_a_rollback_gives_the_whole_declared_workload_back() -> None:
    story = await Story.begin("1.4.0 changes image, environment and replicas, and is slow")
    await released(story, replicas=1, minReadySeconds=5)
    before = await story.world.user.get(SEARCH)
    await story.patch(DEPLOYMENT, "bookshop-search", {"spec": {"revisionHistoryLimit": 3}})
    body = with_search(following("1.4.0"), replicas=3, strategy={"type": "Recreate"})
    template = body["spec"]["components"][2]["workload"]["spec"]["template"]
    template["spec"]["containers"][0]["env"] = [{"name": "SHARDS", "value": "8"}]
    await story.apply(body)
    await story.run(in_phase(Phase.WATCHING))
    changed = await story.world.user.get(SEARCH)

    await story.run()

    await story.check("inline_rolled_back")
    after = await story.world.user.get(SEARCH)
    (container,) = changed["spec"]["template"]["spec"]["containers"]
    assert container["env"] == [{"name": "SHARDS", "value": "8"}]
    assert changed["spec"]["replicas"] == 3
    assert "minReadySeconds" not in changed["spec"]  # declared before, and not any more
    assert after["spec"] == {**before["spec"], "revisionHistoryLimit": 3}
    assert _declared(after) == _declared(before)


async def test_a_strategy_that_is_no_longer_declared_comes_back() -> None:
    story = await Story.begin("1.3.0 declared Recreate, 1.4.0 does not, and is slow")
    await released(story, strategy={"type": "Recreate"})
    story.world.admission = _default_strategy
    await story.apply(with_search(following("1.4.0")))
    await story.run(in_phase(Phase.WATCHING))
    between = (await story.world.user.get(SEARCH))["spec"]["strategy"]

    release = await told_of(story)

    assert between["type"] == "RollingUpdate"
    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    assert (await story.world.user.get(SEARCH))["spec"]["strategy"] == {"type": "Recreate"}


def _default_strategy(kind: Kind, _old: Body | None, new: Body) -> None:
    """As the API server does: defaults are added, and refused for a type that has none."""
    if kind == DEPLOYMENT:
        strategy = new["spec"].setdefault("strategy", {})
        if strategy.setdefault("type", "RollingUpdate") == "RollingUpdate":
            strategy.setdefault("rollingUpdate", {"maxSurge": "25%", "maxUnavailable": "25%"})
        elif "rollingUpdate" in strategy:
            raise Invalid("spec.strategy.rollingUpdate: may not be specified when type is Recreate")


async def test_what_nobody_has_declared_is_left_to_others() -> None:
    story = await Story.begin("an autoscaler sets replicas, which the Release does not")
    await released(story)
    await story.patch(DEPLOYMENT, "bookshop-search", {"spec": {"replicas": 5}})
    await story.world.advance(30)
    await story.apply(with_search(following("1.4.0")))

    await story.run()

    after = await story.world.user.get(SEARCH)
    assert after["spec"]["replicas"] == 5


async def test_what_a_version_is_the_first_to_declare_goes_back_to_what_was_found() -> None:
    story = await Story.begin("replicas and more were set by hand since 1.3.0 was found good")
    await released(story, minReadySeconds=1)
    found = {"replicas": 5, "minReadySeconds": 2, "revisionHistoryLimit": 3}
    await story.patch(DEPLOYMENT, "bookshop-search", {"spec": found})
    await story.world.advance(60)
    declared = {"replicas": 2, "minReadySeconds": 9, "revisionHistoryLimit": 7}
    await story.apply(with_search(following("1.4.0"), **declared))

    release = await told_of(story)

    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    after = (await story.world.user.get(SEARCH))["spec"]
    assert {**after, **found, "minReadySeconds": 1} == after, "declared before: as it was then"


async def test_replicas_of_an_autoscaler_are_not_taken_back() -> None:
    story = await Story.begin("1.4.0 declares replicas, and an autoscaler sets them")
    await released(story)
    target = {"kind": "Deployment", "name": "bookshop-search"}
    scaler = {"metadata": {"name": "search", "namespace": NAMESPACE}}
    await story.world.user.create(AUTOSCALER, scaler | {"spec": {"scaleTargetRef": target}})
    await story.apply(with_search(following("1.4.0"), replicas=3))
    await story.run(in_phase(Phase.WATCHING))
    attempt = (await story.release()).status.attempt
    await story.patch(DEPLOYMENT, "bookshop-search", {"spec": {"replicas": 12}})

    release = await told_of(story)

    assert attempt is not None
    (said,) = [gate.message for gate in attempt.gates if gate.name == "RollbackTarget"]
    assert "HorizontalPodAutoscaler search scales Deployment bookshop-search" in said
    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    assert (await story.world.user.get(SEARCH))["spec"]["replicas"] == 12


async def test_a_workload_that_is_refused_shuts_the_gate_before_anything_is_changed() -> None:
    story = await Story.begin("the pods of 1.3.0 break Pod Security: known before the migration")

    def admit(kind: Kind, _old: Body | None, new: Body) -> None:
        if kind.kind == "Pod" and "search" in str(new["metadata"].get("labels")):
            raise Denied('pods "x" is forbidden: violates PodSecurity "restricted:latest"')

    story.world.admission = admit
    await story.apply(with_search(bookshop()))

    await story.run(told("the API server refuses Deployment bookshop-search"))

    await story.check("inline_refused")
    assert not story.ran("migrate/0007-add-isbn")


async def test_a_name_that_is_taken_in_the_middle_holds_the_release() -> None:
    story = await Story.begin("somebody creates bookshop-search while 1.3.0 migrates")
    await story.apply(with_search(bookshop()))
    await story.run(in_phase(Phase.MIGRATING))
    await story.world.user.create(DEPLOYMENT, deployment("bookshop-search", "search", "0.9.0"))

    release = await told_of(story)

    await story.check("inline_name_taken")
    assert release.status.attempt is not None
    assert release.status.attempt.hold is not None
    assert release.status.attempt.hold.reason is Reason.NAME_TAKEN


async def test_a_rollback_leaves_what_somebody_else_has_created() -> None:
    story = await Story.begin("the name is taken, and the release is rolled back")
    await story.apply(with_search(bookshop()))
    await story.run(in_phase(Phase.MIGRATING))
    theirs = deployment("bookshop-search", "search", "0.9.0")
    made = await story.world.user.create(DEPLOYMENT, theirs)
    await story.run()
    await story.annotate("rollback", "1")

    await story.run()

    left = await story.world.user.get(SEARCH)
    assert left["metadata"]["uid"] == made["metadata"]["uid"]


async def test_a_workload_that_exists_is_taken_over() -> None:
    story = await Story.begin("a Deployment that people wrote becomes inline with 1.3.0")
    await story.world.user.create(DEPLOYMENT, deployment("bookshop-search", "search", "1.2.0"))
    await story.world.advance(60)
    before = await story.world.user.get(SEARCH)
    await story.apply(with_search(bookshop()))
    await story.run(in_phase(Phase.WATCHING))
    await story.annotate("rollback", "1")

    await story.run()

    await story.check("inline_taken_over")
    after = await story.world.user.get(SEARCH)
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert after["spec"] == before["spec"]
    assert names.ANNOTATION_DECLARED not in after["metadata"].get("annotations", {})


async def test_a_workload_that_was_deleted_is_created_by_the_next_release() -> None:
    story = await Story.begin("bookshop-search was deleted between two releases")
    await released(story)
    await story.delete_object(DEPLOYMENT, "bookshop-search")
    story.world.slow_image = ":none"
    await story.apply(with_search(following("1.4.0")))

    release = await told_of(story)

    assert release.status.phase is Phase.COMPLETED, release.status.message
    await story.world.user.get(SEARCH)


async def test_a_workload_that_is_deleted_in_the_middle_holds_the_release() -> None:
    story = await Story.begin("bookshop-search is deleted while it is watched")
    await story.apply(with_search(bookshop()))
    await story.run(in_phase(Phase.WATCHING))
    await story.delete_object(DEPLOYMENT, "bookshop-search")

    release = await told_of(story)

    assert release.status.attempt is not None
    assert release.status.attempt.hold is not None
    assert release.status.attempt.hold.reason is Reason.WORKLOAD_REPLACED


@pytest.mark.parametrize("change", [{"name": "bookshop-search-2"}, {"kind": "StatefulSet"}])
async def test_a_rollback_does_not_wait_for_pods_of_the_workload_before(change: Body) -> None:
    """The one of the version before is left as it is, and its pods have the same labels."""
    story = await Story.begin("1.4.0 names its workload anew, with the same labels, and is slow")
    await released(story)
    body = with_search(following("1.4.0"))
    body["spec"]["components"][2]["workload"] |= change
    await story.apply(body)

    release = await told_of(story)

    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    left = [b for b in story.world.cluster.everything() if _is_search(b)]
    names_left = sorted(b["metadata"]["name"] for b in left)
    assert names_left == ["bookshop-search", "bookshop-search-pod"]


async def test_deleting_the_release_leaves_its_workloads() -> None:
    story = await Story.begin("the Release is deleted after it has completed")
    await released(story)
    await story.delete()

    await story.run()

    story.world.cluster.collect_garbage()
    assert await story.world.user.get(SEARCH)


def _declared(body: Body) -> str:
    said: str = body["metadata"]["annotations"][names.ANNOTATION_DECLARED]
    return said


def _is_search(body: Body) -> bool:
    kinds = {"Deployment", "StatefulSet", "Pod"}
    return body["kind"] in kinds and "search" in body["metadata"]["name"]


async def told_of(story: Story) -> ReleaseObject:
    """Let everything happen, and return the Release."""
    await story.run()
    return await story.world.release()


async def test_an_inline_workload_is_not_believed_while_nobody_checks_who_writes_it() -> None:
    story = await Story.begin("The admission policy is gone: an inline workload waits for it")
    story.world.unproved = "the ValidatingAdmissionPolicy is gone"
    await story.apply(with_search(bookshop()))
    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.GATING
    assert "components[].workload is not believed" in release.status.message
    with pytest.raises(NotFound):
        await story.world.user.get(SEARCH)

    story.world.unproved = ""
    story.world.operator.queued.add((NAMESPACE, "bookshop"))  # as the guard does
    await story.run()
    assert (await story.release()).status.phase is Phase.COMPLETED
