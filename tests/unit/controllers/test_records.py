"""The retention of the release log deletes what was given up, and nothing else."""

from typing import Any

import pytest
from tests.fakes.world import DAWN, NAMESPACE
from tests.releases import bookshop
from tests.unit.engine.logs import RELEASE, Log, name_of, ref_of

from release_coordinator.api.status import PrunedRecords
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import RECORD, Body, Ref
from release_coordinator.cluster.port import RELEASE as RELEASES
from release_coordinator.cluster.store import Store
from release_coordinator.controllers.port import Parts
from release_coordinator.controllers.records import AT_ONCE, RecordRetention
from release_coordinator.engine import names
from release_coordinator.errors import Denied

KEY = (NAMESPACE, RELEASE)


class Place:
    """A cluster with a Release and its log, and the controller."""

    def __init__(self) -> None:
        self.cluster = MemoryCluster(namespaces=(NAMESPACE,), now=lambda: DAWN)
        self.store = Store()
        parts = Parts(self.cluster, self.store, lambda: DAWN, NAMESPACE)
        self.controller = RecordRetention(parts)

    async def furnish(self, count: int, through: int, *kept: int) -> str:
        """A log of so many records, shortened; return the UID of its Release."""
        made = await self.cluster.create(RELEASES, bookshop())
        uid = made["metadata"]["uid"]
        log = Log.of(count, release_uid=uid)
        for number in range(1, count + 1):
            await self.cluster.create(RECORD, body(log, number, uid))
        refs = [ref_of(log.records[name_of(number)]) for number in kept]
        pruned = PrunedRecords(through=through, at=DAWN, kept=refs)
        made["status"] = {"prunedRecords": pruned.to_wire()}
        self.store.put(RELEASES, await self.cluster.replace_status(RELEASES, made))
        return str(uid)

    async def left(self) -> set[int]:
        """Attempts whose records are there."""
        return {one["spec"]["attempt"] for one in await self.cluster.list(RECORD, NAMESPACE)}


def body(log: Log, number: int, uid: str) -> Body:
    """A record as the operator has stored it."""
    labels = {names.LABEL_RELEASE: RELEASE, names.LABEL_UID: uid}
    metadata: dict[str, Any] = {"namespace": NAMESPACE, "labels": labels}
    record = log.records[name_of(number)]
    return {"metadata": {"name": name_of(number), **metadata}, "spec": record.to_wire()}


async def test_it_deletes_what_was_given_up() -> None:
    place = Place()
    await place.furnish(6, 4, 2)

    assert await place.controller.reconcile(KEY) is None

    assert await place.left() == {2, 5, 6}


async def test_it_goes_on_where_it_has_stopped() -> None:
    place = Place()
    await place.furnish(AT_ONCE + 5, AT_ONCE + 2)

    assert await place.controller.reconcile(KEY) == 0.0
    assert len(await place.left()) == 5
    assert await place.controller.reconcile(KEY) is None

    assert await place.left() == {AT_ONCE + 3, AT_ONCE + 4, AT_ONCE + 5}


async def test_another_release_of_that_name_loses_nothing() -> None:
    place = Place()
    await place.furnish(3, 3)
    log = Log.of(1, release_uid="another")
    await place.cluster.create(RECORD, {**body(log, 1, "another"), "metadata": {
        "name": "bookshop-1-earlier", "namespace": NAMESPACE,
        "labels": {names.LABEL_RELEASE: RELEASE, names.LABEL_UID: "another"},
    }})  # fmt: skip

    await place.controller.reconcile(KEY)

    found = await place.cluster.list(RECORD, NAMESPACE)
    assert [one["metadata"]["name"] for one in found] == ["bookshop-1-earlier"]


async def test_a_label_alone_makes_no_record_its_own() -> None:
    place = Place()
    uid = await place.furnish(1, 1)
    log = Log.of(1, release_uid="another")
    labelled = body(log, 1, uid)
    labelled["metadata"]["name"] = "bookshop-1-labelled"
    await place.cluster.create(RECORD, labelled)

    await place.controller.reconcile(KEY)

    found = await place.cluster.list(RECORD, NAMESPACE)
    assert [one["metadata"]["name"] for one in found] == ["bookshop-1-labelled"]


async def test_a_record_that_a_person_has_deleted_is_no_trouble() -> None:
    place = Place()
    await place.furnish(3, 2)
    await place.controller.reconcile(("shop", "nobody"))
    known = await place.cluster.get(Ref(RECORD, NAMESPACE, name_of(1)))
    place.store.replace_all(
        RECORD, await place.cluster.list(RECORD, NAMESPACE), since=0, namespace=NAMESPACE
    )
    await place.cluster.delete(Ref(RECORD, NAMESPACE, name_of(1)), uid=known["metadata"]["uid"])

    await place.controller.reconcile(KEY)

    assert await place.left() == {3}


@pytest.mark.parametrize(
    "status", [{}, {"prunedRecords": {"through": "x", "at": "2026-11-23T12:00:00Z"}}]
)
async def test_without_a_decision_it_deletes_nothing(status: Body) -> None:
    place = Place()
    await place.furnish(3, 2)
    release = dict(place.store.get(Ref(RELEASES, *KEY)) or {})
    release["status"] = status
    other = Store()
    other.put(RELEASES, release)

    await RecordRetention(Parts(place.cluster, other, lambda: DAWN, "")).reconcile(KEY)

    assert await place.left() == {1, 2, 3}


async def test_a_missing_right_is_told_to_the_manager() -> None:
    place = Place()
    await place.furnish(3, 2)

    async def denied(*_: object, **__: object) -> None:
        raise Denied("cannot delete")

    place.cluster.delete = denied  # type: ignore[method-assign]

    with pytest.raises(Denied):
        await place.controller.reconcile(KEY)
