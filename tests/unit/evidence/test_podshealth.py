"""What is told of a workload's pods, and what it costs."""

from collections import Counter

from tests.fakes.world import DAWN, NAMESPACE
from tests.unit.evidence.podworld import BACKEND, IMAGE, PodWorld, state

from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import DEPLOYMENT
from release_coordinator.cluster.workloads import ref_in
from release_coordinator.engine.watchfacts import PodHealth, PodsHealthFact, PodsHealthWant
from release_coordinator.errors import Denied
from release_coordinator.evidence import registry

ENDED = {"terminated": {"exitCode": 137, "reason": "OOMKilled"}}
WAITING = {"waiting": {"reason": "CrashLoopBackOff"}}


async def seen(world: PodWorld) -> PodsHealthFact:
    fact = await registry.answer(world.sources, NAMESPACE, PodsHealthWant(BACKEND, DAWN))
    assert isinstance(fact, PodsHealthFact)
    return fact


async def test_a_pod_is_told_with_its_worst_container() -> None:
    world = PodWorld()
    await world.begin()
    await world.pod("a", state("api", restartCount=1), state("proxy", restartCount=4))

    fact = await seen(world)

    healthy = PodHealth(
        "a", 4, "", ready=True, created=DAWN, template="1", images=frozenset({IMAGE})
    )
    assert fact == PodsHealthFact((healthy,), 2)


async def test_a_crash_loop_is_told_with_how_the_program_ends() -> None:
    world = PodWorld()
    await world.begin()
    await world.pod("a", state(now=WAITING, lastState=ENDED, restartCount=1))
    words = {"terminated": {"exitCode": 1, "message": "no \x1b[31mdatabase\n"}}
    await world.pod("b", state(now=WAITING, lastState=words))

    told = [pod.crashing for pod in (await seen(world)).pods]

    assert told == [
        "container api ends with exit code 137: OOMKilled",
        "container api ends with exit code 1: no  [31mdatabase",
    ]


async def test_an_init_container_may_crash_too() -> None:
    world = PodWorld()
    await world.begin()
    init = state("migrate", now=WAITING, lastState=ENDED, restartCount=3)
    await world.pod("a", status={"initContainerStatuses": [init], "conditions": []})

    (pod,) = (await seen(world)).pods

    assert (pod.restarts, pod.ready) == (3, False)
    assert pod.crashing.startswith("container migrate ends")


async def test_a_pod_that_is_over_is_left_out() -> None:
    world = PodWorld()
    await world.begin()
    await world.pod("evicted", status={"phase": "Failed"})
    assert (await seen(world)).pods == ()


async def test_a_look_costs_one_list_when_the_workload_is_watched() -> None:
    world = PodWorld()
    await world.begin()
    calls: Counter[str] = Counter()

    async def count(call: Call) -> None:
        calls[call.verb] += 1

    world.store.put(DEPLOYMENT, await world.cluster.get(ref_in(NAMESPACE, BACKEND)))
    world.cluster.before = count
    await seen(world)
    assert calls == {"list": 1}


async def test_a_right_that_is_missing_is_a_problem() -> None:
    world = PodWorld()
    await world.begin()

    async def deny(call: Call) -> None:
        if call.verb == "list":
            raise Denied("403")

    world.cluster.before = deny
    fact = await seen(world)
    assert fact.problem.startswith("the operator may not read workloads and pods")
