"""What `cluster.port` promises, on the double and on a real API server."""

import pytest
from tests.contract.conftest import THING, World

from release_coordinator.cluster.port import (
    CONFIG_MAP,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    EVENT,
    JOB,
    LEASE,
    Body,
    Kind,
    Ref,
)
from release_coordinator.engine.writers import writer_of
from release_coordinator.errors import AlreadyExists, Conflict, Invalid, NotFound, Transient

FOREIGN_UID = "11111111-1111-4111-8111-111111111111"
OLD_VERSION = "1"


def version(body: Body) -> str:
    return str(body["metadata"]["resourceVersion"])


def uid(body: Body) -> str:
    return str(body["metadata"]["uid"])


async def a_config_map(world: World, **data: str) -> tuple[Ref, Body]:
    ref = world.ref(CONFIG_MAP)
    return ref, await world.us.create(CONFIG_MAP, world.body(ref, {"data": data}))


async def a_thing(world: World, content: Body, **metadata: object) -> tuple[Ref, Body]:
    ref = world.ref(THING)
    return ref, await world.us.create(THING, world.body(ref, content, **metadata))


# --- get and list


async def test_get_returns_what_create_stored(world: World) -> None:
    ref, created = await a_config_map(world, a="1")
    assert await world.us.get(ref) == created
    assert created["data"] == {"a": "1"}
    assert created["apiVersion"] == "v1"
    assert created["kind"] == "ConfigMap"
    assert created["metadata"]["uid"]
    assert created["metadata"]["creationTimestamp"]
    assert int(version(created)) > 0


async def test_bodies_come_without_managed_fields(world: World) -> None:
    ref, created = await a_config_map(world, a="1")
    found = await world.us.list(CONFIG_MAP, world.namespace)
    for body in (created, await world.us.get(ref), *found):
        assert "managedFields" not in body["metadata"]


async def test_get_of_a_missing_object_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.us.get(world.ref(CONFIG_MAP))


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
async def test_a_name_that_would_address_something_else_is_refused(world: World, name: str) -> None:
    with pytest.raises(Invalid):
        await world.us.get(Ref(CONFIG_MAP, world.namespace, name))
    with pytest.raises(Invalid):
        await world.us.delete(Ref(CONFIG_MAP, world.namespace, name), uid=FOREIGN_UID)


async def test_a_namespaced_object_needs_its_namespace(world: World) -> None:
    with pytest.raises(Invalid):
        await world.us.get(Ref(CONFIG_MAP, None, "a"))


async def test_list_reads_all_pages_of_what_has_the_labels(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release_coordinator.cluster.client._PAGE", 2)
    case, names = world.namespace, []  # an earlier run's namespace may not be gone yet
    for number in range(5):
        ref = world.ref(JOB)
        names.append(ref.name)
        labels = {"case": case, "parity": "odd" if number % 2 else "even"}
        await world.us.create(JOB, world.body(ref, a_job(), labels=labels))
    found = await world.us.list(JOB, world.namespace, {"case": case})
    assert [body["metadata"]["name"] for body in found] == names
    assert {(body["apiVersion"], body["kind"]) for body in found} == {("batch/v1", "Job")}
    odd = await world.us.list(JOB, None, {"case": case, "parity": "odd"})
    assert [body["metadata"]["name"] for body in odd] == names[1::2]
    assert await world.us.list(JOB, world.namespace, {"case": "none"}) == []


async def test_a_list_says_what_it_is_too_old_to_know(world: World) -> None:
    _, before = await a_config_map(world, a="1")
    listed = await world.us.list(CONFIG_MAP, world.namespace)
    _, after = await a_config_map(world, a="2")
    assert int(version(before)) <= int(listed.version) < int(version(after))


async def test_of_a_list_only_that_is_kept_which_is_asked_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release_coordinator.cluster.client._SMALL_PAGE", 2)
    case, refs = f"kept-{world.namespace}", [world.ref(CONFIG_MAP) for _ in range(5)]
    for ref in refs:
        body = world.body(ref, {"data": {"large": "x"}}, labels={"case": case})
        await world.us.create(CONFIG_MAP, body)

    found = await world.us.list(
        CONFIG_MAP,
        world.namespace,
        {"case": case},
        keep=lambda body: {"kind": body["kind"], "metadata": body["metadata"]},
    )

    assert [body["metadata"]["name"] for body in found] == [ref.name for ref in refs]
    assert {tuple(body) for body in found} == {("kind", "metadata")}


async def test_list_of_a_missing_namespace_is_empty(world: World) -> None:
    assert await world.us.list(CONFIG_MAP, "nowhere") == []


# --- create


async def test_create_of_an_existing_object_says_so_and_changes_nothing(world: World) -> None:
    ref, created = await a_config_map(world, a="1")
    with pytest.raises(AlreadyExists):
        await world.us.create(CONFIG_MAP, world.body(ref, {"data": {"a": "2"}}))
    assert await world.us.get(ref) == created


async def test_create_in_a_missing_namespace_is_not_found(world: World) -> None:
    with pytest.raises(NotFound, match="nowhere"):
        await world.us.create(CONFIG_MAP, {"metadata": {"name": "a", "namespace": "nowhere"}})


async def test_create_with_a_version_is_refused(world: World) -> None:
    ref = world.ref(CONFIG_MAP)
    with pytest.raises(Invalid):
        await world.us.create(CONFIG_MAP, world.body(ref, resourceVersion="5"))


@pytest.mark.parametrize("name", ["Upper", "under_score", "-dash", ""])
async def test_create_refuses_bad_names(world: World, name: str) -> None:
    with pytest.raises(Invalid):
        await world.us.create(LEASE, world.body(Ref(LEASE, world.namespace, name)))


async def test_create_refuses_bad_labels(world: World) -> None:
    for label in ("1.0+build", "x" * 64, "-a"):
        with pytest.raises(Invalid):
            await world.us.create(LEASE, world.body(world.ref(LEASE), labels={"v": label}))


async def test_the_name_of_a_job_must_fit_into_a_label(world: World) -> None:
    ref = Ref(JOB, world.namespace, "j" * 64)
    with pytest.raises(Invalid):
        await world.us.create(JOB, world.body(ref, a_job()))


async def test_a_dry_run_shows_what_a_create_would_store_and_stores_nothing(world: World) -> None:
    ref = world.ref(CONFIG_MAP)
    shown = await world.us.create(CONFIG_MAP, world.body(ref, {"data": {"a": "1"}}), dry_run=True)
    assert shown["data"] == {"a": "1"}
    assert uid(shown)
    assert "resourceVersion" not in shown["metadata"]
    with pytest.raises(NotFound):
        await world.us.get(ref)


async def test_a_dry_run_is_refused_as_the_create_would_be(world: World) -> None:
    ref, created = await a_config_map(world, a="1")
    with pytest.raises(AlreadyExists):
        await world.us.create(CONFIG_MAP, world.body(ref), dry_run=True)
    bad = world.body(Ref(CONFIG_MAP, world.namespace, "Upper"))
    with pytest.raises(Invalid):
        await world.us.create(CONFIG_MAP, bad, dry_run=True)
    elsewhere = {"metadata": {"name": "a", "namespace": "nowhere"}}
    with pytest.raises(NotFound, match="nowhere"):
        await world.us.create(CONFIG_MAP, elsewhere, dry_run=True)
    assert await world.us.get(ref) == created


async def test_an_event_is_created_once(world: World) -> None:
    ref = world.ref(EVENT)
    body = world.body(
        ref,
        {
            "eventTime": "2026-01-01T00:00:00.000000Z",
            "reportingController": "release-coordinator.io/operator",
            "reportingInstance": "pod-1",
            "action": "Rollout",
            "reason": "Started",
            "type": "Normal",
            "note": "1.2.0 begins",
            "regarding": {
                "apiVersion": "apps/v1",
                "kind": "Deployment",
                "name": "shop",
                "namespace": world.namespace,
            },
        },
    )
    await world.us.create(EVENT, body)
    with pytest.raises(AlreadyExists):
        await world.us.create(EVENT, body)


# --- patch


async def test_patch_merges_and_null_removes(world: World) -> None:
    ref, created = await a_config_map(world, a="1", b="2")
    patched = await world.us.patch(ref, {"data": {"a": None, "c": "3"}})
    assert patched["data"] == {"b": "2", "c": "3"}
    assert int(version(patched)) > int(version(created))
    assert await world.us.get(ref) == patched


async def test_patch_that_changes_nothing_makes_no_new_version(world: World) -> None:
    ref, created = await a_config_map(world, a="1")
    assert await world.us.patch(ref, {"data": {"a": "1"}}) == created


async def test_patch_of_a_missing_object_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.us.patch(world.ref(CONFIG_MAP), {"metadata": {"uid": FOREIGN_UID}})


async def test_patch_with_true_preconditions_goes_through(world: World) -> None:
    ref, created = await a_config_map(world, a="1")
    preconditions = {"uid": uid(created), "resourceVersion": version(created)}
    patched = await world.us.patch(ref, {"metadata": preconditions, "data": {"a": "2"}})
    assert patched["data"] == {"a": "2"}


@pytest.mark.parametrize("wrong", [{"uid": FOREIGN_UID}, {"resourceVersion": OLD_VERSION}])
@pytest.mark.parametrize("kind", [CONFIG_MAP, THING, JOB])
async def test_patch_with_a_wrong_precondition_is_a_conflict(
    world: World, kind: Kind, wrong: Body
) -> None:
    ref = world.ref(kind)
    content = a_job() if kind == JOB else {}
    created = await world.us.create(kind, world.body(ref, content))
    with pytest.raises(Conflict):
        await world.us.patch(ref, {"metadata": {**wrong, "labels": {"new": "1"}}})
    after = await world.us.get(ref)
    assert "new" not in after["metadata"].get("labels", {})
    assert uid(after) == uid(created)


async def test_patch_cannot_rename(world: World) -> None:
    ref, _ = await a_config_map(world)
    for metadata in ({"name": "other"}, {"namespace": "default"}):
        with pytest.raises(Invalid):
            await world.us.patch(ref, {"metadata": metadata})


async def test_patch_cannot_write_what_the_server_writes(world: World) -> None:
    ref, created = await a_thing(world, {"spec": {}})
    metadata = {"generation": 99, "creationTimestamp": "2001-01-01T00:00:00Z"}
    assert await world.us.patch(ref, {"metadata": metadata}) == created


# --- replace


async def test_replace_takes_the_whole_object(world: World) -> None:
    ref = world.ref(LEASE)
    content = {"spec": {"holderIdentity": "a", "leaseDurationSeconds": 15}}
    lease = await world.us.create(LEASE, world.body(ref, content))
    lease["spec"] = {"holderIdentity": "b"}
    replaced = await world.us.replace(LEASE, lease)
    assert replaced["spec"] == {"holderIdentity": "b"}
    assert int(version(replaced)) > int(version(lease))
    with pytest.raises(Conflict):
        await world.us.replace(LEASE, lease)


async def test_replace_that_changes_nothing_makes_no_new_version(world: World) -> None:
    _, created = await a_config_map(world, a="1")
    assert await world.us.replace(CONFIG_MAP, created) == created


async def test_replace_of_a_missing_object_is_not_found(world: World) -> None:
    _, created = await a_config_map(world)
    created["metadata"]["name"] = world.ref(CONFIG_MAP).name
    with pytest.raises(NotFound):
        await world.us.replace(CONFIG_MAP, created)


async def test_replace_of_another_uid_is_a_conflict(world: World) -> None:
    _, created = await a_config_map(world, a="1")
    created["metadata"]["uid"] = FOREIGN_UID
    with pytest.raises(Conflict):
        await world.us.replace(CONFIG_MAP, {**created, "data": {"a": "2"}})


async def test_a_dry_run_of_a_replace_shows_what_it_would_store_and_stores_nothing(
    world: World,
) -> None:
    ref, created = await a_config_map(world, a="1")
    shown = await world.us.replace(CONFIG_MAP, {**created, "data": {"a": "2"}}, dry_run=True)
    assert shown["data"] == {"a": "2"}
    assert uid(shown) == uid(created)
    assert await world.us.get(ref) == created
    created["metadata"]["uid"] = FOREIGN_UID
    with pytest.raises(Conflict):
        await world.us.replace(CONFIG_MAP, created, dry_run=True)


async def test_a_dry_run_of_a_patch_shows_what_it_would_store_and_stores_nothing(
    world: World,
) -> None:
    ref, created = await a_config_map(world, a="1")
    shown = await world.us.patch(ref, {"data": {"a": None, "b": "2"}}, dry_run=True)
    assert shown["data"] == {"b": "2"}
    assert uid(shown) == uid(created)
    assert await world.us.get(ref) == created
    with pytest.raises(Conflict):
        await world.us.patch(ref, {"metadata": {"uid": FOREIGN_UID}}, dry_run=True)
    with pytest.raises(NotFound):
        await world.us.patch(Ref(CONFIG_MAP, world.namespace, "gone"), {}, dry_run=True)


async def test_replace_without_a_version_is_refused(world: World) -> None:
    ref, created = await a_config_map(world, a="1")
    with pytest.raises(Invalid):
        await world.us.replace(CONFIG_MAP, world.body(ref, {"data": {}}))
    with pytest.raises(Invalid):
        await world.us.replace_status(THING, world.body(ref, {"status": {}}))
    assert await world.us.get(ref) == created


# --- the status subresource


async def test_status_has_its_own_door(world: World) -> None:
    ref, created = await a_thing(world, {"spec": {"a": 1}, "status": {"phase": "Forged"}})
    assert "status" not in created
    changed = {**created, "spec": {"a": 2}, "status": {"phase": "Pending"}}
    changed["metadata"] = {**created["metadata"], "labels": {"new": "1"}}
    stored = await world.us.replace_status(THING, changed)
    assert stored["status"] == {"phase": "Pending"}
    assert stored["spec"] == {"a": 1}
    assert "labels" not in stored["metadata"]
    assert stored["metadata"]["generation"] == 1
    assert int(version(stored)) > int(version(created))

    patched = await world.us.patch(ref, {"spec": {"a": 3}, "status": {"phase": "Forged"}})
    assert patched["status"] == {"phase": "Pending"}
    replaced = await world.us.replace(THING, {**patched, "spec": {"a": 4}, "status": {}})
    assert replaced["status"] == {"phase": "Pending"}
    assert replaced["metadata"]["generation"] == 3


async def test_status_that_stays_the_same_makes_no_new_version(world: World) -> None:
    _, created = await a_thing(world, {"spec": {}})
    first = await world.us.replace_status(THING, {**created, "status": {"a": {"b": [1]}}})
    assert await world.us.replace_status(THING, first) == first


async def test_status_on_an_old_version_or_another_uid_is_a_conflict(world: World) -> None:
    _, created = await a_thing(world, {"spec": {}})
    for wrong in ({"resourceVersion": OLD_VERSION}, {"uid": FOREIGN_UID}):
        body = {**created, "metadata": {**created["metadata"], **wrong}, "status": {"a": 1}}
        with pytest.raises(Conflict):
            await world.us.replace_status(THING, body)


async def test_status_of_a_missing_object_is_not_found(world: World) -> None:
    _, created = await a_thing(world, {"spec": {}})
    created["metadata"]["name"] = world.ref(THING).name
    with pytest.raises(NotFound):
        await world.us.replace_status(THING, {**created, "status": {"a": 1}})


async def test_status_of_a_kind_without_one_is_never_not_found(world: World) -> None:
    _, created = await a_config_map(world)
    with pytest.raises(Transient):
        await world.us.replace_status(CONFIG_MAP, created)


# --- generation


async def test_generation_counts_changes_of_the_spec_only(world: World) -> None:
    ref, created = await a_thing(world, {"spec": {"a": 1}})
    assert created["metadata"]["generation"] == 1
    labelled = await world.us.patch(ref, {"metadata": {"annotations": {"x": "y"}}})
    assert labelled["metadata"]["generation"] == 1
    changed = await world.us.patch(ref, {"spec": {"a": 2}})
    assert changed["metadata"]["generation"] == 2


async def test_generation_of_a_deployment_counts_annotations_too(world: World) -> None:
    ref = world.ref(DEPLOYMENT)
    await world.us.create(DEPLOYMENT, world.body(ref, a_deployment(paused=True)))
    before = (await world.us.get(ref))["metadata"]["generation"]
    await world.us.patch(ref, {"metadata": {"labels": {"x": "y"}}})
    assert (await world.us.get(ref))["metadata"]["generation"] == before
    await world.us.patch(ref, {"metadata": {"annotations": {"x": "y"}}})
    assert (await world.us.get(ref))["metadata"]["generation"] == before + 1


async def test_kinds_without_a_spec_have_no_generation(world: World) -> None:
    _, created = await a_config_map(world)
    assert "generation" not in created["metadata"]


# --- delete


async def test_delete_of_another_uid_is_a_conflict(world: World) -> None:
    ref, created = await a_config_map(world)
    with pytest.raises(Conflict):
        await world.us.delete(ref, uid=FOREIGN_UID)
    assert await world.us.get(ref) == created


async def test_delete_without_a_uid_is_refused(world: World) -> None:
    ref, created = await a_config_map(world)
    with pytest.raises(Invalid):
        await world.us.delete(ref, uid="")
    assert await world.us.get(ref) == created


async def test_delete_removes_and_the_name_is_free_again(world: World) -> None:
    ref, created = await a_config_map(world)
    await world.us.delete(ref, uid=uid(created))
    with pytest.raises(NotFound):
        await world.us.get(ref)
    with pytest.raises(NotFound):
        await world.us.delete(ref, uid=uid(created))
    again = await world.us.create(CONFIG_MAP, world.body(ref))
    assert uid(again) != uid(created)


async def test_a_finalizer_keeps_the_object(world: World) -> None:
    mine, theirs = "release-coordinator.io/a", "example.com/b"
    ref, created = await a_thing(world, {"spec": {}}, finalizers=[mine])
    await world.us.delete(ref, uid=uid(created))
    dying = await world.us.get(ref)
    assert dying["metadata"]["deletionTimestamp"]
    assert dying["metadata"]["generation"] == 2
    await world.us.delete(ref, uid=uid(created))
    assert await world.us.get(ref) == dying
    with pytest.raises(Invalid):
        await world.us.patch(ref, {"metadata": {"finalizers": [mine, theirs]}})
    await world.us.patch(ref, {"metadata": {"finalizers": None}})
    with pytest.raises(NotFound):
        await world.us.get(ref)


# --- kinds with rules of their own


async def test_the_data_of_a_controller_revision_is_immutable(world: World) -> None:
    ref = world.ref(CONTROLLER_REVISION)
    content = {"data": {"template": {"a": 1}}, "revision": 1}
    created = await world.us.create(CONTROLLER_REVISION, world.body(ref, content))
    changed = {"data": {"template": {"a": 2}}}
    with pytest.raises(Invalid):
        await world.us.patch(ref, changed)
    with pytest.raises(Invalid):
        await world.us.replace(CONTROLLER_REVISION, {**created, **changed})
    assert await world.us.get(ref) == created


async def test_the_metadata_of_a_controller_revision_can_change(world: World) -> None:
    ref = world.ref(CONTROLLER_REVISION)
    # Keys out of order, and characters that JSON writers disagree about.
    data = {"z": [1, {"b": 1.5, "a": None}], "a": "<é & \u2028 😀>", "m": {"y": "/", "x": ""}}
    created = await world.us.create(
        CONTROLLER_REVISION, world.body(ref, {"data": data, "revision": 1})
    )
    patched = await world.us.patch(ref, {"metadata": {"labels": {"a": "1"}}, "revision": 2})
    assert patched["data"] == created["data"] == data
    replaced = await world.us.replace(CONTROLLER_REVISION, {**patched, "revision": 3})
    assert replaced["data"] == data


async def test_a_suspended_job_is_started_by_a_patch_with_its_version(world: World) -> None:
    ref = world.ref(JOB)
    created = await world.us.create(JOB, world.body(ref, a_job()))
    with pytest.raises(Conflict):
        await world.us.patch(
            ref, {"metadata": {"resourceVersion": OLD_VERSION}, "spec": {"suspend": False}}
        )
    started = await world.us.patch(
        ref, {"metadata": {"uid": uid(created)}, "spec": {"suspend": False}}
    )
    assert started["spec"]["suspend"] is False
    assert started["metadata"]["generation"] == 2


async def test_the_template_of_a_job_is_immutable(world: World) -> None:
    ref = world.ref(JOB)
    await world.us.create(JOB, world.body(ref, a_job()))
    containers = [{"name": "main", "image": "example/other:2"}]
    with pytest.raises(Invalid):
        await world.us.patch(ref, {"spec": {"template": {"spec": {"containers": containers}}}})


async def test_the_selector_of_a_deployment_is_immutable(world: World) -> None:
    ref = world.ref(DEPLOYMENT)
    await world.us.create(DEPLOYMENT, world.body(ref, a_deployment(paused=True)))
    with pytest.raises(Invalid):
        await world.us.patch(ref, {"spec": {"selector": {"matchLabels": {"other": "1"}}}})


def a_job() -> Body:
    """A Job that waits to be started, as migrations do."""
    pod = {"restartPolicy": "Never", "containers": [{"name": "main", "image": "example/job:1"}]}
    return {"spec": {"suspend": True, "backoffLimit": 0, "template": {"spec": pod}}}


def a_deployment(*, paused: bool = False) -> Body:
    """A Deployment without pods."""
    labels = {"app": "shop"}
    containers = [{"name": "api", "image": "example/api:1", "env": [{"name": "A", "value": "1"}]}]
    template = {"metadata": {"labels": labels}, "spec": {"containers": containers}}
    return {
        "spec": {
            "replicas": 0,
            "paused": paused,
            "selector": {"matchLabels": labels},
            "template": template,
        }
    }


# --- who wrote what


async def test_who_wrote_an_image_is_told_to_who_asks(world: World) -> None:
    """Whoever changes it owns it alone; others keep what they wrote."""
    ref = world.ref(DEPLOYMENT)
    created = await world.kubectl.create(DEPLOYMENT, world.body(ref, a_deployment(paused=True)))
    (container,) = created["spec"]["template"]["spec"]["containers"]
    assert await _writer(world, ref, container["name"]) == "kubectl-client-side-apply"

    pod = {"spec": {"containers": [container | {"image": "example/other:2"}]}}
    tool = world.us.as_manager("argocd-controller")
    await tool.patch(ref, {"spec": {"template": pod}})
    await world.us.patch(ref, {"metadata": {"labels": {"unrelated": "x"}}})
    assert await _writer(world, ref, container["name"]) == "argocd-controller"

    pod = {"spec": {"containers": [container | {"image": "example/other:3"}]}}
    await world.us.patch(ref, {"spec": {"template": pod}})
    assert await _writer(world, ref, container["name"]) == ""


async def _writer(world: World, ref: Ref, container: str) -> str:
    """The other owner of an image."""
    body = await world.us.get(ref, managers=True)
    return writer_of(body["metadata"].get("managedFields"), container).manager
