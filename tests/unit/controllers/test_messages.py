"""The outbox: made from what is stored, sent to real receivers, journalled before and after."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from tests.fakes.outbox import States, channel
from tests.fakes.receiver import Receiver, listening
from tests.fakes.story import Story, following
from tests.fakes.world import DAWN, NAMESPACE
from tests.policies import basic
from tests.releases import bookshop

from release_coordinator.api.codec import parse_channel, parse_notification
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import CHANNEL, NOTIFICATION, RECORD, RELEASE, Body, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.controllers.channels import Channels
from release_coordinator.controllers.delivery import AGAIN, Deliveries
from release_coordinator.controllers.messages import Messages
from release_coordinator.controllers.port import PATIENCE, Controller, Parts
from release_coordinator.controllers.watching import NOBODY
from release_coordinator.errors import Conflict, Denied, Transient
from release_coordinator.signals.addresses import APIServer
from release_coordinator.signals.post import Post
from release_coordinator.telemetry.messagemetrics import MessageMetrics

KEY = (NAMESPACE, "bookshop")
TOLD = ["Started", "Completed"]


class Office:
    """A cluster with a release that has completed, and the controllers that tell of it."""

    def __init__(self, post: Post, states: States) -> None:
        self.now = DAWN + timedelta(hours=1)
        self.registry = CollectorRegistry()
        self.cluster = MemoryCluster(namespaces=(NAMESPACE,), now=lambda: self.now)
        self.user = self.cluster.as_manager("kubectl")
        self._post, self._states = post, states
        self.wishes: list[float] = []
        """Seconds after which the controllers are to look again."""
        self.start()

    def start(self) -> None:
        """A new process, which knows nothing."""
        self.store = Store()
        self.cluster.subscribe(self._hear)
        parts = Parts(
            self.cluster,
            self.store,
            lambda: self.now,
            "",
            post=self._post,
            message_metrics=MessageMetrics(CollectorRegistry()),
            again=lambda _, seconds: self.wishes.append(seconds),
        )
        channels = Channels(parts)
        self.delivery = Deliveries(parts, channels)
        self.controllers: list[Controller] = [Messages(parts), channels, self.delivery]

    def _hear(self, event: str, body: Body) -> None:
        kinds = {kind.kind: kind for kind in (RELEASE, RECORD, CHANNEL, NOTIFICATION)}
        kind = kinds.get(body["kind"])
        if kind is not None and event != "DELETED":
            self.store.put(kind, body)

    async def set_up(self, *channels: Body) -> None:
        """Everything is there."""
        last = self._states.releases[-1]
        created = await self.user.create(RELEASE, _new(last))
        await self.user.replace_status(RELEASE, {**created, "status": last["status"]})
        for body in self._states.records:
            spec = {**body["spec"], "releaseUid": created["metadata"]["uid"]}
            await self.user.create(RECORD, {**_new(body), "spec": spec})
        await self.add(*channels)

    async def add(self, *channels: Body) -> None:
        """Channels that were there before anything happened."""
        before, self.now = self.now, DAWN - timedelta(days=1)
        for body in channels:
            await self.user.create(CHANNEL, _new(body))
        self.now = before
        await self.resync()

    async def resync(self) -> None:
        """List everything, as a new process does."""
        for kind in (RELEASE, CHANNEL, NOTIFICATION):
            self.store.replace_all(kind, await self.user.list(kind), since=self.store.mark())

    async def look(self) -> float | None:
        """One look of all controllers, and whatever is sent after it."""
        waits = [await one.reconcile(KEY) for one in self.controllers]
        await self.delivery.idle()
        return min((wait for wait in waits if wait is not None), default=None)

    async def outbox(self) -> list[Any]:
        """All Notifications, in the order of what happened."""
        found = map(parse_notification, await self.user.list(NOTIFICATION))
        return sorted(found, key=lambda one: one.spec.time if one.spec else DAWN)

    async def channel(self, name: str = "hook") -> Any:
        """A Channel as it is stored."""
        return parse_channel(await self.user.get(Ref(CHANNEL, None, name)))


@pytest.fixture(scope="module")
async def states() -> States:
    found = States()
    await found.play(await Story.begin("a good version"), bookshop())
    return found


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening(Receiver()) as made:
        yield made


@pytest.fixture
async def office(states: States) -> AsyncIterator[Office]:
    post = Post(APIServer(), allow_loopback=True)
    yield Office(post, states)
    await post.close()


def hook(receiver: Receiver, name: str = "hook", **spec: Any) -> Body:
    """A Channel to the receiver; spec.timeout is 1 s."""
    return channel(name, **{"cloudEvents": {"url": receiver.url}, "timeout": "1s", **spec})


async def test_without_a_channel_no_object_is_made(office: Office) -> None:
    await office.set_up()

    await office.look()

    assert await office.outbox() == []


async def test_everything_that_happened_is_told_once_and_in_order(
    office: Office, receiver: Receiver
) -> None:
    await office.set_up(hook(receiver))

    await office.look()
    await office.look()

    outbox = await office.outbox()
    assert [one.json["event"] for one in receiver.got] == TOLD
    assert receiver.taken() == [one.spec.id for one in outbox]
    assert {one.status.phase for one in outbox} == {"Delivered"}
    first = receiver.got[0]
    assert first.headers["ce-specversion"] == "1.0"
    assert first.headers["ce-type"] == "io.release-coordinator.release.Started"
    assert first.headers["ce-source"].endswith("/namespaces/shop/releases/bookshop")
    assert first.headers["idempotency-key"] == first.id
    assert first.json["version"] == "1.3.0"


async def test_structured_mode_is_one_document(office: Office, receiver: Receiver) -> None:
    to = {"url": receiver.url, "mode": "Structured"}
    await office.set_up(hook(receiver, cloudEvents=to))

    await office.look()

    event = receiver.got[0]
    assert event.headers["content-type"].startswith("application/cloudevents+json")
    assert {"id", "source", "specversion", "type", "time"} <= event.json.keys()
    assert event.json["data"]["event"] == "Started"


async def test_a_receiver_that_was_away_gets_everything_in_order_when_it_is_back(
    office: Office, receiver: Receiver
) -> None:
    await office.set_up(hook(receiver))
    receiver.status = 503
    await office.look()
    assert 0 < (await office.look() or 0) <= 5
    down = await office.channel()
    pending = (await office.outbox())[0]
    receiver.status = 200

    office.now += timedelta(seconds=10)
    await office.look()

    ids = [one.spec.id for one in await office.outbox()]
    assert receiver.taken() == [ids[0], *ids], "only the first was tried while it was away"
    assert (pending.status.phase, pending.status.tries) == ("Pending", 1)
    assert "answered with HTTP 503" in pending.status.last_error
    assert (down.status.conditions[0].reason, down.status.conditions[0].status) == (
        "NotDelivered",
        "False",
    )
    up = await office.channel()
    assert (up.status.conditions[0].reason, up.status.message) == ("Delivering", "")


async def test_what_the_receiver_never_takes_does_not_keep_the_rest_waiting(
    office: Office, receiver: Receiver
) -> None:
    await office.set_up(hook(receiver))
    receiver.status = 400

    await office.look()

    assert {one.status.phase for one in await office.outbox()} == {"Failed"}
    assert len(receiver.got) == len(TOLD), "in one look: the first holds up no other"


async def test_a_lane_that_is_free_again_is_looked_at_again(
    office: Office, receiver: Receiver
) -> None:
    """What came meanwhile was left to it."""
    await office.set_up(hook(receiver))
    receiver.status = 503

    await office.look()

    assert office.wishes == [0.0]
    assert 0 < (await office.look() or 0) <= 5
    assert office.wishes == [0.0], "nothing is due: no lane, no other look"


@pytest.mark.parametrize(
    ("error", "pause"),
    [
        (Transient("away"), AGAIN),
        (Conflict("changed"), AGAIN),
        (Unserved("no CRD"), PATIENCE),
        (Denied("no right"), PATIENCE),
        (ZeroDivisionError(), PATIENCE),
    ],
)
async def test_a_message_whose_journal_cannot_be_written_is_sent_after_a_pause(
    office: Office, receiver: Receiver, error: Exception, pause: float
) -> None:
    await office.set_up(hook(receiver))

    async def refuse(call: Call) -> None:
        if call.verb == "replace_status" and call.ref.kind is NOTIFICATION:
            raise error

    office.cluster.before = refuse
    await office.look()
    assert (office.wishes, receiver.got) == ([pause], [])

    office.cluster.before = None
    await office.look()
    assert [one.json["event"] for one in receiver.got] == TOLD


async def test_nothing_is_sent_before_all_messages_of_the_namespace_are_known(
    office: Office, receiver: Receiver
) -> None:
    """An earlier one could be among those that are not listed yet."""
    await office.set_up(hook(receiver))
    for one in office.controllers[:2]:  # those that send nothing
        await one.reconcile(KEY)
    office.start()
    office.store.replace_all(CHANNEL, await office.user.list(CHANNEL), since=0)
    _, last = await office.outbox()
    ref = Ref(NOTIFICATION, last.namespace, last.name)
    office.store.put(NOTIFICATION, await office.user.get(ref))

    await office.delivery.reconcile(KEY)
    await office.delivery.idle()
    assert receiver.got == []

    await office.resync()
    await office.look()
    assert [one.json["event"] for one in receiver.got] == TOLD


async def test_a_channel_that_hangs_delays_no_other(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release_coordinator.controllers.delivery.SLOTS", 1)
    stuck = Receiver(hangs=True)
    async with listening(stuck):
        await office.set_up(hook(stuck, "stuck", timeout="30s"))
        for one in office.controllers:
            await asyncio.wait_for(one.reconcile(KEY), 5)
        await stuck.until(1)

        await office.add(hook(receiver, "well"))
        for one in office.controllers:
            await asyncio.wait_for(one.reconcile(KEY), 5)
        await receiver.until(len(TOLD), seconds=15)

        assert len(stuck.got) <= 1
    await office.delivery.idle()


@pytest.mark.parametrize("lost", ["before", "after"])
async def test_a_process_that_ends_while_sending_sends_again_with_the_same_id(
    office: Office, receiver: Receiver, lost: str
) -> None:
    """The journal says Sending; whether the message got through, nobody knows."""
    await office.set_up(hook(receiver))
    writes = 0

    async def die(call: Call) -> None:
        nonlocal writes
        if call.verb == "replace_status" and call.ref.kind is NOTIFICATION:
            writes += 1
            if writes >= 2:  # the one after the first try
                raise asyncio.CancelledError

    setattr(office.cluster, lost, die)
    for one in office.controllers:
        await one.reconcile(KEY)
    await asyncio.gather(*office.delivery._lanes.values(), return_exceptions=True)
    office.cluster.before = office.cluster.after = None
    office.start()
    await office.resync()

    await office.look()

    ids = [one.spec.id for one in await office.outbox()]
    assert list(dict.fromkeys(receiver.taken())) == ids, "nothing is lost, in order"
    again = 1 if lost == "before" else 0
    assert len(receiver.taken()) == len(ids) + again, "at most one is sent twice, with its id"


async def test_an_api_server_that_is_away_for_a_moment_makes_no_duplicate(
    office: Office, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("release_coordinator.controllers.delivery.JOURNAL_PAUSE", 0.0)
    await office.set_up(hook(receiver))
    refused = 0

    async def away(call: Call) -> None:
        nonlocal refused
        if call.verb == "replace_status" and len(receiver.got) == 1 and refused < 3:
            refused += 1
            raise Transient("away")

    office.cluster.before = away

    await office.look()

    assert refused == 3
    assert len(receiver.got) == len(TOLD)


async def test_a_missing_right_is_told_and_no_release_is_touched(
    office: Office, receiver: Receiver
) -> None:
    await office.set_up(hook(receiver))
    before = await office.user.get(Ref(RELEASE, *KEY))

    async def refuse(call: Call) -> None:
        if call.ref.kind is NOTIFICATION:
            raise Denied("no")

    office.cluster.before = refuse
    with pytest.raises(Denied):
        await office.look()

    assert await office.user.get(Ref(RELEASE, *KEY)) == before


async def test_a_credential_that_is_missing_is_told_with_who_mends_it(office: Office) -> None:
    spec = {"urlFrom": {"name": "chat", "key": "url"}}
    await office.set_up(channel("chat", apprise=spec))

    await office.look()

    (first, *_) = await office.outbox()
    assert "RELEASE_COORDINATOR_LEASE_NAMESPACE" in first.status.last_error


async def test_a_bad_template_is_told_and_the_default_text_arrives(
    office: Office, receiver: Receiver
) -> None:
    own = [{"event": "Started", "body": "{% for x in version %}{% endfor %}"}]
    await office.set_up(hook(receiver, templates=own))

    await office.look()

    found = await office.channel()
    assert receiver.got[0].json["title"] == "bookshop 1.3.0: deployment started"
    (texts,) = [one for one in found.status.conditions if one.type == "TextsValid"]
    assert (texts.status, texts.reason) == ("False", "BadTemplate")
    assert "spec.templates[Started].body loops" in found.status.message


async def test_messages_of_a_channel_that_is_gone_end(office: Office, receiver: Receiver) -> None:
    await office.set_up(hook(receiver))
    receiver.status = 503
    await office.look()
    gone = await office.channel()
    await office.user.delete(Ref(CHANNEL, None, "hook"), uid=gone.uid)
    await office.resync()

    await office.look()
    office.now += timedelta(hours=1)
    await office.look()

    outbox = await office.outbox()
    assert {one.status.phase for one in outbox} == {"Failed"}
    assert "no Channel hook any more" in outbox[0].status.last_error


async def test_messages_go_two_days_after_their_end_and_do_not_come_back(
    office: Office, receiver: Receiver
) -> None:
    await office.set_up(hook(receiver))
    wait = await office.look()
    assert wait is None or wait <= timedelta(days=2).total_seconds()

    office.now += timedelta(days=2, minutes=1)
    await office.look()
    await office.look()

    assert await office.outbox() == []
    assert len(receiver.got) == len(TOLD)


async def test_a_request_that_is_still_open_is_neither_forgotten_nor_repeated(
    receiver: Receiver,
) -> None:
    found = States()
    story = await Story.begin("a version that waits")
    await story.world.require(
        **basic(types=[{"type": "Minor", "signOffs": [{"role": "qa"}]}])["spec"]
    )
    await found.play(story, bookshop())
    post = Post(APIServer(), allow_loopback=True)
    office = Office(post, found)
    await office.set_up(hook(receiver))

    for _ in range(3):
        await office.look()
        office.now += timedelta(days=3)

    await post.close()
    assert [one.spec.event for one in await office.outbox()] == ["SignOffNeeded"]
    assert len(receiver.got) == 1


async def test_what_happened_while_nobody_looked_is_told_from_the_record(
    receiver: Receiver,
) -> None:
    found = States()
    story = await Story.begin("two versions")
    await found.play(story, bookshop(), following("1.4.0"))
    post = Post(APIServer(), allow_loopback=True)
    office = Office(post, found)
    office.now = _end(found) + timedelta(minutes=1)
    await office.set_up(hook(receiver))

    await office.look()

    await post.close()
    told = [one.json["event"] for one in receiver.got]
    assert told == [*TOLD, "Started", "StepFailed", "RollbackStarted", "RolledBack"]


def _new(body: Body) -> Body:
    """The object as somebody creates it."""
    metadata = body["metadata"]
    kept = {name: metadata[name] for name in ("name", "namespace", "labels") if name in metadata}
    return {"metadata": kept, "spec": body["spec"]}


def _end(states: States) -> datetime:
    return max(datetime.fromisoformat(one["spec"]["endedAt"]) for one in states.records)


async def test_a_channel_that_was_corrected_is_tried_at_once(
    office: Office, receiver: Receiver
) -> None:
    away = {"url": "http://127.0.0.1:1/events"}
    await office.set_up(hook(receiver, cloudEvents=away))
    await office.look()

    better = {"spec": {"cloudEvents": {"url": receiver.url}}}
    await office.user.patch(Ref(CHANNEL, None, "hook"), better)
    await office.look()

    assert [one.json["event"] for one in receiver.got] == TOLD


async def test_a_channel_has_a_status_before_there_is_any_release(
    office: Office, receiver: Receiver
) -> None:
    await office.user.create(CHANNEL, _new(hook(receiver)))

    for one in office.controllers:
        await one.reconcile(NOBODY)

    found = await office.channel()
    assert (found.status.conditions[0].reason, found.status.conditions[0].status) == (
        "NotUsed",
        "Unknown",
    )
    assert found.status.observed_generation == found.generation


async def test_when_the_operator_ends_a_message_that_is_under_way_is_journalled(
    states: States, receiver: Receiver
) -> None:
    post = Post(APIServer(), allow_loopback=True)
    office = Office(post, states)
    await office.set_up(hook(receiver, timeout="30s"))
    receiver.hangs = True
    for one in office.controllers:
        await one.reconcile(KEY)
    await receiver.until(1)

    ending = asyncio.create_task(post.close())
    await receiver.release()
    await ending

    phases = [one.status.phase for one in await office.outbox()]
    assert phases[0] == "Delivered"
    assert len(receiver.got) == 1, "the next one goes when it runs again"


async def test_a_rollback_tells_programs_how_to_take_it_out_of_git(
    receiver: Receiver,
) -> None:
    """The event alone is enough for a bot: versions, images, cause, and a patch that fits."""
    states = States()
    story = await Story.begin("a bad version after a good one")
    await states.play(story, bookshop())
    await states.play(story, following("1.4.0"))
    post = Post(APIServer(), allow_loopback=True)
    office = Office(post, states)
    await office.set_up(hook(receiver, events=["RolledBack", "Completed"]))

    await office.look()
    await post.close()

    (event,) = [one.json for one in receiver.got if one.json["event"] == "RolledBack"]
    revert = event["revert"]
    assert (revert["failedVersion"], revert["restoredVersion"]) == ("1.4.0", "1.3.0")
    assert revert["reason"] == "MetricBreach"
    assert revert["digest"].startswith("sha256:")
    assert revert["patch"][:2] == [
        {"op": "test", "path": "/spec/version", "value": "1.4.0"},
        {"op": "replace", "path": "/spec/version", "value": "1.3.0"},
    ]
    assert {
        "component": "backend",
        "container": "api",
        "failed": "example/bookshop-backend:1.4.0",
        "restored": "example/bookshop-backend:1.3.0",
    } in revert["images"]
    assert revert["whole"] is False
    assert "migrations" in revert["differs"]
    assert (event["namespace"], event["release"]) == ("shop", "bookshop")
    completed = [one.json for one in receiver.got if one.json["event"] == "Completed"]
    assert all("revert" not in one for one in completed)
