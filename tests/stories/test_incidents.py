"""An incident from the rollback to the version that brings the fix, as its post-mortem tells it."""

import re
from collections.abc import Sequence
from typing import Any

from tests import goldens
from tests.fakes.beside import Beside
from tests.fakes.story import GOLDEN, Story, following
from tests.fakes.world import NAMESPACE

from release_coordinator.api.base import format_time
from release_coordinator.api.codec import IncidentObject, parse_incident
from release_coordinator.api.conditions import Phase
from release_coordinator.api.incident import IncidentDecision, IncidentSeverity, IncidentState
from release_coordinator.cli.incidents import Words, edited, noted
from release_coordinator.cluster.port import INCIDENT, RELEASE, Body, Ref
from release_coordinator.controllers.incidents import Incidents
from release_coordinator.controllers.port import Controller, Parts
from release_coordinator.render.postmortem import markdown


def controllers(parts: Parts) -> Sequence[Controller]:
    return [Incidents(parts)]


class Told:
    """A story, its incident, and what is written down of both."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.beside = Beside(story.world, controllers)
        self.lines = [*story.transcript.lines[:2], ""]

    async def incident(self) -> IncidentObject:
        """The only one."""
        (body,) = await self.story.world.user.list(INCIDENT, NAMESPACE)
        return parse_incident(body)

    async def look(self, when: str) -> None:
        """Write down what the incident says now."""
        await self.beside.look()
        incident = await self.incident()
        status = incident.status
        facts = {
            "cause": status.cause,
            "follow-up": status.follow_up.state if status.follow_up else "-",
            "resolved": format_time(status.resolved_at) if status.resolved_at else "-",
        }
        state = incident.spec.state if incident.spec else "unreadable"
        said = [f"{c.type} {c.status} ({c.reason}) {c.message}" for c in status.conditions]
        self.lines += [
            f"{when}:",
            f"  {status.severity}, {state}, {status.decision}",
            f"  {', '.join(f'{name} {value}' for name, value in facts.items())}",
            *(f"  {line}" for line in said),
        ]

    async def write(self, **words: Any) -> None:
        """`kubectl release incident edit`."""
        await self._patch(edited(await self.incident(), Words(**words)))

    async def note(self, action: str, owner: str) -> None:
        """`kubectl release incident timeline --add`."""
        at = format_time(self.story.world.time.now())
        await self._patch(noted(await self.incident(), at, action, owner))

    async def check(self, name: str) -> None:
        """Compare with the golden file; hashes in names are chance."""
        self.lines += ["", markdown(await self.incident())]
        text = re.sub(r"-[0-9a-f]{10}\b", "-#", "\n".join(self.lines))
        goldens.check(GOLDEN / f"{name}.txt", text)

    async def _patch(self, patch: Body) -> None:
        incident = await self.incident()
        await self.story.world.user.patch(Ref(INCIDENT, NAMESPACE, incident.name), patch)


async def test_an_incident_from_the_rollback_to_the_version_that_brings_the_fix() -> None:
    story = await Story.begin("1.4.0 is slow and is taken back; 1.4.1 brings the fix", "1.3.0")
    told = Told(story)
    await story.apply(following("1.4.0"))
    await story.run(lambda one: one.status.phase is Phase.ROLLING_BACK)
    await told.look("The rollback has begun")
    await story.run()
    await told.look("1.3.0 runs again")

    await told.note("told the customers | by mail", "dana")
    await told.write(
        severity=IncidentSeverity.CRITICAL,
        impact="Checkout took five seconds.\nNobody lost an order.",
        state=IncidentState.IDENTIFIED,
        decision=IncidentDecision.ROLLBACK,
    )
    await told.look("The cause is known")
    await story.world.advance(3600)
    await told.write(
        state=IncidentState.RESOLVED,
        root_cause="A query without an index.",
        prevention="Staging has as many rows as production.",
        fix="0009-index-stock",
    )
    await told.look("It is resolved")
    body = following("1.4.1", "0009-index-stock")
    body["spec"]["fixes"] = [(await told.incident()).name]
    await story.apply(body)
    await story.run(lambda one: one.status.phase is Phase.WATCHING)
    await told.look("1.4.1 is watched")
    await story.run()
    await told.look("1.4.1 runs")

    await told.check("incident")


async def test_an_incident_of_a_release_that_was_held_and_went_on() -> None:
    story = await Story.begin("Prometheus is down for too long: held, then resumed by a person")
    told = Told(story)
    await story.apply(following("1.4.0", "0007-add-isbn"))
    await story.run(lambda one: one.status.phase is Phase.WATCHING)
    story.world.latency = lambda: None
    await story.run()
    await told.look("It is held")
    story.world.latency = lambda: 0.02
    await story.annotate("resume", "1.1")
    await story.run()
    await told.look("It has completed")

    await told.check("incident_held")


async def test_what_an_earlier_operator_has_ended_leads_to_no_incident() -> None:
    """It opened none; that it chained no records tells its attempts from those of this one."""
    story = await Story.begin("An upgrade after 1.4.0 was taken back", "1.3.0")
    await story.apply(following("1.4.0"))
    await story.run()
    ours = (await story.release()).status.message
    live = await story.world.user.get(Ref(RELEASE, NAMESPACE, "bookshop"))
    history = [{**live["status"]["history"][0], "digest": None}]
    status = {**live["status"], "history": history}
    await story.world.user.replace_status(RELEASE, {**live, "status": status})

    await story.restart()
    await story.run()
    theirs = await story.release()
    await story.world.advance(2 * 24 * 3600)
    await story.restart()
    await story.run()

    assert "kubectl release incident show" in ours
    assert "incident" not in theirs.status.message
    assert (await story.release()).resource_version == theirs.resource_version
