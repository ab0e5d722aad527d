"""Which kinds are Kopf's, and whom an event concerns."""

import kopf
import pytest
from tests.fakes.world import NAMESPACE, STAGING
from tests.policies import basic
from tests.releases import bookshop

from release_coordinator.cluster.login import Credentials
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import LEASE, POLICY, RELEASE, Body, Kind, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.controllers.watching import KINDS
from release_coordinator.engine import names
from release_coordinator.handlers import Intake, register
from release_coordinator.reconcile import Key

KEY = (NAMESPACE, "bookshop")


async def nobody() -> Credentials:
    return Credentials("", "", "", "", "")


async def stored(cluster: MemoryCluster, kind: Kind, body: Body) -> Body:
    """As the API server has it."""
    metadata = {"name": body["metadata"]["name"], "namespace": NAMESPACE}
    return await cluster.create(kind, {**body, "metadata": metadata})


async def test_kopf_gets_no_kind_that_releases_can_do_without() -> None:
    """It ends the process when it may not watch one, or when its CRD is missing."""
    registry = kopf.OperatorRegistry()
    register(registry, Intake(Store(), lambda _: None), nobody)

    watched = {one.id for one in registry._watching.get_all_handlers()}
    assert {"releases", "releasepolicies", "jobs"} <= watched
    assert watched.isdisjoint(kind.plural for kind in KINDS)


async def test_a_policy_concerns_the_incidents_of_the_releases_of_its_namespace() -> None:
    cluster, store = MemoryCluster(namespaces=(NAMESPACE,)), Store()
    passes, beside = list[Key](), list[Key]()
    store.put(RELEASE, await stored(cluster, RELEASE, bookshop()))
    body = await stored(cluster, POLICY, basic())
    intake = Intake(store, passes.append, beside.append)

    intake.take(POLICY, "ADDED", body)
    assert (passes, beside) == ([KEY], [KEY])
    intake.take(POLICY, "MODIFIED", body)
    assert beside == [KEY], "it was known"
    intake.take(POLICY, "DELETED", body)
    assert (passes, beside) == ([KEY] * 2, [KEY] * 2)


async def test_every_event_of_a_release_concerns_what_is_kept_beside_it() -> None:
    cluster, store, beside = MemoryCluster(namespaces=(NAMESPACE,)), Store(), list[Key]()
    body = await stored(cluster, RELEASE, bookshop())
    store.put(RELEASE, body)

    Intake(store, lambda _: None, beside.append).take(RELEASE, "MODIFIED", body)

    assert beside == [KEY], "we have written it ourselves, and that is to be told"


async def test_the_end_in_staging_wakes_production_though_we_have_written_it_ourselves() -> None:
    cluster, store, passes = MemoryCluster(namespaces=(NAMESPACE, STAGING)), Store(), list[Key]()
    store.put(RELEASE, await stored(cluster, RELEASE, bookshop()))
    store.put(POLICY, await stored(cluster, POLICY, basic(staging={"namespace": STAGING})))
    metadata = {"name": "bookshop", "namespace": STAGING}
    staging = await cluster.create(RELEASE, {**bookshop(), "metadata": metadata})
    intake = Intake(store, passes.append)
    intake.take(RELEASE, "ADDED", staging)
    passes.clear()

    for number in (1, 2):
        status = {"attempt": {"number": number, "recorded": True}}
        staging = await cluster.replace_status(RELEASE, {**staging, "status": status})
        store.put(RELEASE, staging)
        intake.take(RELEASE, "MODIFIED", staging)
        assert passes == [KEY] * number
        intake.take(RELEASE, None, staging)
        assert passes == [KEY] * number, "once for each"


@pytest.mark.parametrize("gone", [False, True])
async def test_who_waits_for_a_lock_is_woken_when_its_owner_ends_and_leaves_it_behind(
    gone: bool,  # noqa: FBT001
) -> None:
    """The API server would not let the lock go: no event of the Lease tells of the end."""
    cluster, store, passes = MemoryCluster(namespaces=(NAMESPACE,)), Store(), list[Key]()
    store.put(RELEASE, await stored(cluster, RELEASE, bookshop()))
    owner = await cluster.create(
        RELEASE, {**bookshop(), "metadata": {"name": "admin", "namespace": NAMESPACE}}
    )
    labels = {names.LABEL_RELEASE: "admin", names.LABEL_UID: owner["metadata"]["uid"]}
    lock = {"metadata": {"name": "lock", "namespace": NAMESPACE, "labels": labels}}
    store.put(LEASE, await cluster.create(LEASE, lock))
    intake = Intake(store, passes.append)
    store.put(RELEASE, owner)
    intake.take(RELEASE, "ADDED", owner)
    assert passes == [], "it is at work"

    if gone:
        metadata = owner["metadata"]
        store.remove(Ref(RELEASE, NAMESPACE, "admin"), metadata["uid"], metadata["resourceVersion"])
    else:
        status = {"attempt": {"number": 1, "frozen": True, "recorded": True}}
        owner = await cluster.replace_status(RELEASE, {**owner, "status": status})
        store.put(RELEASE, owner)
    intake.take(RELEASE, "DELETED" if gone else "MODIFIED", owner)

    assert KEY in passes
    count = len(passes)
    intake.take(RELEASE, "DELETED" if gone else "MODIFIED", owner)
    assert gone or len(passes) == count, "once"
