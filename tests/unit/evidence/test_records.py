"""The release log of another namespace, and what is kept of the own one."""

import asyncio
from typing import Any

import pytest
from tests.fakes.world import World
from tests.records import broken, completed

from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import RECORD, Body
from release_coordinator.cluster.store import Store
from release_coordinator.engine.evidence import AdmissionFact, RecordsFact, RecordsWant
from release_coordinator.errors import Denied, Invalid, NotFound, Transient
from release_coordinator.evidence import records, registry
from release_coordinator.evidence.sources import Sources

NAMESPACE = "shop-staging"


def sources(cluster: MemoryCluster) -> Sources:
    world = World()
    return Sources(cluster, Store(), world.metrics, world.prober, lambda: AdmissionFact(""))


def body(name: str, spec: RecordSpec, release: str = "bookshop", **changes: object) -> Body:
    labels = {"release-coordinator.io/release": release}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    return {"metadata": metadata, "spec": spec.to_wire() | changes}


async def look(cluster: MemoryCluster) -> RecordsFact:
    want = RecordsWant(NAMESPACE, "bookshop")
    fact = await registry.answer(sources(cluster), "shop", want)
    assert isinstance(fact, RecordsFact)
    return fact


async def test_records_of_the_release_are_read_oldest_first() -> None:
    cluster = MemoryCluster(namespaces=(NAMESPACE, "shop"))
    await cluster.create(RECORD, body("b", completed(10)))
    await cluster.create(RECORD, body("c", broken(9)))
    await cluster.create(RECORD, body("other", completed(11), "other"))
    elsewhere = body("a", completed(12))
    elsewhere["metadata"]["namespace"] = "shop"
    await cluster.create(RECORD, elsewhere)

    assert await look(cluster) == RecordsFact((broken(9), completed(10)))


async def test_the_attempts_of_a_release_that_was_created_anew_are_the_younger_ones() -> None:
    cluster = MemoryCluster(namespaces=(NAMESPACE,))
    before = completed(9)
    anew = completed(1, release_uid="other", ended_at=completed(10).ended_at)
    await cluster.create(RECORD, body("a", anew))
    await cluster.create(RECORD, body("b", before))

    assert (await look(cluster)).records == (before, anew)


async def test_attempts_that_ended_together_are_in_the_order_of_their_numbers() -> None:
    cluster = MemoryCluster(namespaces=(NAMESPACE,))
    first = completed(10)
    second = broken(11, ended_at=first.ended_at)
    await cluster.create(RECORD, body("a", second))
    await cluster.create(RECORD, body("b", first))

    assert (await look(cluster)).records == (first, second)


async def test_a_record_that_cannot_be_read_is_told_with_its_name_and_time() -> None:
    cluster = MemoryCluster(namespaces=(NAMESPACE,))
    await cluster.create(RECORD, body("good", completed(1)))
    await cluster.create(RECORD, body("strange", completed(2), reason="FromTheFuture"))
    await cluster.create(RECORD, {**body("empty", completed(2)), "spec": {}})

    fact = await look(cluster)

    assert fact.records == (completed(1),)
    assert [one.name for one in fact.unreadable] == ["empty", "strange"]
    assert "spec.reason" in fact.unreadable[1].problem


async def test_a_namespace_without_records_is_no_problem() -> None:
    assert await look(MemoryCluster()) == RecordsFact(())


@pytest.mark.parametrize("error", [Denied("403"), Invalid("400"), NotFound("404")])
async def test_what_cannot_be_listed_is_a_problem_in_words(error: Exception) -> None:
    cluster = MemoryCluster()

    async def refuse(_call: Call) -> None:
        raise error

    cluster.before = refuse

    fact = await look(cluster)

    assert not fact.records
    assert NAMESPACE in fact.problem
    if isinstance(error, Denied):
        assert fact.problem.endswith("adds shop-staging to `namespaces` of the operator's chart")


async def test_an_outage_is_a_problem_that_is_asked_about_again() -> None:
    cluster = MemoryCluster()

    async def busy(_call: Call) -> None:
        raise Transient("503")

    cluster.before = busy

    assert "503; it is asked again" in (await look(cluster)).problem


async def test_many_who_ask_for_a_log_at_a_time_list_it_once_and_keep_little_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cluster, store = MemoryCluster(namespaces=(NAMESPACE,)), Store()
    await cluster.create(RECORD, body("a", completed(1)))
    await cluster.create(RECORD, body("b", completed(2), "other"))
    listed, listing = list[list[Body]](), cluster.list

    async def spied(*args: Any, **how: Any) -> list[Body]:
        await asyncio.sleep(0)
        listed.append(await listing(*args, **how))
        return listed[-1]

    monkeypatch.setattr(cluster, "list", spied)
    ask = (records.ensure_listed(cluster, store, NAMESPACE) for _ in range(10))
    await asyncio.gather(*ask)

    assert [len(bodies) for bodies in listed] == [2]
    assert all("plan" not in one["spec"] for one in listed[0]), "never more than a page in memory"
    found = store.select(RECORD, NAMESPACE, {"release-coordinator.io/release": "bookshop"})
    assert [one["metadata"]["name"] for one in found] == ["a"]


async def test_a_log_that_could_not_be_listed_is_listed_by_the_next_who_asks() -> None:
    cluster, store, calls = MemoryCluster(namespaces=(NAMESPACE,)), Store(), list[Call]()
    await cluster.create(RECORD, body("a", completed(1)))

    async def busy_once(call: Call) -> None:
        calls.append(call)
        if len(calls) == 1:
            raise Transient("503")

    cluster.before = busy_once
    ask = (records.ensure_listed(cluster, store, NAMESPACE) for _ in range(3))
    answers = await asyncio.gather(*ask, return_exceptions=True)

    assert [type(one) for one in answers] == [Transient, type(None), type(None)]
    assert len(calls) == 2
    assert len(store.select(RECORD, NAMESPACE)) == 1
