"""What the records of real attempts prove to the gates that ask staging."""

from collections.abc import Callable

from tests.fakes.story import Story, in_phase
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Gate, GateState
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.store import Store
from release_coordinator.engine.context import Context
from release_coordinator.engine.evidence import AdmissionFact, RecordsWant
from release_coordinator.engine.gates import rehearsal, staging, staging_tests
from release_coordinator.engine.gates.verdict import GateVerdict
from release_coordinator.evidence import records
from release_coordinator.evidence.sources import Sources

WANT = RecordsWant(NAMESPACE, "bookshop")


async def production_asks(story: Story, *gates: Callable[[Context], GateVerdict]) -> list[Gate]:
    """What the gates of the same Release in another namespace make of the story's records."""
    world = story.world
    sources = Sources(
        world.cluster, Store(), world.metrics, world.prober, lambda: AdmissionFact("")
    )
    facts = {WANT: await records.look(sources, "production", WANT)}
    body = bookshop()
    body["metadata"]["namespace"] = "production"
    policy = {"staging": {"namespace": NAMESPACE}, "suites": ["smoke"]}
    ctx = context(body, facts=facts, policy=policy)
    return [evaluate(ctx).gate for evaluate in gates]


async def test_a_rehearsal_and_a_retry_prove_deployment_tests_and_the_way_back() -> None:
    story = await Story.begin("Staging rehearses the way back, then lets the version complete")
    asked = (staging.evaluate, staging_tests.evaluate, rehearsal.evaluate)
    await story.apply(bookshop())
    await story.run(in_phase(Phase.WATCHING))
    await story.annotate("rollback", "1")
    await story.run(in_phase(Phase.ROLLED_BACK))

    halfway = await production_asks(story, *asked)

    await story.annotate("retry", "1")
    await story.run(in_phase(Phase.COMPLETED))

    at_last = await production_asks(story, *asked)
    assert [gate.state for gate in halfway] == [
        GateState.WAITING,
        GateState.WAITING,
        GateState.PASSED,
    ]
    assert {gate.state for gate in at_last} == {GateState.PASSED}, at_last


async def test_a_version_whose_smoke_test_failed_proves_the_way_back_alone() -> None:
    story = await Story.begin("The smoke test fails in staging")
    story.world.script.failing_steps["verify/smoke/checkout"] = "checkout answers 500"
    await story.apply(bookshop())
    await story.run()

    gates = await production_asks(
        story, staging.evaluate, staging_tests.evaluate, rehearsal.evaluate
    )

    states = [gate.state for gate in gates]
    assert states == [GateState.FAILED, GateState.FAILED, GateState.PASSED]
    assert all("checkout answers 500" in gate.message for gate in gates[:2])
