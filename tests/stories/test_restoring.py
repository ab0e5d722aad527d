"""What a rollback restores besides images: pod templates and configuration."""

import json

from tests.fakes.configured import (
    BACKEND,
    CANARY,
    CONFIG,
    CREDENTIALS,
    PLAIN,
    configure,
    create_set,
    release,
    served,
    set_release,
)
from tests.fakes.story import Story, in_phase, told
from tests.fakes.world import NAMESPACE
from tests.releases import Body

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import (
    CONFIG_MAP,
    CONTROLLER_REVISION,
    DAEMON_SET,
    POD,
    SECRET,
    STATEFUL_SET,
    Ref,
)
from release_coordinator.engine import names

OLD, NEW = {"level": "old"}, {"level": "new"}


async def begin(title: str, *, keep_secrets: bool = False) -> Story:
    """1.3.0, with its configuration, has proved good."""
    story = await Story.begin(title)
    story.world.keep_secrets = keep_secrets
    await story.restart()
    await configure(story.world, **OLD)
    await story.apply(release("1.3.0"))
    await story.run()
    assert (await story.release()).status.phase is Phase.COMPLETED
    return story


async def change_configuration(story: Story) -> None:
    """What Git brings together with a version."""
    story.transcript.person(f"kubectl apply: ConfigMap {CONFIG}, Secret {CREDENTIALS}")
    await story.patch(CONFIG_MAP, CONFIG, {"data": NEW})
    await story.patch(SECRET, CREDENTIALS, {"data": {"password": "bmV3"}})


async def test_configuration_that_came_with_a_version_goes_back_with_it() -> None:
    story = await begin("1.4.0 comes with other configuration and is slow: both go back")
    await change_configuration(story)
    await story.apply(release("1.4.0"))
    await story.run()
    back = await served(story.world)
    assert (back["image"], back["config"]) == ("1.3.0", OLD)
    theirs = await story.world.user.get(Ref(CONFIG_MAP, NAMESPACE, CONFIG))
    assert theirs["data"] == NEW, "what people have written stays"

    await story.apply(release("1.4.1"))
    await story.run()

    forward = await served(story.world)
    assert (forward["image"], forward["config"]) == ("1.4.1", NEW)
    annotations = (await story.world.user.get(BACKEND))["metadata"]["annotations"]
    assert names.ANNOTATION_CONFIG not in annotations
    await story.check("configuration_goes_back")


async def test_configuration_as_found_stays_as_it_was_before_the_release() -> None:
    story = await begin("1.4.0 is slow; its configuration came before and is to stay")
    await change_configuration(story)
    await story.apply(release("1.4.0", configuration="AsFound"))

    await story.run()

    back = await served(story.world)
    assert (back["image"], back["config"]) == ("1.3.0", NEW)
    await story.check("configuration_as_found")


async def test_a_second_rollback_as_found_knows_which_copies_stand_for_what() -> None:
    story = await begin("After a rollback two more versions: one goes back, one forward")
    await change_configuration(story)
    await story.apply(release("1.4.0"))
    await story.run()
    story.world.slow_image = ":1.4.1"
    await story.apply(release("1.4.1", configuration="AsFound"))
    await story.run()
    assert (await served(story.world))["config"] == OLD

    await story.apply(release("1.5.0"))
    await story.run()

    assert (await served(story.world))["config"] == NEW
    assert (await story.release()).status.phase is Phase.COMPLETED


async def test_a_copy_that_is_gone_is_told_and_the_images_go_back_all_the_same() -> None:
    story = await begin("Somebody deletes the copy of the configuration while 1.4.0 is watched")
    await change_configuration(story)
    await story.apply(release("1.4.0"))
    await story.run(in_phase(Phase.ROLLING_OUT))
    for body in await story.world.user.list(CONFIG_MAP, NAMESPACE):
        if names.ANNOTATION_COPY_OF in body["metadata"].get("annotations", {}):
            story.transcript.person("kubectl delete configmap (the copy)")
            await story.delete_object(CONFIG_MAP, body["metadata"]["name"])

    await story.run()

    back = await served(story.world)
    assert (back["image"], back["config"]) == ("1.3.0", NEW)
    await story.check("configuration_copy_gone")


async def test_a_copy_with_other_content_is_not_used() -> None:
    story = await begin("Somebody replaces the copy of the configuration")
    await change_configuration(story)
    await story.apply(release("1.4.0"))
    await story.run(in_phase(Phase.ROLLING_OUT))
    for body in await story.world.user.list(CONFIG_MAP, NAMESPACE):
        metadata = body["metadata"]
        if names.ANNOTATION_COPY_OF in metadata.get("annotations", {}):
            await story.delete_object(CONFIG_MAP, metadata["name"])
            kept = {key: metadata[key] for key in ("name", "namespace", "labels", "annotations")}
            forged = {"metadata": kept, "immutable": True, "data": {"level": "forged"}}
            await story.world.user.create(CONFIG_MAP, forged)

    await story.run()

    assert (await served(story.world))["config"] == NEW


async def test_a_snapshot_that_is_gone_leaves_the_images_to_go_back() -> None:
    story = await begin("Somebody deletes what was kept of 1.3.0")
    await change_configuration(story)
    await story.apply(release("1.4.0"))
    await story.run(in_phase(Phase.ROLLING_OUT))
    for body in await story.world.user.list(CONTROLLER_REVISION, NAMESPACE):
        if "template" in body["data"]:
            story.transcript.person("kubectl delete controllerrevision (what was kept)")
            await story.delete_object(CONTROLLER_REVISION, body["metadata"]["name"])

    await story.run()

    assert (await served(story.world))["image"] == "1.3.0"
    await story.check("snapshot_gone")


async def test_sources_that_were_deleted_are_served_from_their_copies() -> None:
    story = await begin("The ConfigMap of 1.3.0 is pruned once 1.4.0 is there")
    await story.apply(release("1.4.0"))
    await story.run(in_phase(Phase.ROLLING_OUT))
    await story.delete_object(CONFIG_MAP, CONFIG)

    await story.run()

    assert (await served(story.world))["config"] == OLD


async def test_a_secret_goes_back_where_the_platform_team_lets_it_be_copied() -> None:
    story = await begin("1.4.0 comes with another password and is slow", keep_secrets=True)
    await change_configuration(story)
    await story.apply(release("1.4.0"))

    await story.run()

    back = await served(story.world)
    assert (back["image"], back["secret"]) == ("1.3.0", {"password": CANARY})
    await story.check("secret_goes_back")


async def test_a_secret_stays_where_it_may_not_be_copied() -> None:
    story = await begin("1.4.0 comes with another password; Secrets are not kept")
    await change_configuration(story)
    await story.apply(release("1.4.0"))

    await story.run()

    back = await served(story.world)
    assert (back["config"], back["secret"]) == (OLD, {"password": "bmV3"})
    assert len(await story.world.user.list(SECRET, NAMESPACE)) == 1


async def test_the_content_of_a_secret_is_seen_nowhere_but_in_secrets() -> None:
    story = await begin("I13: a canary in a Secret", keep_secrets=True)
    operator = story.world.operator
    await change_configuration(story)
    await story.apply(release("1.4.0"))
    await story.run()

    for body in story.world.cluster.everything():
        text = json.dumps(body)
        assert body["kind"] == "Secret" or (CANARY not in text and PLAIN not in text), body
    assert CANARY not in story.transcript.text()
    held = operator.store.select(SECRET)
    assert not held


async def test_copies_and_snapshots_nobody_needs_are_deleted() -> None:
    story = await begin("Five versions, each with configuration of its own")
    world = story.world
    for number in range(4):
        await story.patch(CONFIG_MAP, CONFIG, {"data": {"level": str(number)}})
        await story.apply(release(f"1.5.{number}"))
        await story.run()
        assert (await story.release()).status.phase is Phase.COMPLETED
    revisions = await world.user.list(CONTROLLER_REVISION, NAMESPACE)
    snapshots = [body for body in revisions if "template" in body["data"]]
    copies = [
        body
        for body in await world.user.list(CONFIG_MAP, NAMESPACE)
        if names.ANNOTATION_COPY_OF in body["metadata"].get("annotations", {})
    ]
    assert len(snapshots) == len(copies) == 2, "of the good version and of the one before"
    assert {copy["data"]["level"] for copy in copies} == {"2", "3"}
    assert len(revisions) - len(snapshots) == 5, "plans of all attempts in the history"


async def test_a_copy_that_live_pods_use_is_not_deleted() -> None:
    story = await begin("After a rollback the pods use a copy; the next version is refused")
    await change_configuration(story)
    for version in ("1.4.0", "1.4.1", "1.4.2"):
        story.world.slow_image = f":{version}"
        await story.apply(release(version))
        await story.run()
        assert (await story.release()).status.phase is Phase.ROLLED_BACK
        assert (await served(story.world))["config"] == OLD


async def test_a_stateful_set_goes_forward_and_back() -> None:
    story = await Story.begin("A StatefulSet: 1.3.0 is slow and goes back pod by pod")
    await create_set(story.world, STATEFUL_SET, "search", "1.2.0")
    story.world.latency = lambda: 0.5 if story.world.time.now().minute > 2 else 0.02
    await story.apply(set_release(STATEFUL_SET, "search"))

    await story.run()

    await story.check("stateful_set")
    images = {p["spec"]["containers"][0]["image"] for p in await search_pods(story)}
    assert images == {"example/search:1.2.0"}


async def test_a_broken_pod_of_a_stateful_set_is_taken_out_of_its_own_way_back() -> None:
    story = await Story.begin("A StatefulSet: 1.3.0 never becomes ready and bars its way back")
    await create_set(story.world, STATEFUL_SET, "search", "1.2.0")
    story.world.script.never_ready.add("example/search:1.3.0")
    await story.apply(set_release(STATEFUL_SET, "search"))

    await story.run()

    await story.check("stateful_set_stuck")
    assert (await story.release()).status.phase is Phase.ROLLED_BACK


async def test_broken_pods_of_another_workload_with_the_same_labels_are_left_alone() -> None:
    story = await Story.begin("The pods of another StatefulSet have the labels of this one's too")
    await create_set(story.world, STATEFUL_SET, "search", "1.2.0")
    labels = {"app": "search", "tier": "other"}
    await create_set(story.world, STATEFUL_SET, "other", "1.2.0", selector={"matchLabels": labels})
    ref = Ref(POD, NAMESPACE, "other-0")
    pod = await story.world.user.get(ref)
    broken = {"conditions": [{"type": "Ready", "status": "False"}], "phase": "Running"}
    pod = await story.world.user.replace_status(POD, {**pod, "status": broken})
    story.world.script.never_ready.add("example/search:1.3.0")
    await story.apply(set_release(STATEFUL_SET, "search"))

    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    assert await story.world.user.get(ref) == pod


async def test_a_daemon_set_goes_forward_and_back() -> None:
    story = await Story.begin("A DaemonSet: 1.3.0 never becomes ready and goes back")
    await create_set(story.world, DAEMON_SET, "search", "1.2.0")
    story.world.script.never_ready.add("example/search:1.3.0")
    await story.apply(set_release(DAEMON_SET, "search"))

    await story.run()

    await story.check("daemon_set")


async def test_a_set_that_is_not_updated_by_itself_is_told_beforehand() -> None:
    story = await Story.begin("A StatefulSet with a partition: said by the gate")
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    await create_set(story.world, STATEFUL_SET, "search", "1.2.0", updateStrategy=strategy)
    await story.apply(set_release(STATEFUL_SET, "search"))

    await story.run(told("partition"))

    status = (await story.release()).status
    assert status.phase is Phase.GATING
    assert "partition" in status.message


async def search_pods(story: Story) -> list[Body]:
    """The pods of the set."""
    return await story.world.user.list(POD, NAMESPACE, {"app": "search"})
