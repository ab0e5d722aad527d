"""What `cluster.port` promises about server-side apply, on the double and on a real API server."""

from typing import Any

import pytest
from tests.contract.conftest import THING, World

from release_coordinator.cluster.port import CONFIG_MAP, DEPLOYMENT, Body, Ref
from release_coordinator.errors import Conflict, Invalid, NotFound

FOREIGN_UID = "11111111-1111-4111-8111-111111111111"
IMAGE = '.spec.template.spec.containers[name="api"].image'


async def a_deployment(world: World) -> tuple[Ref, str]:
    """Create a Deployment as somebody with kubectl; return it and its UID."""
    ref = world.ref(DEPLOYMENT)
    labels = {"app": ref.name}
    containers = [
        {
            "name": "api",
            "image": "example/api:1",
            "args": ["serve", "--fast"],
            "env": [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}],
            "ports": [{"containerPort": 8080}],
        },
        {"name": "proxy", "image": "example/proxy:1"},
    ]
    spec = {
        "replicas": 0,
        "paused": True,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
    }
    created = await world.kubectl.create(DEPLOYMENT, world.body(ref, {"spec": spec}))
    return ref, created["metadata"]["uid"]


def with_containers(world: World, ref: Ref, uid: str, *containers: Body) -> Body:
    spec = {"template": {"spec": {"containers": list(containers)}}}
    return world.body(ref, {"spec": spec}, uid=uid)


def container(body: Body, name: str = "api") -> Any:
    containers = body["spec"]["template"]["spec"]["containers"]
    return next(one for one in containers if one["name"] == name)


async def a_config_map(world: World, **data: str) -> tuple[Ref, Body]:
    """Create a ConfigMap as somebody with kubectl; return it and our first apply, still empty."""
    ref = world.ref(CONFIG_MAP)
    created = await world.kubectl.create(CONFIG_MAP, world.body(ref, {"data": data}))
    return ref, world.body(ref, uid=created["metadata"]["uid"])


# --- preconditions


async def test_apply_needs_a_uid(world: World) -> None:
    ref = world.ref(CONFIG_MAP)
    with pytest.raises(Invalid):
        await world.us.apply(CONFIG_MAP, world.body(ref, {"data": {}}), force=True)
    with pytest.raises(NotFound):
        await world.us.get(ref)


@pytest.mark.parametrize("force", [True, False])
async def test_apply_never_creates(world: World, force: bool) -> None:  # noqa: FBT001
    ref = world.ref(CONFIG_MAP)
    with pytest.raises(Conflict) as caught:
        await world.us.apply(CONFIG_MAP, world.body(ref, uid=FOREIGN_UID), force=force)
    assert caught.value.owners == {}
    with pytest.raises(NotFound):
        await world.us.get(ref)


@pytest.mark.parametrize("wrong", [{"uid": FOREIGN_UID}, {"resourceVersion": "1"}])
async def test_apply_with_a_wrong_precondition_is_a_conflict(world: World, wrong: Body) -> None:
    ref, ours = await a_config_map(world, a="1")
    ours["metadata"] |= wrong
    with pytest.raises(Conflict) as caught:
        await world.us.apply(CONFIG_MAP, {**ours, "data": {"b": "2"}}, force=True)
    assert caught.value.owners == {}
    assert (await world.us.get(ref))["data"] == {"a": "1"}


# --- a Deployment of somebody else


async def test_apply_of_a_foreign_field_is_a_conflict_that_names_it(world: World) -> None:
    ref, uid = await a_deployment(world)
    body = with_containers(world, ref, uid, {"name": "api", "image": "example/api:2"})
    with pytest.raises(Conflict) as caught:
        await world.us.apply(DEPLOYMENT, body, force=False)
    assert list(caught.value.owners) == [IMAGE]
    assert "kubectl-client-side-apply" in caught.value.owners[IMAGE]
    assert container(await world.us.get(ref))["image"] == "example/api:1"


async def test_apply_of_the_same_value_is_no_conflict(world: World) -> None:
    ref, uid = await a_deployment(world)
    body = with_containers(world, ref, uid, {"name": "api", "image": "example/api:1"})
    await world.us.apply(DEPLOYMENT, body, force=False)


async def test_force_takes_exactly_the_given_fields(world: World) -> None:
    ref, uid = await a_deployment(world)
    before = await world.us.get(ref)
    body = with_containers(world, ref, uid, {"name": "api", "image": "example/api:2"})
    applied = await world.us.apply(DEPLOYMENT, body, force=True)
    assert container(applied) == {**container(before), "image": "example/api:2"}
    assert container(applied, "proxy") == container(before, "proxy")
    assert applied["spec"]["replicas"] == 0

    # From now on the field is ours: no force needed, and the other one conflicts.
    body = with_containers(world, ref, uid, {"name": "api", "image": "example/api:3"})
    await world.us.apply(DEPLOYMENT, body, force=False)
    body = with_containers(world, ref, uid, {"name": "api", "image": "example/api:1"})
    with pytest.raises(Conflict):
        await world.kubectl.apply(DEPLOYMENT, body, force=False)


async def test_a_patch_by_somebody_else_takes_the_field_away_from_us(world: World) -> None:
    ref, uid = await a_deployment(world)
    body = with_containers(world, ref, uid, {"name": "api", "image": "example/api:2"})
    await world.us.apply(DEPLOYMENT, body, force=True)
    live = await world.kubectl.get(ref)
    container(live)["image"] = "example/api:9"
    await world.kubectl.patch(ref, {"spec": live["spec"]})
    with pytest.raises(Conflict) as caught:
        await world.us.apply(DEPLOYMENT, body, force=False)
    assert list(caught.value.owners) == [IMAGE]


async def test_env_is_merged_by_name_and_args_are_replaced(world: World) -> None:
    ref, uid = await a_deployment(world)
    env = [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]
    body = with_containers(world, ref, uid, {"name": "api", "env": env, "args": ["other"]})
    applied = await world.us.apply(DEPLOYMENT, body, force=True)
    assert container(applied)["env"] == [
        {"name": "A", "value": "1"},
        {"name": "B", "value": "3"},
        {"name": "C", "value": "4"},
    ]
    assert container(applied)["args"] == ["other"]
    assert container(applied)["image"] == "example/api:1"


async def test_an_entry_that_we_no_longer_apply_goes_away(world: World) -> None:
    ref, uid = await a_deployment(world)
    env = [{"name": "C", "value": "4"}]
    body = with_containers(world, ref, uid, {"name": "api", "env": env})
    await world.us.apply(DEPLOYMENT, body, force=True)
    body = with_containers(world, ref, uid, {"name": "api"})
    applied = await world.us.apply(DEPLOYMENT, body, force=True)
    assert [entry["name"] for entry in container(applied)["env"]] == ["A", "B"]


async def test_a_container_that_we_no_longer_apply_goes_away(world: World) -> None:
    ref, uid = await a_deployment(world)
    extra = {"name": "extra", "image": "example/extra:1"}
    await world.us.apply(DEPLOYMENT, with_containers(world, ref, uid, extra), force=True)
    # The annotation counts as another change, so that the apply is not empty.
    body = world.body(ref, uid=uid, annotations={"a": "1"})
    applied = await world.us.apply(DEPLOYMENT, body, force=True)
    names = [one["name"] for one in applied["spec"]["template"]["spec"]["containers"]]
    assert names == ["api", "proxy"]


# --- what belongs to whom


async def test_apply_that_changes_nothing_makes_no_new_version(world: World) -> None:
    _, ours = await a_config_map(world, a="1")
    first = await world.us.apply(CONFIG_MAP, {**ours, "data": {"b": "2"}}, force=False)
    assert await world.us.apply(CONFIG_MAP, {**ours, "data": {"b": "2"}}, force=False) == first


async def test_a_shared_field_stays_when_one_owner_leaves(world: World) -> None:
    _, ours = await a_config_map(world, a="1")
    await world.us.apply(CONFIG_MAP, {**ours, "data": {"a": "1", "b": "2"}}, force=False)
    applied = await world.us.apply(CONFIG_MAP, ours, force=False)
    assert applied["data"] == {"a": "1"}


async def test_a_field_taken_by_force_goes_away_when_we_leave(world: World) -> None:
    _, ours = await a_config_map(world, a="1", z="9")
    await world.us.apply(CONFIG_MAP, {**ours, "data": {"a": "2"}}, force=True)
    applied = await world.us.apply(CONFIG_MAP, ours, force=False)
    assert applied["data"] == {"z": "9"}


async def test_our_own_patch_conflicts_with_our_own_apply(world: World) -> None:
    ref, ours = await a_config_map(world, a="1")
    await world.us.patch(ref, {"data": {"b": "1"}})
    with pytest.raises(Conflict) as caught:
        await world.us.apply(CONFIG_MAP, {**ours, "data": {"b": "2"}}, force=False)
    assert ".data.b" in caught.value.owners


async def test_apply_ignores_the_status(world: World) -> None:
    ref = world.ref(THING)
    created = await world.us.create(THING, world.body(ref, {"spec": {"a": 1}}))
    body = world.body(ref, {"spec": {"b": 2}, "status": {"x": 1}}, uid=created["metadata"]["uid"])
    applied = await world.us.apply(THING, body, force=False)
    assert applied["spec"] == {"a": 1, "b": 2}
    assert "status" not in applied
    assert applied["metadata"]["generation"] == 2


async def test_lists_of_a_custom_kind_are_replaced_as_a_whole(world: World) -> None:
    ref = world.ref(THING)
    spec = {"containers": [{"name": "a", "x": 1}, {"name": "b"}]}
    created = await world.kubectl.create(THING, world.body(ref, {"spec": spec}))
    uid = created["metadata"]["uid"]
    body = world.body(ref, {"spec": {"containers": [{"name": "a"}]}}, uid=uid)
    with pytest.raises(Conflict) as caught:
        await world.us.apply(THING, body, force=False)
    assert list(caught.value.owners) == [".spec.containers"]
    applied = await world.us.apply(THING, body, force=True)
    assert applied["spec"] == {"containers": [{"name": "a"}]}


async def test_finalizers_are_a_set(world: World) -> None:
    ref = world.ref(THING)
    mine, theirs = "release-coordinator.io/a", "example.com/b"
    created = await world.kubectl.create(THING, world.body(ref, {"spec": {}}, finalizers=[theirs]))
    uid = created["metadata"]["uid"]
    applied = await world.us.apply(THING, world.body(ref, uid=uid, finalizers=[mine]), force=False)
    assert sorted(applied["metadata"]["finalizers"]) == [theirs, mine]
    applied = await world.us.apply(THING, world.body(ref, uid=uid), force=False)
    assert applied["metadata"]["finalizers"] == [theirs]
    await world.kubectl.patch(ref, {"metadata": {"finalizers": None}})
