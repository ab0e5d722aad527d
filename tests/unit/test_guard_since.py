"""Since when signatures are believed: what was changed or not enforced before is not forgotten."""

import asyncio
from datetime import timedelta
from itertools import product

import pytest
from tests.unit.guarding import DAWN, HOME, KINDS, PERIOD, REFUSAL, WANTED, World, title

from release_coordinator.cluster.lease import Elector
from release_coordinator.cluster.leaserecord import LeaseTimes
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import LEASE, Body, Ref
from release_coordinator.cluster.proofs import ANNOTATION, Proofs
from release_coordinator.errors import Denied, Transient
from release_coordinator.guard import Guard

SECOND = timedelta(seconds=1)


async def test_what_never_changed_is_vouched_for_since_its_creation() -> None:
    world = await World.installed()
    world.clock.tick(PERIOD)
    assert await world.proves()

    assert world.since == DAWN + SECOND  # times are cut: what bears DAWN may have come before


async def test_an_upgrade_that_changes_no_rule_puts_no_approval_in_doubt() -> None:
    world = await World.installed()
    await world.proves()
    world.clock.tick(PERIOD)
    for wanted in WANTED:
        await world.alter(wanted, **wanted["spec"])
        labelled = Ref(KINDS[wanted["kind"]], None, wanted["metadata"]["name"])
        await world.cluster.patch(labelled, {"metadata": {"labels": {"helm": "again"}}})
    world.restarted()
    await world.proves()

    assert world.since == DAWN + SECOND


HISTORIES = list(product(("proved", "never proved"), ("seen", "missed"), ("same", "restarted")))


@pytest.mark.parametrize("wanted", WANTED, ids=title)
@pytest.mark.parametrize("history", HISTORIES, ids="-".join)
async def test_approvals_from_before_the_rules_were_whole_are_not_vouched_for(
    wanted: Body, history: tuple[str, ...]
) -> None:
    world = await World.installed()
    if "proved" in history:
        await world.proves()
    await world.alter(wanted, extra="weaker")
    if "seen" in history:
        await world.proves()
    world.clock.tick(PERIOD)
    await world.alter(wanted, extra=None)
    mended = world.now
    if "restarted" in history:
        world.restarted()
    assert await world.proves()
    assert world.since == mended + SECOND

    world.clock.tick(PERIOD)
    world.restarted()
    assert await world.proves()
    assert world.since == mended + SECOND, "a restart changes nothing"


@pytest.mark.parametrize("process", ["same", "restarted"])
async def test_rules_that_were_there_and_not_enforced_are_remembered(process: str) -> None:
    world = await World.installed()
    await world.proves()
    world.refusal = None
    await world.proves()
    world.clock.tick(PERIOD)
    world.refusal = REFUSAL
    if process == "restarted":
        world.restarted()
    await world.proves()

    assert world.since == world.now + SECOND


async def test_what_could_not_be_noted_at_once_is_noted_later() -> None:
    world = await World.installed()
    await world.proves()
    world.refusal = None
    world.refused_write = Transient("this replica does not hold the lease")
    await world.proves()
    world.refused_write = None
    await world.proves()
    world.refusal = REFUSAL
    world.clock.tick(PERIOD)
    world.restarted()
    await world.proves()

    assert world.since == world.now + SECOND


async def test_what_was_never_noted_counts_in_the_same_process_and_once() -> None:
    world = await World.installed()
    await world.proves()
    world.refusal = None
    world.refused_write = Transient("this replica does not hold the lease")
    await world.proves()
    world.refusal, world.refused_write = REFUSAL, None
    world.clock.tick(PERIOD)
    await world.proves()
    first = world.now + SECOND
    assert world.since == first

    world.clock.tick(PERIOD)
    await world.proves()
    assert world.since == first


async def test_no_proof_is_believed_that_could_not_be_noted() -> None:
    world = await World.installed()
    world.refused_write = Denied("403 cannot update leases")
    assert not await world.proves()
    assert "the Lease of its leader election" in world.problem
    assert "with its roles" in world.problem

    world.refused_write = Transient("cut")
    assert not await world.proves()


async def test_the_elector_may_renew_the_lease_meanwhile_and_keeps_the_note() -> None:
    world = await World.installed()
    rival = world.cluster.as_manager("elector")
    renewals = iter(range(3))

    async def renew(call: Call) -> None:
        if call.verb == "replace" and next(renewals, None) is not None:
            lease = await rival.get(HOME)
            lease["spec"]["leaseTransitions"] = lease["spec"].get("leaseTransitions", 0) + 1
            await rival.replace(LEASE, lease)

    world.cluster.before = renew
    assert await world.proves()
    lease = await world.cluster.get(HOME)
    assert lease["spec"] == {"holderIdentity": "us", "leaseTransitions": 3}
    assert ANNOTATION in lease["metadata"]["annotations"]


async def test_a_note_costs_the_leader_neither_his_lease_nor_the_note() -> None:
    world = await World.installed()
    elector = Elector(world.cluster, HOME, "us", clock=world.clock)
    forever = asyncio.Event()
    lost: list[str] = []

    async def work() -> None:
        await forever.wait()

    task = asyncio.create_task(elector.run(work, lost.append))
    await world.clock.settle()
    assert await world.proves()
    noted = (await world.cluster.get(HOME))["metadata"]
    for _ in range(10):
        await world.clock.advance(LeaseTimes().retry)
        assert elector.may_write()
    forever.set()
    await task

    kept = (await world.cluster.get(HOME))["metadata"]
    assert lost == []
    assert kept["annotations"] == noted["annotations"]
    assert kept["resourceVersion"] != noted["resourceVersion"]


@pytest.mark.parametrize("note", ["", "{}", "[]", "{", '{"since": "2026", "objects": 1}'])
async def test_a_note_that_cannot_be_read_vouches_for_nothing(note: str) -> None:
    world = await World.installed()
    await world.cluster.patch(HOME, {"metadata": {"annotations": {ANNOTATION: note}}})
    world.clock.tick(PERIOD)
    await world.proves()

    assert world.since == world.now + SECOND


async def test_without_an_election_a_change_is_dated_by_the_first_proof_of_each_process() -> None:
    world = await World.installed()
    await world.alter(WANTED[1], extra="weaker")
    await world.alter(WANTED[1], extra=None)
    for _ in range(2):
        world.clock.tick(PERIOD)
        proofs = Proofs(world.cluster, None, now=lambda: world.now)
        guard = Guard(world.cluster, clock=world.clock, proofs=proofs)
        await guard.prove()
        first = world.now + SECOND
        world.clock.tick(PERIOD)
        await guard.prove()
        assert guard.state().since == first


async def test_a_proof_like_the_last_one_reads_and_writes_no_lease() -> None:
    world = await World.installed()
    await world.proves()
    asked: list[str] = []

    async def note(call: Call) -> None:
        if call.ref.kind is LEASE:
            asked.append(call.verb)

    world.cluster.before = note
    await world.proves()

    assert asked == []


async def test_a_right_that_was_missing_puts_no_approval_in_doubt() -> None:
    world = await World.installed()
    world.refusal = Denied("403 cannot create resource")
    await world.proves()
    world.refusal = REFUSAL
    world.clock.tick(PERIOD)
    await world.proves()

    assert world.since == DAWN + SECOND
