"""What the double can do beyond the port: faults, watching, forks, a clock, admission."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from release_coordinator.cluster.memory import Call, Hook, MemoryCluster
from release_coordinator.cluster.port import CONFIG_MAP, JOB, RELEASE, Body, Kind, Ref
from release_coordinator.errors import Invalid, NotFound

REF = Ref(CONFIG_MAP, "default", "a")


class CrashError(Exception):
    """What a harness throws at the product."""


def body(name: str = "a", **content: object) -> Body:
    return {"metadata": {"name": name, "namespace": "default"}, **content}


def crashing(verb: str) -> Hook:
    async def hook(call: Call) -> None:
        if call.verb == verb:
            raise CrashError

    return hook


async def test_a_crash_before_a_write_leaves_nothing() -> None:
    cluster = MemoryCluster()
    cluster.before = crashing("create")
    with pytest.raises(CrashError):
        await cluster.create(CONFIG_MAP, body())
    with pytest.raises(NotFound):
        await cluster.get(REF)


async def test_a_lost_reply_leaves_the_write() -> None:
    cluster = MemoryCluster()
    cluster.after = crashing("create")
    with pytest.raises(CrashError):
        await cluster.create(CONFIG_MAP, body())
    assert await cluster.get(REF)


async def test_a_lost_refusal_is_lost_too() -> None:
    cluster = MemoryCluster()
    cluster.after = crashing("get")
    with pytest.raises(CrashError):
        await cluster.get(REF)


async def test_hooks_see_every_call_of_their_own_actor_only() -> None:
    calls: list[Call] = []

    async def note(call: Call) -> None:
        calls.append(call)

    cluster = MemoryCluster()
    cluster.before = note
    other = cluster.as_manager("kubectl")
    created = await cluster.create(CONFIG_MAP, body())
    uid = created["metadata"]["uid"]
    await other.patch(REF, {"data": {"a": "1"}})
    found = await cluster.get(REF)
    await cluster.list(CONFIG_MAP)
    await cluster.patch(REF, {"data": {"b": "2"}})
    with pytest.raises(Exception, match="resourceVersion"):
        await cluster.replace(CONFIG_MAP, found)
    await cluster.delete(REF, uid=uid)
    assert [(call.verb, call.ref.name, call.writes) for call in calls] == [
        ("create", "a", True),
        ("get", "a", False),
        ("list", "", False),
        ("patch", "a", True),
        ("replace", "a", True),
        ("delete", "a", True),
    ]


async def test_subscribers_see_changes_in_order_and_no_empty_ones() -> None:
    seen: list[tuple[str, str, str]] = []

    def note(event: str, changed: Body) -> None:
        metadata = changed["metadata"]
        seen.append((event, metadata["name"], metadata["resourceVersion"]))

    cluster = MemoryCluster()
    start = len(cluster.everything())
    stop = cluster.subscribe(note)
    created = await cluster.create(RELEASE, body(spec={"a": 1}))
    await cluster.patch(Ref(RELEASE, "default", "a"), {"spec": {"a": 1}})
    await cluster.replace_status(RELEASE, {**created, "status": {"phase": "Pending"}})
    await cluster.delete(Ref(RELEASE, "default", "a"), uid=created["metadata"]["uid"])
    stop()
    await cluster.create(CONFIG_MAP, body("unseen"))
    assert seen == [
        ("ADDED", "a", str(start + 1)),
        ("MODIFIED", "a", str(start + 2)),
        ("DELETED", "a", str(start + 3)),
    ]


async def test_nobody_can_change_the_store_through_a_body() -> None:
    leaked: list[Body] = []
    cluster = MemoryCluster()
    cluster.subscribe(lambda _, changed: leaked.append(changed))
    given = body(data={"a": "1"})
    leaked.append(given)
    leaked.append(await cluster.create(CONFIG_MAP, given))
    leaked.append(await cluster.get(REF))
    leaked.extend(await cluster.list(CONFIG_MAP))
    leaked.extend(one for one in cluster.everything() if one["kind"] == "ConfigMap")
    patch = {"data": {"b": {"c": "2"}}}
    leaked.append(await cluster.patch(REF, patch))
    leaked.append({"data": patch["data"]["b"]})
    for one in leaked:
        one["data"].clear()
    assert (await cluster.get(REF))["data"] == {"a": "1", "b": {"c": "2"}}


async def test_a_fork_goes_its_own_way() -> None:
    cluster = MemoryCluster()
    events: list[str] = []
    cluster.subscribe(lambda event, _: events.append(event))
    await cluster.create(CONFIG_MAP, body(data={"a": "1"}))
    fork = cluster.fork()
    await fork.patch(REF, {"data": {"a": "2"}})
    await fork.create(CONFIG_MAP, body("b"))
    assert (await cluster.get(REF))["data"] == {"a": "1"}
    assert events == ["ADDED"]
    # Both continue alike: the same calls give the same names, uids and versions.
    await cluster.patch(REF, {"data": {"a": "2"}})
    await cluster.create(CONFIG_MAP, body("b"))
    assert cluster.everything() == fork.everything()


async def test_the_clock_is_injected() -> None:
    now = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    cluster = MemoryCluster(now=lambda: now)
    finalizers = {"finalizers": ["example.com/a"]}
    created = await cluster.create(RELEASE, {"metadata": {**body()["metadata"], **finalizers}})
    assert created["metadata"]["creationTimestamp"] == "2030-01-02T03:04:05Z"
    now += timedelta(seconds=1)
    await cluster.delete(Ref(RELEASE, "default", "a"), uid=created["metadata"]["uid"])
    dying = await cluster.get(Ref(RELEASE, "default", "a"))
    assert dying["metadata"]["deletionTimestamp"] == "2030-01-02T03:04:06Z"


async def test_garbage_goes_with_the_last_of_its_owners() -> None:
    cluster = MemoryCluster()

    async def create(kind: Kind, name: str, *owners: Body) -> Body:
        references = [
            {"kind": owner["kind"], "name": name, "uid": owner["metadata"]["uid"]}
            for owner in owners
        ]
        metadata = {"name": name, "namespace": "default", "ownerReferences": references}
        return await cluster.create(kind, {"metadata": metadata})

    first, second = await create(RELEASE, "first"), await create(RELEASE, "second")
    job = await create(JOB, "job", first)
    await create(CONFIG_MAP, "of-job", job)
    await create(CONFIG_MAP, "of-both", first, second)
    cluster.collect_garbage()
    assert len(await cluster.list(CONFIG_MAP)) == 2
    await cluster.delete(Ref(RELEASE, "default", "first"), uid=first["metadata"]["uid"])
    cluster.collect_garbage()
    assert await cluster.list(JOB) == []
    assert [one["metadata"]["name"] for one in await cluster.list(CONFIG_MAP)] == ["of-both"]


async def test_admission_sees_old_and_new_and_can_refuse() -> None:
    seen: list[tuple[object, object]] = []

    def admit(kind: Kind, old: Body | None, new: Body) -> None:
        if kind == CONFIG_MAP:
            seen.append((old and old["data"], new["data"]))
            if new["data"].get("a") == "bad":
                raise Invalid("bad")

    cluster = MemoryCluster(admission=admit)
    await cluster.create(CONFIG_MAP, body(data={"a": "1"}))
    with pytest.raises(Invalid):
        await cluster.patch(REF, {"data": {"a": "bad"}})
    assert seen == [(None, {"a": "1"}), ({"a": "1"}, {"a": "bad"})]
    assert (await cluster.get(REF))["data"] == {"a": "1"}


@pytest.mark.parametrize("make", [MemoryCluster, lambda: MemoryCluster().fork()])
async def test_names_and_versions_are_deterministic(make: Callable[[], MemoryCluster]) -> None:
    first, second = make(), make()
    for cluster in (first, second):
        await cluster.create(CONFIG_MAP, body(data={"a": "1"}))
    assert first.everything() == second.everything()
