"""Two Releases that name the same workload: one goes, the other waits, and nobody is forgotten."""

import pytest
from tests.fakes.sharing import SharedWorld, release
from tests.fakes.world import NAMESPACE

from release_coordinator.api.attempt import StepState
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import LEASE, Body
from release_coordinator.engine import names
from release_coordinator.errors import Denied


def phase(world: SharedWorld, name: str) -> Phase:
    found = world.of(name)
    assert found is not None
    return found.status.phase


def message(world: SharedWorld, name: str) -> str:
    found = world.of(name)
    assert found is not None
    return found.status.message


async def halfway() -> SharedWorld:
    """Release `bookshop` rolls out `api`, and `admin` waits for it."""
    world = await SharedWorld().begin("api", "web")
    await world.apply(release("bookshop", "1.1.0", "api"))
    await world.go(lambda: phase(world, "bookshop") is Phase.ROLLING_OUT)
    await world.apply(release("admin", "1.2.0", "web", "api"))
    await world.look()
    return world


async def test_the_second_waits_and_says_for_whom() -> None:
    world = await halfway()

    assert phase(world, "admin") is Phase.PREPARING
    said = message(world, "admin")
    assert "Release bookshop, attempt 1, has held Deployment api since 2026-11-23T" in said
    assert "goes on when that one has ended: kubectl release explain bookshop" in said
    assert world.locks() == [("api", "bookshop/1")], "who waits holds nothing"
    found = world.of("admin")
    assert found is not None
    assert found.status.attempt is not None
    gate = next(g for g in found.status.attempt.gates if g.name == "RollbackTarget")
    assert "also named by another Release" in gate.message
    assert "Deployment api (Release bookshop)" in gate.message


async def test_waiting_costs_no_request() -> None:
    world = await halfway()
    before = len(world.calls)

    await world.look("admin")

    assert world.calls[before:] == []


async def test_the_second_goes_when_the_first_has_ended_and_starts_from_what_it_left() -> None:
    world = await halfway()

    await world.go()

    assert phase(world, "bookshop") is phase(world, "admin") is Phase.COMPLETED
    assert (world.runs("api"), world.runs("web")) == ("1.2.0", "1.2.0")
    found = world.of("admin")
    assert found is not None
    assert found.status.attempt is not None
    assert found.status.attempt.previous_version == "1.1.0"
    assert world.leftovers() == []


async def test_a_crash_of_the_operator_leaves_no_lock_behind() -> None:
    world = await halfway()
    await world.restart()

    await world.go()

    assert phase(world, "bookshop") is phase(world, "admin") is Phase.COMPLETED
    assert world.leftovers() == []


async def test_the_lock_of_a_release_that_was_removed_by_force_is_broken() -> None:
    world = await halfway()
    world.script.never_ready.add("example/api:1.1.0")
    await world.delete("bookshop", force=True)

    await world.go(lambda: phase(world, "admin") is not Phase.PREPARING)

    assert ("api", "bookshop/1") not in world.locks()


async def test_a_lock_of_an_attempt_that_has_ended_is_broken() -> None:
    world = await SharedWorld().begin("api")
    await world.apply(release("bookshop", "1.1.0", "api"))
    await world.go(lambda: bool(world.locks()))
    (left,) = await world.user.list(LEASE, NAMESPACE)
    await world.go()
    for field in ("uid", "resourceVersion", "creationTimestamp"):
        left["metadata"].pop(field)
    world.operator.stop()
    await world.user.create(LEASE, left)
    await world.apply(release("admin", "1.2.0", "api"))
    world.operators[0] = world.start()
    await world.resync()
    world.operator.queued.discard((NAMESPACE, "bookshop"))

    await world.go()

    assert phase(world, "admin") is Phase.COMPLETED
    assert world.locks() == []


async def test_two_that_want_the_same_in_opposite_order_do_not_block_each_other() -> None:
    for seed in range(6):
        world = await SharedWorld(seed).begin("api", "web")
        await world.apply(release("bookshop", "1.1.0", "api", "web"))
        await world.apply(release("admin", "1.2.0", "web", "api"))

        await world.go()

        assert phase(world, "bookshop") is phase(world, "admin") is Phase.COMPLETED
        assert world.leftovers() == []


async def test_a_lock_that_somebody_deletes_never_lets_two_change_a_workload() -> None:
    world = await halfway()
    await world.delete_locks()

    await world.go(lambda: phase(world, "bookshop") in {Phase.COMPLETED, Phase.HELD})
    await world.look()

    assert world.breaches == []
    if phase(world, "bookshop") is Phase.HELD:  # the one that waited was faster
        assert "was deleted by somebody and taken by Release admin" in message(world, "bookshop")
        assert phase(world, "admin") is Phase.HELD
        assert "whose lock somebody has deleted" in message(world, "admin")


async def test_a_lease_that_names_no_owner_is_for_a_person() -> None:
    world = await SharedWorld().begin("api")
    deployment = next(b for b in world.cluster.everything() if b["kind"] == "Deployment")
    name = names.lock_name("Deployment", "api", deployment["metadata"]["uid"])
    await world.user.create(LEASE, {"metadata": {"name": name, "namespace": NAMESPACE}})
    await world.apply(release("bookshop", "1.1.0", "api"))

    await world.go()

    assert phase(world, "bookshop") is Phase.HELD
    assert f"Lease {name} has the name of a lock but names no owner" in message(world, "bookshop")


async def test_a_release_at_rest_takes_no_harm_when_another_takes_its_workload_over() -> None:
    world = await SharedWorld().begin("api")
    await world.apply(release("bookshop", "1.1.0", "api"))
    await world.go()
    before = world.of("bookshop")
    await world.apply(release("admin", "1.2.0", "api"))

    await world.go()
    await world.resync()
    await world.go()

    assert world.of("bookshop") == before
    assert world.runs("api") == "1.2.0"
    await world.apply(release("bookshop", "1.3.0", "api"))
    await world.go()
    assert phase(world, "bookshop") is Phase.COMPLETED
    assert world.runs("api") == "1.3.0"


async def test_a_lock_that_cannot_be_given_back_holds_nobody_up() -> None:
    world = await SharedWorld().begin("api")
    gate = world.cluster.before
    assert gate is not None

    async def without_the_right(call: Call) -> None:
        await gate(call)
        if (call.verb, call.ref.kind) == ("delete", LEASE):
            raise Denied("leases is forbidden")

    world.cluster.before = without_the_right
    await world.apply(release("bookshop", "1.1.0", "api"))
    await world.go()

    found = world.of("bookshop")
    assert found is not None
    assert found.status.phase is Phase.COMPLETED
    assert found.status.attempt is not None
    step = next(s for s in found.status.attempt.steps if s.id == "prepare/lock")
    assert step.state is StepState.FAILED
    assert "not given back" in step.message

    await world.apply(release("admin", "1.2.0", "api"))
    await world.go()
    found = world.of("admin")
    assert found is not None
    assert found.status.attempt is not None
    assert found.status.attempt.hold is not None
    assert found.status.attempt.hold.reason is Reason.API_DENIED
    world.cluster.before = gate
    await world.order("admin", "resume", found.status.attempt.hold.id)
    await world.go()
    assert phase(world, "admin") is Phase.COMPLETED


async def test_a_lock_that_cannot_be_given_back_does_not_stop_what_ends_before_its_own() -> None:
    world = await SharedWorld().begin("api")
    gate = world.cluster.before
    assert gate is not None
    tried: list[Call] = []

    async def without_the_right(call: Call) -> None:
        await gate(call)
        if (call.verb, call.ref.kind) == ("delete", LEASE):
            tried.append(call)
            raise Denied("leases is forbidden")

    world.cluster.before = without_the_right
    await world.apply(release("bookshop", "1.1.0", "api"))
    await world.go()
    turns = iter(range(50))
    await world.apply(release("bookshop", "1.2.0", "missing"))
    await world.go(lambda: next(turns, None) is None)
    tried.clear()

    await world.apply(release("bookshop", "1.3.0", "api"))
    await world.go()

    found = world.of("bookshop")
    assert found is not None
    assert found.status.attempt is not None
    assert found.status.attempt.number == 3, "the second gave way to the edit"
    assert found.status.attempt.hold is not None
    assert found.status.attempt.hold.reason is Reason.API_DENIED
    assert len(tried) == 2, "once for each attempt"


async def test_an_edit_of_one_that_waits_counts_and_the_newest_wins() -> None:
    world = await halfway()
    await world.apply(release("admin", "1.3.0", "api"))
    await world.look()
    await world.apply(release("admin", "1.4.0", "api"))

    await world.go()

    assert world.runs("api") == "1.4.0"
    assert world.runs("web") == "1.0.0"
    assert world.leftovers() == []


def suspended(body: Body, mode: str | None = "Forward") -> Body:
    body["spec"]["suspend"] = mode
    return body


async def test_one_that_is_suspended_while_it_waits_takes_no_lock() -> None:
    world = await halfway()
    await world.apply(suspended(release("admin", "1.2.0", "web", "api")))
    await world.go()
    assert phase(world, "bookshop") is Phase.COMPLETED
    assert phase(world, "admin") is Phase.SUSPENDED
    assert world.locks() == []

    await world.apply(release("bookshop", "1.3.0", "api"))
    await world.go()
    assert phase(world, "bookshop") is Phase.COMPLETED, "nobody waits for a suspended one"

    await world.apply(suspended(release("admin", "1.4.0", "web", "api"), None))
    await world.go()
    assert phase(world, "admin") is Phase.COMPLETED
    assert world.leftovers() == []


@pytest.mark.parametrize("taken", [1, 2])
async def test_one_that_is_suspended_while_it_takes_its_locks_gives_them_back(taken: int) -> None:
    world = await SharedWorld().begin("api", "web")

    heard: list[int] = []

    async def suspend() -> None:
        if not heard and len(world.locks()) == taken:
            heard.append(taken)
            await world.apply(suspended(release("admin", "1.2.0", "web", "api")))

    world.meddle = suspend
    await world.apply(release("admin", "1.2.0", "web", "api"))
    await world.go()

    assert heard
    assert phase(world, "admin") is Phase.SUSPENDED
    assert world.locks() == []
    await world.apply(suspended(release("admin", "1.2.0", "web", "api"), None))
    await world.go()
    assert phase(world, "admin") is Phase.COMPLETED
    assert world.leftovers() == []


async def test_one_that_waits_may_be_deleted() -> None:
    world = await halfway()
    await world.delete("admin")

    await world.go()

    assert world.of("admin") is None
    assert phase(world, "bookshop") is Phase.COMPLETED
    assert world.locks() == []


async def test_who_names_a_workload_that_another_release_has_just_created_waits_for_it() -> None:
    world = await SharedWorld().begin("api", "web")
    labels = {"app": "search"}
    search = {
        "name": "search",
        "images": {"main": "example/search:1.1.0"},
        "workload": {
            "name": "search",
            "spec": {
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels},
                    "spec": {"containers": [{"name": "main"}]},
                },
            },
        },
    }
    body = release("bookshop", "1.1.0", "api")
    body["spec"]["components"].insert(0, search)
    body["spec"]["components"][1]["dependsOn"] = ["search"]
    world.script.never_ready.add("example/api:1.1.0")
    await world.apply(body)
    await world.go(lambda: begun(world, "bookshop", "rollout/api"))
    await world.apply(release("admin", "1.2.0", "search"))
    for _ in range(3):
        await world.look()

    assert phase(world, "admin") is Phase.PREPARING
    assert "Release bookshop, attempt 1, has held Deployment search" in message(world, "admin")
    assert world.breaches == []


def begun(world: SharedWorld, name: str, step: str) -> bool:
    found = world.of(name)
    attempt = found.status.attempt if found else None
    return attempt is not None and any(one.id == step for one in attempt.steps)
