"""Messages of whole stories, as a receiver gets them: from what happens to the words."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tests.fakes.beside import Beside
from tests.fakes.outbox import channel
from tests.fakes.receiver import Receiver, listening
from tests.fakes.story import Story, following, in_phase
from tests.fakes.world import NAMESPACE
from tests.policies import basic
from tests.releases import bookshop
from tests.stories import test_notes as notes

from release_coordinator.api.attempt import StepState
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.port import CHANNEL, RECORD
from release_coordinator.controllers.channels import Channels
from release_coordinator.controllers.delivery import Deliveries
from release_coordinator.controllers.incidents import Incidents
from release_coordinator.controllers.messages import Messages
from release_coordinator.controllers.port import Controller, Parts
from release_coordinator.engine.describe import who_acts
from release_coordinator.signals.addresses import APIServer
from release_coordinator.signals.post import Post
from release_coordinator.telemetry.messagemetrics import MessageMetrics

Trouble = Callable[[Story, str], Awaitable[None]]
"""What goes wrong in a story; the step is that whose program fails, if it is one."""
Told = dict[str, Any]
"""Data of a CloudEvent."""


class Office:
    """Tells of a story, by a Channel to a receiver."""

    def __init__(self, story: Story, receiver: Receiver, post: Post) -> None:
        self.story = story
        self.receiver = receiver
        metrics = MessageMetrics(CollectorRegistry())
        self._beside = Beside(story.world, self._controllers, post=post, message_metrics=metrics)

    def _controllers(self, parts: Parts) -> Sequence[Controller]:
        channels = Channels(parts)
        self._delivery = Deliveries(parts, channels)
        return [Incidents(parts), Messages(parts), channels, self._delivery]

    async def open(self, **spec: Any) -> None:
        """Make the Channel, before anything happens."""
        body = channel("hook", cloudEvents={"url": self.receiver.url}, **spec)
        metadata = {"name": body["metadata"]["name"]}
        await self.story.world.user.create(CHANNEL, {"metadata": metadata, "spec": body["spec"]})
        await self._beside.listed()

    async def look(self) -> list[Told]:
        """Send what there is to tell now; returns what has come by it."""
        before = len(self.receiver.got)
        await self._beside.look()
        await self._delivery.idle()
        return [one.json for one in self.receiver.got[before:]]


@asynccontextmanager
async def telling(story: Story) -> AsyncIterator[Office]:
    """A receiver, and what sends to it."""
    post = Post(APIServer(), allow_loopback=True)
    async with listening(Receiver()) as receiver:
        office = Office(story, receiver, post)
        await office.open()
        yield office
    await post.close()


def events(told: Sequence[Told]) -> list[str]:
    return [one["event"] for one in told]


def first(told: Sequence[Told], event: str) -> Told:
    found = [one for one in told if one["event"] == event]
    assert found, f"{event} is not among {events(told)}"
    return found[0]


async def test_notes_of_a_release_that_completed_arrive() -> None:
    story = await notes.begin("Release notes reach those who wait for them")
    async with telling(story) as office:
        text = await notes.complete(story)
        await story.run()
        told = await office.look()

    assert events(told) == ["Started", "Completed", "NotesPublished"]
    published = told[-1]
    assert published["notes"] == text.strip()
    assert published["title"] == "bookshop 1.3.0: release notes"
    assert "Books are found by ISBN." in published["text"]
    assert "kubectl release notes bookshop -n shop --version 1.3.0" in published["text"]


async def test_a_gate_that_shuts_is_told_once_to_whom_it_belongs() -> None:
    story = await Story.begin("A plan that says another version than its images", "1.3.0")
    async with telling(story) as office:
        body = following("1.4.0")
        body["spec"]["version"] = "1.5.0"
        await story.apply(body)
        await story.look()
        (told,) = await office.look()
        await story.world.advance(600)
        again = await office.look()

    assert (told["event"], told["gate"]) == ("GateFailed", "VersionConsistency")
    assert told["role"] == "Release manager"
    assert "1.4.0" in told["message"]
    assert told["command"] == "kubectl release explain bookshop -n shop"
    assert again == []


async def test_a_rollback_that_failed_is_told_with_a_critical_incident() -> None:
    story = await Story.begin("Neither version is whole")
    async with telling(story) as office:
        story.world.script.failing_steps["verify/smoke/checkout"] = "POST /checkout: 500"
        await story.apply(bookshop())
        await story.run(in_phase(Phase.VERIFYING))
        story.world.script.never_ready.add("example/bookshop-frontend:1.2.0")
        await story.run()
        told = [*await office.look(), *await office.look()]

    assert set(events(told)) == {
        *("Started", "StepFailed", "RollbackStarted", "RollbackFailed", "IncidentChanged")
    }
    failed = first(told, "RollbackFailed")
    assert (failed["reason"], failed["role"]) == ("ProgressDeadlineExceeded", "DevOps engineer")
    assert "a person must act now" in failed["title"].lower()
    incident = first(told, "IncidentChanged")
    assert (incident["severity"], incident["state"]) == ("Critical", "Investigating")


async def test_what_is_held_is_told_with_the_way_out_until_somebody_has_decided() -> None:
    story = await Story.begin("Nobody knows how it goes")
    async with telling(story) as office:
        await story.apply(bookshop())
        await story.run(in_phase(Phase.WATCHING))
        story.world.latency = lambda: None
        await story.run()
        told = await office.look()
        story.world.latency = lambda: 0.02
        hold = (await story.release()).status.attempt
        assert hold is not None
        assert hold.hold is not None
        await story.annotate("resume", hold.hold.id)
        await story.run()
        later = await office.look()

    held = first(told, "Held")
    assert held["reason"] == "MetricUnknown"
    assert held["command"] == "kubectl release resume bookshop -n shop"
    assert "Held" not in events(later)
    assert "Completed" in events(later)


async def fails(story: Story, step: str) -> None:
    """A release whose program of this step fails."""
    body = bookshop()
    body["spec"]["backup"] = {
        "job": {"image": "example/backup:1"},
        "verify": {"image": "example/backup:1", "args": ["verify"]},
    }
    script = story.world.script
    script.said["prepare/backup"] = "backup-42"
    script.failing_steps[step] = "exit code 1"
    await story.apply(body)
    await story.run()


async def is_blind(story: Story, _step: str) -> None:
    """No metric answers, so that no baseline can be measured."""
    story.world.latency = lambda: None
    await story.apply(bookshop())
    await story.run()


@pytest.mark.parametrize(
    ("trouble", "reason", "role"),
    [(fails, "BackupFailed", "DevOps engineer"), (is_blind, "MetricUnknown", "Platform team")],
)
async def test_what_ends_before_any_change_is_told_with_the_role_and_the_command(
    trouble: Trouble, reason: str, role: str
) -> None:
    story = await Story.begin("Nothing was changed")
    async with telling(story) as office:
        await trouble(story, "prepare/backup")
        told = await office.look()

    assert "RollbackStarted" not in events(told)
    failed = first(told, "Failed")
    assert (failed["reason"], failed["role"]) == (reason, role)
    assert "kubectl release explain bookshop -n shop" in failed["text"]


async def test_a_window_of_the_policy_is_announced_and_anew_when_a_freeze_moves_it() -> None:
    story = await Story.begin("A window in the evening, and then a freeze")
    evening = {"name": "evening", "start": "2026-11-01T20:00", "duration": "4h"}
    evening["recurrence"] = "FREQ=DAILY"
    gates = [*basic()["spec"]["gates"], {"name": "Window", "enforcement": "Required"}]
    async with telling(story) as office:
        await story.require(gates=gates, windows=[evening])
        await story.apply(bookshop())
        await story.look()
        (told,) = await office.look()
        freeze = {"name": "sale", "start": "2026-11-23T18:00", "duration": "24h"}
        await story.require(gates=gates, windows=[evening], freezes=[freeze])
        await story.look()
        (moved,) = await office.look()

    assert (told["event"], told["opensAt"]) == ("WindowAnnounced", "2026-11-23 20:00 UTC")
    assert told["role"] == "Release manager"
    assert "window evening opens at 2026-11-23 20:00 UTC" in told["message"]
    assert (moved["event"], moved["opensAt"]) == ("WindowAnnounced", "2026-11-24 20:00 UTC")


async def test_a_time_that_the_release_asks_for_is_announced_where_no_window_is_declared() -> None:
    story = await Story.begin("Everybody is to know it the day before")
    gates = [*basic()["spec"]["gates"], {"name": "Window", "enforcement": "Required"}]
    body = bookshop()
    body["spec"]["schedule"] = {"notBefore": "2026-11-24T09:00:00Z"}
    async with telling(story) as office:
        await story.require(gates=gates)
        await story.apply(body)
        await story.look()
        (told,) = await office.look()

    assert (told["event"], told["opensAt"]) == ("WindowAnnounced", "2026-11-24 09:00 UTC")


async def test_where_a_window_is_open_the_start_is_the_first_that_is_heard() -> None:
    story = await Story.begin("A window that is open already")
    window = {"name": "noon", "start": "2026-11-23T11:00", "duration": "4h"}
    gates = [*basic()["spec"]["gates"], {"name": "Window", "enforcement": "Required"}]
    async with telling(story) as office:
        await story.require(gates=gates, windows=[window])
        await story.apply(bookshop())
        await story.run()
        told = await office.look()

    assert events(told) == ["Started", "Completed"]


async def crashes(story: Story, component: str) -> None:
    story.world.script.crashing[f"example/bookshop-{component}:1.3.0"] = "no such table"
    await story.apply(bookshop())
    await story.run()


async def is_ill(story: Story, _step: str) -> None:
    await story.apply(bookshop())
    await story.run(in_phase(Phase.REFRESHING))
    story.world.prober.ok = False
    await story.run()


async def slow(story: Story, _step: str) -> None:
    story.world.slow_image = ":1.3.0"
    await story.apply(bookshop())
    await story.run()


async def shuts(story: Story, _step: str) -> None:
    body = bookshop()
    body["spec"]["backup"] = {"job": {"image": "example/backup:1"}}
    await story.apply(body)
    await story.run(in_phase(Phase.PREPARING))
    await story.require(signOffs=[{"role": "security"}])
    await story.run()


MENDERS = [
    ("prepare/confirm", shuts, "Release manager"),
    ("prepare/backup", fails, "DevOps engineer"),
    ("prepare/verify-backup", fails, "DevOps engineer"),
    ("migrate/0007-add-isbn", fails, "Developer"),
    ("rollout/backend", crashes, "DevOps engineer"),
    ("refresh/cache/redis", fails, "DevOps engineer"),
    ("verify/health", is_ill, "DevOps engineer"),
    ("verify/smoke/checkout", fails, "QA engineer"),
    ("watch", slow, "Developer"),
]


@pytest.mark.parametrize(("step", "trouble", "role"), MENDERS, ids=[one[0] for one in MENDERS])
async def test_a_failed_step_is_told_to_the_role_that_the_status_names(
    step: str, trouble: Trouble, role: str
) -> None:
    story = await Story.begin(f"{step} fails")
    async with telling(story) as office:
        await trouble(story, step.rpartition("/")[2] if trouble is crashes else step)
        told = await office.look()

    (reason,) = [
        (record.rollback or record).reason
        for record in await records(story)
        if any(one.id == step and one.state is StepState.FAILED for one in record.timeline)
    ]
    assert first(told, "StepFailed")["role"] == role
    assert who_acts(reason) == role


async def records(story: Story) -> list[RecordSpec]:
    bodies = await story.world.user.list(RECORD, NAMESPACE)
    return [RecordSpec.model_validate(body["spec"]) for body in bodies]
