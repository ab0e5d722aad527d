"""The watch: a breach is acted upon, silence of Prometheus alone never is by default."""

from collections.abc import Callable
from datetime import timedelta

from tests.fakes.story import Story, in_phase
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase

SERIES = "answered with 2 series where one is expected; aggregate in the query"
NO_DATA = "answered with no data; check the metric's name and labels"


async def watching(title: str, **watch: str) -> Story:
    story = await Story.begin(title)
    body = bookshop()
    body["spec"]["watch"] |= watch
    await story.apply(body)
    await story.run(in_phase(Phase.WATCHING))
    return story


def down(story: Story, words: str, first: float, last: float) -> None:
    """Prometheus gives no usable answer from one second of the watch to another."""
    begin = story.world.time.now()
    well: Callable[[], float | None] = story.world.latency
    story.transcript.world(words)

    def answer() -> float | None:
        passed = story.world.time.now() - begin
        if timedelta(seconds=first) <= passed < timedelta(seconds=last):
            return None
        return well()

    story.world.latency = answer


async def test_an_outage_of_a_minute_extends_the_watch() -> None:
    story = await watching("Prometheus is down for a minute: the watch is as much longer")
    down(story, "Prometheus goes down for a minute, two minutes from now", 120, 180)

    await story.run()

    await story.check("prometheus_down_a_minute")


async def test_an_outage_that_is_too_long_is_held_and_resumed() -> None:
    story = await watching("Prometheus is down for too long: held, then resumed")
    down(story, "Prometheus goes down for an hour, a minute from now", 60, 3660)
    await story.run()
    await story.world.advance(3600)

    await story.annotate("resume", "1.1")
    await story.run()

    await story.check("prometheus_down_resume")


async def test_an_outage_that_is_too_long_is_held_and_rolled_back_by_a_person() -> None:
    story = await watching("Prometheus is down for too long: held, then rolled back by a person")
    down(story, "Prometheus goes down", 60, 86400)
    await story.run()
    await story.world.advance(600)

    await story.annotate("rollback", "1")
    await story.run()

    await story.check("prometheus_down_rollback")


async def test_a_query_without_data_is_unknown() -> None:
    story = await watching("The query finds no data: held, not rolled back", unknownLimit="1m")
    story.world.metrics.problem = NO_DATA
    down(story, "The metric vanishes", 30, 86400)

    await story.run()

    await story.check("query_without_data")


async def test_several_series_are_unknown() -> None:
    story = await watching("The query finds two series: held, not guessed", unknownLimit="1m")
    story.world.metrics.problem = SERIES
    down(story, "A second series appears", 30, 86400)

    await story.run()

    await story.check("query_with_two_series")


async def test_a_release_without_a_baseline_does_not_begin() -> None:
    story = await Story.begin("Prometheus is down before the release: nothing is changed")
    down(story, "Prometheus is down", 0, 86400)
    await story.apply(bookshop())

    await story.run()

    await story.check("baseline_unknown")


async def test_a_restart_of_the_operator_does_not_shorten_the_watch() -> None:
    story = await watching("The operator is down for an hour in the watch")
    await story.world.advance(3600)
    await story.restart()

    await story.run()

    await story.check("operator_down_in_watch")
