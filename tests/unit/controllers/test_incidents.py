"""Incidents: opened once, whenever the controller looks, and never again once they were deleted."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes.beside import KEY, Beside
from tests.fakes.story import Story, following
from tests.fakes.world import NAMESPACE, World
from tests.policies import basic
from tests.releases import bookshop

from release_coordinator.api.codec import IncidentObject, parse_incident, parse_policy
from release_coordinator.api.incident import IncidentCause
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import INCIDENT, POLICY, RECORD, RELEASE, Body, Kind, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.controllers.incidents import Incidents
from release_coordinator.controllers.port import Parts
from release_coordinator.engine import names
from release_coordinator.engine.incidents import severity_of
from release_coordinator.errors import Denied, Transient

Play = Callable[[Story], Awaitable[None]]
KINDS: dict[str, Kind] = {"Release": RELEASE, "ReleaseRecord": RECORD}


def beside(world: World) -> Beside:
    return Beside(world, lambda parts: [Incidents(parts)])


async def incidents(cluster: MemoryCluster) -> list[IncidentObject]:
    return [parse_incident(body) for body in await cluster.list(INCIDENT, NAMESPACE)]


async def only(cluster: MemoryCluster) -> IncidentObject:
    (found,) = await incidents(cluster)
    return found


async def rolled_back(story: Story) -> None:
    await story.apply(following("1.4.0"))
    await story.run()


async def held_and_resumed(story: Story) -> None:
    await story.apply(bookshop())
    await story.run(lambda release: release.status.phase == "Watching")
    back = story.world.time.now() + timedelta(minutes=30)
    story.world.latency = lambda: None if story.world.time.now() < back else 0.02
    await story.run()
    await story.world.advance(3600)
    await story.annotate("resume", "1.1")
    await story.run()


async def rolled_back_and_retried(story: Story) -> None:
    await rolled_back(story)
    story.world.latency = lambda: 0.02
    await story.annotate("retry", "1")
    await story.run()


async def failed(story: Story) -> None:
    await rolled_back(story)
    body = following("1.5.0")
    body["spec"]["backup"] = {"job": {"image": "example/backup:1"}}
    story.world.script.failing_steps["prepare/backup"] = "no space left"
    await story.apply(body)
    await story.run()


async def not_whole(story: Story) -> None:
    script = story.world.script
    script.failing_steps["verify/smoke/checkout"] = "POST /checkout: 500"
    await story.apply(bookshop())
    await story.run(lambda release: release.status.phase == "Verifying")
    script.never_ready.add("example/bookshop-frontend:1.2.0")
    await story.run()


async def well(story: Story) -> None:
    await story.apply(bookshop())
    await story.run()


async def rehearsed(story: Story) -> None:
    body = bookshop()
    body["spec"]["rehearsal"] = True
    await story.apply(body)
    await story.run()


async def gating(story: Story) -> None:
    body = following("1.4.0")
    body["spec"]["version"] = "1.5.0"  # its images do not say so
    await story.apply(body)
    await story.look()


async def edited_in_gating(story: Story) -> None:
    await gating(story)
    story.world.latency = lambda: 0.02
    await story.apply(following("1.4.0"))
    await story.run()
    outcomes = [entry.outcome for entry in (await story.release()).status.history]
    assert outcomes == ["Completed", "Superseded"]


async def aborted_in_gating(story: Story) -> None:
    await gating(story)
    await story.annotate("abort", "1")
    await story.run()
    (entry,) = (await story.release()).status.history
    assert entry.outcome == "Failed"


@cache
def played(play: Play) -> tuple[World, list[Body]]:
    """Every state of the Release, and its records, in the order in which they came."""
    states: list[Body] = []

    async def run() -> World:
        story = await Story.begin("for its states", "1.2.0" if play in FROM_1_2 else "1.3.0")

        def hear(_event: str, body: Body) -> None:
            if body["kind"] in KINDS:
                states.append(body)

        story.world.cluster.subscribe(hear)
        await play(story)
        return story.world

    return asyncio.run(run()), states


class Replay:
    """The states of a story told again to a controller that may crash."""

    def __init__(self, world: World) -> None:
        self.cluster = MemoryCluster(namespaces=(NAMESPACE,), now=world.time.now)
        self.world = world
        self.news: list[Body] = []
        self.losing = 0
        self.cluster.before = self._before
        self.cluster.after = self._after
        self.writes = 0
        self.restart()

    def restart(self) -> None:
        """A new process: it knows what the API server has."""
        self.store = Store()
        for body in self.cluster.everything():
            if body["kind"] == "Incident":
                self.store.put(INCIDENT, body)
        for body in self.news[-1:]:
            self.store.put(RELEASE, body)
        parts = Parts(self.cluster, self.store, self.world.time.now, NAMESPACE)
        self.controller = Incidents(parts)

    async def tell(self, body: Body) -> None:
        """Something has happened."""
        if body["kind"] == "ReleaseRecord":
            metadata = {name: body["metadata"][name] for name in ("name", "namespace", "labels")}
            writing = self.cluster.as_manager("operator")
            await writing.create(RECORD, {"metadata": metadata, "spec": body["spec"]})
        else:
            self.news.append(body)
            self.store.put(RELEASE, body)

    async def look(self) -> None:
        """The controller looks; what it meets it meets again."""
        try:
            await self.controller.reconcile(KEY)
        except Transient:
            self.restart()

    async def _before(self, call: Call) -> None:
        if call.writes and self.losing == 1:
            self.losing = 0
            raise Transient("the request is lost")
        self.writes += call.writes

    async def _after(self, call: Call) -> None:
        if call.writes and self.losing == 2:
            self.losing = 0
            raise Transient("the answer is lost")


def told(incident: IncidentObject) -> Body:
    """An incident without what depends on when somebody looked: moments of its conditions."""
    status: Body = incident.status.to_wire()
    for condition in status["conditions"]:
        del condition["lastTransitionTime"]
    return {"name": incident.name, "spec": incident.spec, "status": status}


@cache
def when_it_looks_at_every_state(play: Play) -> list[Body]:
    world, states = played(play)

    async def run() -> list[Body]:
        replay = Replay(world)
        for body in states:
            await replay.tell(body)
            await replay.look()
        return [told(one) for one in await incidents(replay.cluster)]

    return asyncio.run(run())


PLAYS = (rolled_back, held_and_resumed, rolled_back_and_retried, failed, not_whole)
FROM_1_2 = {well, not_whole}
"""Plays that begin where 1.2.0 runs; the others begin at 1.3.0."""


@settings(max_examples=25)
@given(st.data())
@pytest.mark.parametrize("play", PLAYS)
def test_whenever_it_looks_and_whatever_is_lost_the_incident_is_the_same_in_the_end(
    play: Play, data: st.DataObject
) -> None:
    world, states = played(play)
    looks = data.draw(st.lists(st.sampled_from(range(len(states))), max_size=8, unique=True))
    troubles = data.draw(st.lists(st.sampled_from((0, 0, 1, 2, 3)), min_size=8, max_size=8))

    async def run() -> list[Body]:
        replay = Replay(world)
        for index, body in enumerate(states):
            await replay.tell(body)
            if index in looks:
                trouble = troubles[looks.index(index)]
                if trouble == 3:
                    replay.restart()
                else:
                    replay.losing = trouble
                await replay.look()
        replay.losing = 0
        await replay.look()
        before = replay.writes
        await replay.look()
        assert replay.writes == before, "a second look says nothing new"
        return [told(one) for one in await incidents(replay.cluster)]

    assert asyncio.run(run()) == when_it_looks_at_every_state(play)


@pytest.mark.parametrize(
    ("play", "causes"),
    [
        (rolled_back, [("RolledBack", "High")]),
        (held_and_resumed, [("Held", "Medium")]),
        (rolled_back_and_retried, [("RolledBack", "High")]),
        (failed, [("RolledBack", "High"), ("Failed", "Medium")]),
        (not_whole, [("RollbackFailed", "Critical")]),
        (well, []),
        (rehearsed, []),
        (edited_in_gating, []),
        (aborted_in_gating, []),
    ],
)
async def test_there_is_an_incident_for_what_went_wrong_and_for_nothing_else(
    play: Play, causes: list[tuple[str, str]]
) -> None:
    story = await Story.begin("what goes wrong", "1.2.0" if play in FROM_1_2 else "1.3.0")
    looking = beside(story.world)
    await play(story)

    await looking.look()

    found = await incidents(story.world.cluster)
    assert [(one.status.cause, one.status.severity) for one in found] == causes


@pytest.mark.parametrize("cause", IncidentCause)
def test_the_policy_says_the_severity_of_each_cause(cause: IncidentCause) -> None:
    field = cause[0].lower() + cause[1:]
    wanted = "Medium" if cause == "RollbackFailed" else "Critical"
    found = severities(), severities(**{field: wanted})

    assert found[0][cause] != wanted
    assert found[1] == {**found[0], cause: wanted}


def severities(**said: str) -> dict[str, str]:
    """Of each cause, as the policy that says so has it."""
    spec, _ = parse_policy(basic(incidents={"severity": said}))
    assert spec is not None
    return {one: severity_of(one, spec.incidents.severity) for one in IncidentCause}


async def test_severity_is_what_people_say_else_what_the_policy_says() -> None:
    story = await Story.begin("severity", "1.3.0")
    looking = beside(story.world)
    await rolled_back(story)
    await looking.look()
    built_in = (await only(story.world.cluster)).status.severity

    await story.world.user.patch(
        Ref(POLICY, NAMESPACE, "default"),
        {"spec": {"incidents": {"severity": {"rolledBack": "Critical"}}}},
    )
    await looking.look()
    by_policy = (await only(story.world.cluster)).status.severity
    await write(story, severity="Medium")
    await looking.look()

    by_people = (await only(story.world.cluster)).status.severity
    assert [built_in, by_policy, by_people] == ["High", "Critical", "Medium"]


async def test_a_process_that_has_just_begun_tries_to_open_none_that_there_is() -> None:
    story = await Story.begin("restarted", "1.3.0")
    await rolled_back(story)
    await beside(story.world).look()
    looking, calls = beside(story.world), list[str]()
    ours = {names.LABEL_RELEASE: "bookshop"}
    looking.store.replace_all(INCIDENT, [], since=looking.store.mark(), labels=ours)

    async def count(call: Call) -> None:
        calls.append(f"{call.verb} {call.ref.kind.kind}")

    story.world.cluster.before = count
    await looking.look()

    assert calls == ["get Incident"]


async def test_what_people_have_deleted_is_not_opened_again() -> None:
    story = await Story.begin("deleted", "1.3.0")
    looking = beside(story.world)
    await rolled_back(story)
    await looking.look()
    incident = await only(story.world.cluster)

    await story.world.user.delete(Ref(INCIDENT, NAMESPACE, incident.name), uid=incident.uid)
    await looking.look()

    assert await incidents(story.world.cluster) == []


@pytest.mark.parametrize(("hours", "opened"), [(23, 1), (25, 0)])
async def test_nothing_is_opened_for_what_ended_longer_ago_than_a_day(
    hours: int, opened: int
) -> None:
    story = await Story.begin("long ago", "1.3.0")
    await rolled_back(story)
    await story.world.advance(hours * 3600)

    await beside(story.world).look()

    assert len(await incidents(story.world.cluster)) == opened


@pytest.mark.parametrize(("hours", "opened"), [(23, 1), (25, 0)])
async def test_what_is_held_for_more_than_a_day_is_not_opened_again_by_another_process(
    hours: int, opened: int
) -> None:
    story = await Story.begin("deleted while it is held")
    await story.apply(bookshop())
    await story.run(lambda release: release.status.phase == "Watching")
    story.world.latency = lambda: None
    await story.run()
    await beside(story.world).look()
    incident = await only(story.world.cluster)
    await story.world.user.delete(Ref(INCIDENT, NAMESPACE, incident.name), uid=incident.uid)

    await story.world.advance(hours * 3600)
    await beside(story.world).look()

    assert (await story.release()).status.phase == "Held"
    assert len(await incidents(story.world.cluster)) == opened


async def test_a_moment_that_is_finer_than_a_status_keeps_is_reported_once() -> None:
    story = await Story.begin("detected at a microsecond", "1.3.0")
    looking = beside(story.world)
    await rolled_back(story)
    await looking.look()
    await write(story, detectedAt="2026-11-24T20:00:00.123456789+01:00")
    await looking.look()
    said = await only(story.world.cluster)
    writes = []

    async def count(call: Call) -> None:
        writes.extend([call] if call.writes else [])

    story.world.cluster.before = count
    await looking.look()

    assert said.status.to_wire()["detectedAt"] == "2026-11-24T19:00:00.123Z"
    assert writes == []


async def test_the_follow_up_is_open_until_a_version_that_names_it_has_completed() -> None:
    story = await Story.begin("follow-up", "1.3.0")
    looking = beside(story.world)
    await rolled_back(story)
    await looking.look()
    incident = await only(story.world.cluster)
    states = [state_of(incident)]

    await write(story, state="Resolved", rootCause="a query without an index", prevention="a test")
    fixed = following("1.4.1")
    fixed["spec"]["fixes"] = [incident.name]
    await story.apply(fixed)
    await story.run(lambda release: release.status.phase == "Watching")
    await looking.look()
    states.append(state_of(await only(story.world.cluster)))
    await story.run()
    await looking.look()

    closed = await only(story.world.cluster)
    assert [*states, state_of(closed)] == ["Open", "Planned", "Done"]
    assert closed.status.follow_up is not None
    assert closed.status.follow_up.version == "1.4.1"
    assert {c.type: c.status for c in closed.status.conditions} == {
        "Resolved": "True",
        "Ready": "True",
    }


async def test_a_fix_that_is_named_after_it_has_completed_counts_and_starts_nothing() -> None:
    story = await Story.begin("named late", "1.3.0")
    looking = beside(story.world)
    await rolled_back(story)
    await looking.look()
    fixed = following("1.4.1")
    await story.apply(fixed)
    await story.run()
    before = (await story.release()).status.attempt

    fixed["spec"]["fixes"] = [(await only(story.world.cluster)).name]
    await story.apply(fixed)
    await story.run()
    await looking.look()

    assert state_of(await only(story.world.cluster)) == "Done"
    assert (await story.release()).status.attempt == before


async def test_a_resolved_incident_that_is_reopened_has_no_end() -> None:
    story = await Story.begin("reopened", "1.3.0")
    looking = beside(story.world)
    await rolled_back(story)
    await looking.look()
    await write(story, state="Resolved", rootCause="this", prevention="that")
    await looking.look()
    resolved = (await only(story.world.cluster)).status

    await write(story, state="Investigating")
    await looking.look()

    assert resolved.resolved_at == story.world.time.now()
    assert (await only(story.world.cluster)).status.resolved_at is None


async def test_people_open_one_for_a_version_that_has_completed() -> None:
    story = await Story.begin("found later", "1.2.0")
    looking = beside(story.world)
    await well(story)
    spec = {"release": "bookshop", "attempt": 1, "title": "orders are sent twice"}
    body = {"metadata": {"name": "twice", "namespace": NAMESPACE}, "spec": spec}
    await story.world.user.create(INCIDENT, body)

    await looking.look()

    status = (await only(story.world.cluster)).status
    assert (status.cause, status.version, status.outcome) == (None, "1.3.0", "Completed")
    assert status.severity == "Medium"
    assert status.detected_at == story.world.time.now().replace(microsecond=0)
    assert state_of(await only(story.world.cluster)) == "Open"


async def test_a_resolved_incident_keeps_its_severity_until_it_is_reopened() -> None:
    story = await Story.begin("the policy changes later", "1.3.0")
    looking = beside(story.world)
    await rolled_back(story)
    await looking.look()
    await write(story, state="Resolved", rootCause="this", prevention="that")
    await looking.look()
    policy = {"incidents": {"severity": {"rolledBack": "Critical"}}}
    await story.world.user.patch(Ref(POLICY, NAMESPACE, "default"), {"spec": policy})
    await looking.look()
    kept = (await only(story.world.cluster)).status.severity

    await write(story, state="Investigating")
    await looking.look()

    assert [kept, (await only(story.world.cluster)).status.severity] == ["High", "Critical"]


async def test_an_attempt_without_a_record_has_an_end_too() -> None:
    story = await Story.begin("the API server takes no record", "1.3.0")
    looking = beside(story.world)
    story.world.admission = refuse_records

    await rolled_back(story)
    await looking.look()

    incident = await only(story.world.cluster)
    assert (incident.status.outcome, incident.status.record) == ("RolledBack", None)
    assert state_of(incident) == "Open"


def refuse_records(kind: Kind, _old: Body | None, _new: Body) -> None:
    if kind is RECORD:
        raise Denied("no records here")


async def test_an_incident_outlives_its_release() -> None:
    story = await Story.begin("the Release is deleted in the middle", "1.3.0")
    looking = beside(story.world)
    await story.apply(following("1.4.0"))
    await story.run(lambda release: release.status.phase == "Watching")
    await story.delete()
    await story.run(lambda release: bool(release.status.attempt and release.status.attempt.trigger))
    await looking.look()
    await story.run()

    await looking.look()

    status = (await only(story.world.cluster)).status
    assert (status.outcome, status.reason) == ("RolledBack", "Deleted")
    assert status.record is not None


def state_of(incident: IncidentObject) -> str | None:
    follow_up = incident.status.follow_up
    return str(follow_up.state) if follow_up else None


async def write(story: Story, **spec: Any) -> None:
    """Somebody writes something into the only incident."""
    incident = await only(story.world.cluster)
    await story.world.user.patch(Ref(INCIDENT, NAMESPACE, incident.name), {"spec": spec})
