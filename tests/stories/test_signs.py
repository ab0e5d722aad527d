"""Alerts, pods and logs: what they stop and turn back, and what their silence leads to."""

from datetime import timedelta
from typing import Any

from tests.fakes.story import Story, in_phase
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import POD, Body
from release_coordinator.engine.watchfacts import AlertFact, FiringFact

NEW_FRONTEND = "example/bookshop-frontend:1.3.0"


async def begun(title: str, **watch: Any) -> Story:
    """A Release that watches this and no metrics."""
    story = await Story.begin(title)
    body = bookshop()
    body["spec"]["watch"] = {"duration": "5m", **watch}
    await story.apply(body)
    return story


async def watching(title: str, **watch: Any) -> Story:
    """The same, in its watch."""
    story = await begun(title, **watch)
    await story.run(in_phase(Phase.WATCHING))
    return story


def fires(story: Story, seconds: float, **labels: str) -> None:
    """An alert fires from so many seconds from now on."""
    since = story.world.time.now() + timedelta(seconds=seconds)
    story.transcript.world(f"BookshopDown fires in {seconds:.0f} seconds")
    alert = AlertFact("BookshopDown", {"app": "bookshop", **labels}, since)

    def firing() -> FiringFact:
        return FiringFact((alert,) if story.world.time.now() >= since else ())

    story.world.metrics.fires = firing


ALERTS = [{"name": "app", "labels": {"app": "$(release)"}, "cause": "Security"}]


async def test_an_alert_in_the_watch_rolls_back_with_its_cause() -> None:
    story = await watching(
        "An alert fires in the watch: the way back with its cause", alerts=ALERTS
    )
    fires(story, 100, severity="critical")

    await story.run()

    await story.check("alert_fires")
    trigger = attempt(await story.release()).trigger
    assert trigger is not None
    assert trigger.cause == "Security"


async def test_an_alert_that_fired_before_the_change_is_told_and_does_not_count() -> None:
    story = await Story.begin("An alert fires since before the release: told, not counted")
    fires(story, -60)
    body = bookshop()
    body["spec"]["watch"] = {"duration": "5m", "alerts": ALERTS}
    await story.apply(body)

    await story.run()

    await story.check("alert_fired_before")


async def test_a_source_of_alerts_that_is_down_is_no_silence() -> None:
    story = await watching(
        "The source of alerts is down: held after the limit, never taken for silence",
        alerts=ALERTS,
        unknownLimit="1m",
    )
    story.transcript.world("Prometheus goes down")
    story.world.metrics.fires = lambda: FiringFact((), "Prometheus is down")

    await story.run()

    await story.check("alerts_unknown")


async def test_a_crash_loop_stops_the_rollout_half_way() -> None:
    story = await begun(
        "The new frontend crashes: stopped half way, long before its deadline", pods={}
    )
    story.world.script.crashing[NEW_FRONTEND] = "no configuration"

    await story.run()

    await story.check("crash_loop_braked")


async def test_a_line_in_the_log_holds_and_is_only_reported_once_it_is_accepted() -> None:
    story = await watching(
        "The new version logs an error: held, accepted, and reported from then on",
        logs=[{"name": "errors", "patterns": ["^ERROR", "panic:"], "component": "backend"}],
    )
    at = story.world.time.now() + timedelta(seconds=60)
    story.transcript.world("the backend logs an error in 60 seconds, and another every minute")

    def logged(pod: Body, container: str, previous: bool) -> list[Any]:  # noqa: FBT001 - a hook
        del container
        if previous or not pod["metadata"]["name"].startswith("bookshop-backend"):
            return []
        moments = [at + timedelta(minutes=minute) for minute in range(10)]
        now = story.world.time.now()
        return [
            (moment, f"ERROR no stock {moment:%H:%M:%S}") for moment in moments if moment <= now
        ]

    story.world.cluster.script_logs(logged)
    await story.run()
    await story.world.advance(60)

    await story.annotate("resume", "1.1")
    await story.run()

    await story.check("log_lines_accepted")


async def test_pods_that_lose_their_readiness_in_the_watch_roll_back() -> None:
    story = await watching("The backend's pods are no longer ready: rolled back", pods={})
    story.transcript.world("the backend's pods are not ready any more")
    world = story.world
    for pod in await world.user.list(POD, NAMESPACE):
        if pod["metadata"]["name"].startswith("bookshop-backend"):
            pod["status"]["conditions"] = [{"type": "Ready", "status": "False"}]
            await world.user.replace_status(POD, pod)

    await story.run()

    await story.check("readiness_lost")


def attempt(release: ReleaseObject) -> Any:
    """The journal."""
    assert release.status.attempt is not None
    return release.status.attempt
