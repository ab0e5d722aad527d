"""What is looked up about traffic, and what is said where a right is missing."""

from tests.fakes.switching import BACKEND, add_service
from tests.fakes.world import NAMESPACE, World

from release_coordinator.api.release import WorkloadKind, WorkloadRef
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import AUTOSCALER, POD, SERVICE, Ref
from release_coordinator.engine import names
from release_coordinator.engine.evidence import AdmissionFact
from release_coordinator.engine.trafficfacts import (
    AutoscalersWant,
    ServiceWant,
    SlotPodsWant,
    StrangersWant,
)
from release_coordinator.errors import Denied
from release_coordinator.evidence import services
from release_coordinator.evidence.sources import Sources


async def shop() -> World:
    world = World()
    await world.setup()
    await add_service(world)
    return world


def sources(world: World) -> Sources:
    proved = AdmissionFact("")
    store = world.operator.store
    return Sources(world.cluster, store, world.metrics, world.prober, lambda: proved)


async def test_a_service_is_watched_once_it_carries_our_label() -> None:
    world = await shop()
    ref = Ref(SERVICE, NAMESPACE, BACKEND)
    fact = await services.service(sources(world), NAMESPACE, ServiceWant(BACKEND))
    assert fact is not None
    assert dict(fact.selector) == {"app": BACKEND}
    assert world.operator.store.get(ref) is None

    await world.user.patch(ref, {"metadata": {"labels": {names.LABEL_RELEASE: "bookshop"}}})
    await services.service(sources(world), NAMESPACE, ServiceWant(BACKEND))

    assert world.operator.store.get(ref) is not None


async def test_pods_that_the_deployment_has_not_made_are_strangers() -> None:
    world = await shop()
    want = StrangersWant(BACKEND, WorkloadRef(name=BACKEND))
    assert await services.strangers(sources(world), NAMESPACE, want) == ()

    labels = {"app": BACKEND, names.LABEL_SLOT: "s1"}
    metadata = {"name": "debug", "namespace": NAMESPACE, "labels": labels}
    await world.user.create(POD, {"metadata": metadata, "spec": {"containers": []}})

    assert await services.strangers(sources(world), NAMESPACE, want) == ("debug",)
    assert await services.slot_pods(sources(world), NAMESPACE, SlotPodsWant("s1")) == ("debug",)


async def test_autoscalers_of_other_kinds_are_left_out() -> None:
    world = await shop()
    for name, kind in (("one", "Deployment"), ("other", "Rollout")):
        spec = {"scaleTargetRef": {"kind": kind, "name": BACKEND}, "maxReplicas": 3}
        metadata = {"name": name, "namespace": NAMESPACE}
        await world.user.create(AUTOSCALER, {"metadata": metadata, "spec": spec})

    found = await services.autoscalers(sources(world), NAMESPACE, AutoscalersWant())

    assert found.targets == (("one", WorkloadRef(kind=WorkloadKind.DEPLOYMENT, name=BACKEND)),)


async def test_a_missing_right_is_a_problem_that_names_who_mends_it() -> None:
    world = await shop()

    async def deny(_call: Call) -> None:
        raise Denied("403")

    world.cluster.before = deny
    service = await services.service(sources(world), NAMESPACE, ServiceWant(BACKEND))
    scaled = await services.autoscalers(sources(world), NAMESPACE, AutoscalersWant())

    assert service is not None
    assert service.problem == "the operator may not get services; the platform team must let it"
    assert "may not list horizontalpodautoscalers" in scaled.problem
