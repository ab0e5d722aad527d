"""What locks cost: one write for each taken and each given back, and one status more."""

from collections import Counter

from tests.fakes.sharing import SharedWorld, release

from release_coordinator.api.conditions import Phase


async def test_a_release_writes_each_lease_twice_and_reads_none() -> None:
    world = await SharedWorld().begin("api", "web")
    await world.apply(release("bookshop", "1.1.0", "api", "web"))

    await world.go()

    found = world.of("bookshop")
    assert found is not None
    assert found.status.phase is Phase.COMPLETED
    calls = Counter(call.verb for call in world.calls if call.ref.kind.kind == "Lease")
    assert calls == {"create": 2, "delete": 2}


async def test_the_journal_is_written_once_for_all_locks() -> None:
    statuses = []
    for apps in (("api",), ("api", "web", "jobs")):
        world = await SharedWorld().begin(*apps)
        await world.apply(release("bookshop", "1.1.0", *apps))
        await world.go()
        verbs = [(call.verb, call.ref.kind.kind) for call in world.calls]
        first = verbs.index(("create", "Lease"))
        recorded = verbs.index(("create", "ControllerRevision"))
        statuses.append(verbs[first:recorded].count(("replace_status", "Release")))
    assert statuses == [1, 1]
