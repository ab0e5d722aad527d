"""What people and other controllers do to a release in the middle, and what must not follow."""

from tests.fakes.selfheal import SelfHeal
from tests.fakes.story import Story, following, in_phase
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import DEPLOYMENT, JOB, POD, Body, Ref

UP = "migrate/0007-add-isbn"


async def finished(story: Story) -> Phase:
    await story.run()
    return (await story.release()).status.phase


async def test_a_spec_that_keeps_its_migrations_runs_none_of_them_again() -> None:
    story = await Story.begin("1.3.0, then 1.4.0 which still lists 0007 and is slow")
    await story.apply(bookshop())
    assert await finished(story) is Phase.COMPLETED

    body = following("1.4.0")
    body["spec"]["migrations"] = [*bookshop()["spec"]["migrations"], *body["spec"]["migrations"]]
    body["spec"]["migrations"][0]["up"] = bookshop()["spec"]["migrations"][0]["up"]
    await story.apply(body)

    assert await finished(story) is Phase.ROLLED_BACK
    assert story.ran(UP) == 1
    assert story.ran("undo/" + UP) == 0
    assert story.ran("migrate/0008-add-stock") == story.ran("undo/migrate/0008-add-stock") == 1


async def test_a_migration_that_somebody_suspends_is_never_let_run_again() -> None:
    story = await Story.begin("A migration is suspended after it has begun")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.MIGRATING))
    await story.world.controllers.step()
    assert story.ran(UP) == 1
    (job,) = [j for j in await story.world.user.list(JOB, NAMESPACE) if "migrate" in str(j)]

    await story.patch(JOB, job["metadata"]["name"], {"spec": {"suspend": True}})

    assert await finished(story) is Phase.HELD
    attempt = (await story.release()).status.attempt
    assert attempt is not None
    assert attempt.hold is not None
    assert attempt.hold.reason is Reason.MIGRATION_OUTCOME_UNKNOWN
    assert story.ran(UP) == 1


async def taken_back(title: str) -> Story:
    """All new code is taken back, and the schema is not yet."""
    story = await Story.begin(title, "1.3.0")
    await story.apply(following("1.4.0"))
    await story.run(
        lambda release: any(
            step.id == "undo/rollout/frontend" and step.state == "Succeeded"
            for step in (release.status.attempt.steps if release.status.attempt else ())
        )
    )
    return story


async def test_new_code_that_comes_back_for_ever_bars_the_way_back_of_the_schema() -> None:
    story = await taken_back("Self-heal puts 1.4.0 back while it is taken back")

    SelfHeal(story.world, "bookshop-frontend", "example/bookshop-frontend:1.4.0")

    assert await finished(story) is Phase.HELD
    assert story.ran("undo/migrate/0008-add-stock") == 0


async def test_new_code_that_comes_back_once_is_gone_before_the_schema_goes_back() -> None:
    story = await taken_back("Somebody puts 1.4.0 back once while it is taken back")
    running: list[set[str]] = []

    def hear(_event: str, body: Body) -> None:
        if "undo-migrate" in body["metadata"]["name"]:
            pods = [one for one in story.world.cluster.everything() if one["kind"] == "Pod"]
            running.append({c["image"] for one in pods for c in one["spec"]["containers"]})

    story.world.cluster.subscribe(hear)
    await story.set_image("bookshop-frontend", "web", "example/bookshop-frontend:1.4.0")

    assert await finished(story) is Phase.ROLLED_BACK
    assert story.ran("undo/migrate/0008-add-stock") == 1
    assert running
    assert "example/bookshop-frontend:1.4.0" not in set().union(*running)


async def test_an_evicted_pod_keeps_nobody_from_going_back() -> None:
    story = await Story.begin("A pod of the bad version was evicted", "1.3.0")
    await story.apply(following("1.4.0"))
    await story.run(in_phase(Phase.WATCHING))
    user = story.world.user
    pod = await user.get(Ref(POD, NAMESPACE, "bookshop-backend-pod"))
    kept = {key: pod["metadata"][key] for key in ("namespace", "labels", "ownerReferences")}
    body = {"metadata": {"name": "evicted", **kept}, "spec": pod["spec"]}
    evicted = await user.create(POD, body)
    await user.replace_status(POD, {**evicted, "status": {"phase": "Failed", "reason": "Evicted"}})

    assert await finished(story) is Phase.ROLLED_BACK


async def test_a_component_scaled_to_zero_has_nobody_to_ask() -> None:
    story = await Story.begin("The backend is scaled to zero")
    await story.patch(DEPLOYMENT, "bookshop-backend", {"spec": {"replicas": 0}})
    await story.world.advance(60)
    await story.apply(bookshop())

    assert await finished(story) is Phase.COMPLETED


async def test_a_metric_that_may_be_silent_does_not_keep_the_watch_open_for_ever() -> None:
    story = await Story.begin("Prometheus never comes back, onUnknown: Pass")
    body = bookshop()
    body["spec"]["watch"]["metrics"][0]["onUnknown"] = "Pass"
    await story.apply(body)
    await story.run(in_phase(Phase.WATCHING))
    story.world.latency = lambda: None

    assert await finished(story) is Phase.COMPLETED


async def test_an_outage_of_the_operator_does_not_eat_the_time_of_a_rollout() -> None:
    story = await Story.begin("The operator is away for an hour before the rollout")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.MIGRATING))
    await story.world.advance(3600)
    await story.restart()

    assert await finished(story) is Phase.COMPLETED
