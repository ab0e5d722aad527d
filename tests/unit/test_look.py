"""How questions are answered when the API server is in trouble."""

from datetime import datetime, timedelta

import pytest
from tests.fakes.world import DAWN, NAMESPACE, World

from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import DEPLOYMENT, JOB, POD, Body, Kind, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.engine.evidence import AdmissionFact
from release_coordinator.engine.runfacts import (
    DocumentWant,
    JobPodsWant,
    WorkloadPodsWant,
    WorkloadWant,
)
from release_coordinator.engine.watchfacts import Late, SampleWant
from release_coordinator.errors import Denied, Transient
from release_coordinator.evidence import registry
from release_coordinator.evidence.sources import Sources
from release_coordinator.look import JOB_NAME_LABEL, Looker

KEY = (NAMESPACE, "bookshop")


async def test_a_failed_read_is_raised_as_itself_so_that_the_queue_sees_when_to_retry() -> None:
    world = World()

    async def busy(_call: Call) -> None:
        raise Transient("429", retry_after=7.0)

    world.cluster.before = busy
    looker = looker_on(world, Store())

    with pytest.raises(Transient) as caught:
        await looker.look(
            KEY,
            (WorkloadWant(WorkloadRef(name="one")), WorkloadWant(WorkloadRef(name="other"))),
        )

    assert caught.value.retry_after == 7.0


async def test_a_document_that_may_not_be_read_is_a_fact_and_holds_nothing_else_up() -> None:
    world = World()

    async def forbidden(_call: Call) -> None:
        raise Denied("configmaps is forbidden")

    world.cluster.before = forbidden
    want = DocumentWant("bookshop-docs", "NOTES.md")

    answers = await looker_on(world, Store()).look(KEY, (want,))

    assert answers[want].text is None
    assert "the operator may not read ConfigMap bookshop-docs" in answers[want].problem


async def test_pods_of_a_job_are_read_only_while_their_end_is_not_known() -> None:
    world = World()
    reads: list[str] = []

    async def count(call: Call) -> None:
        reads.append(call.verb)

    store = Store()
    looker = looker_on(world, store)
    world.cluster.before = count

    async def reads_after(kind: Kind, body: Body) -> int:
        reads.clear()
        store.put(kind, body)
        await looker.look(KEY, (JobPodsWant("migrate"),))
        return len(reads)

    complete = ["SuccessCriteriaMet", "Complete"]

    assert await reads_after(JOB, job(["Suspended"], "1")) == 0, "it was, and runs by now"
    assert await reads_after(JOB, job(complete, "2")) == 1
    assert await reads_after(POD, silent_pod()) == 0


def looker_on(world: World, store: Store) -> Looker:
    proved = AdmissionFact("")
    return Looker(Sources(world.cluster, store, world.metrics, world.prober, lambda: proved))


def job(conditions: list[str], version: str) -> Body:
    ended = [{"type": one, "status": str(one != "Suspended")} for one in conditions]
    metadata = {"name": "migrate", "namespace": NAMESPACE, "uid": "j", "resourceVersion": version}
    return {"metadata": metadata, "status": {"conditions": ended}}


def silent_pod() -> Body:
    labels = {JOB_NAME_LABEL: "migrate"}
    metadata = {"name": "p", "namespace": NAMESPACE, "uid": "p", "resourceVersion": "9"}
    state = {"state": {"terminated": {"exitCode": 0}}}
    return {"metadata": {**metadata, "labels": labels}, "status": {"containerStatuses": [state]}}


async def test_a_look_of_the_background_that_fails_unforeseen_is_unknown_and_in_the_log_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def fails(*_: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.setitem(registry.LOOKS, SampleWant, fails)
    looker = looker_on(World(), Store())
    wants = tuple(SampleWant("default", query, DAWN) for query in ("up", "down"))

    answers = await looker.look(KEY, wants)

    assert {answer.value for answer in answers.values()} == {None}
    assert all("ZeroDivisionError: of ours" in answer.problem for answer in answers.values())
    assert [bool(record.exc_info) for record in caplog.records] == [True]
    await looker.close()


def test_every_question_of_the_background_has_an_answer_for_when_it_fails() -> None:
    questions = {one for one in registry.LOOKS if issubclass(one, Late)}

    assert questions
    assert questions <= set(registry.UNREAD)


async def test_pods_that_only_explain_are_listed_again_when_their_time_has_come() -> None:
    world = World()
    await world.setup("1.2.0")
    store = Store()
    looker = looker_on(world, store)
    backend = WorkloadRef(name="bookshop-backend")
    ref = Ref(DEPLOYMENT, NAMESPACE, backend.name)
    lists: list[Call] = []

    async def count(call: Call) -> None:
        lists.extend([call] if call.verb == "list" and call.ref.kind is POD else [])

    world.cluster.before = count

    async def listed(since: datetime | None) -> int:
        lists.clear()
        await looker.look(KEY, (WorkloadPodsWant(backend, since),))
        return len(lists)

    assert [await listed(DAWN), await listed(DAWN)] == [1, 0]
    assert await listed(DAWN + timedelta(seconds=20)) == 1
    assert [await listed(None), await listed(None)] == [1, 1], "what decides is never remembered"
    assert await listed(DAWN + timedelta(seconds=20)) == 0
    await world.user.patch(ref, {"metadata": {"annotations": {"changed": "yes"}}})
    assert await listed(DAWN + timedelta(seconds=20)) == 1
