"""What a release leaves behind for the release metrics: times at gates, and of the deployment."""

from tests.fakes.story import Story
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.port import RECORD
from release_coordinator.engine.deployments import Outcome, ended


async def last_record(story: Story) -> RecordSpec:
    found = [RecordSpec.model_validate(b["spec"]) for b in await story.world.cluster.list(RECORD)]
    return max(found, key=lambda record: record.attempt)


async def test_waiting_for_a_signature_is_in_the_record_and_not_in_the_time_to_deploy() -> None:
    story = await Story.begin("Metrics of a release that waited for a signature")
    await story.require(signOffs=[{"role": "qa"}])
    await story.apply(bookshop())
    await story.look()
    await story.world.advance(3600)
    await story.say("quinn", "Approved", role="qa")
    await story.run()

    record = await last_record(story)
    found = ended(NAMESPACE, record)

    assert found.outcome is Outcome.SUCCEEDED
    assert 3600 <= found.waited["SignOff/qa"] < 3660
    assert record.changed_at is not None
    assert found.deployed_in is not None
    assert 0 < found.deployed_in <= record.duration_seconds - 3600


async def test_a_signature_that_never_came_has_waited_until_the_end() -> None:
    story = await Story.begin("Metrics of a release that was called off at the gates")
    await story.require(signOffs=[{"role": "qa"}])
    await story.apply(bookshop())
    await story.look()
    await story.world.advance(600)
    await story.annotate("abort", "1")
    await story.run()

    record = await last_record(story)
    found = ended(NAMESPACE, record)

    assert found.outcome is None, "it was called off before anything was changed"
    assert record.changed_at is None
    assert 600 <= found.waited["SignOff/qa"] < 660
    assert all(gate.shut_since is None for gate in record.gates)


async def test_a_smoke_test_that_fails_is_a_deployment_that_was_rolled_back() -> None:
    story = await Story.begin("Metrics of a release that was rolled back")
    story.world.script.failing_steps["verify/smoke/checkout"] = "checkout answers 500"
    await story.apply(bookshop())
    await story.run()

    found = ended(NAMESPACE, await last_record(story))

    assert found.outcome is Outcome.ROLLED_BACK
    assert found.restored_in is not None
    assert found.restored_in > 0
