"""Messages on a real API server, with receivers that fail and operators that are killed."""

import asyncio
import base64
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.api.rights import chart_account
from tests.fakes.prometheus import vector
from tests.fakes.receiver import Receiver, listening
from tests.fakes.stage import Stage

from release_coordinator.api.codec import NotificationObject, parse_channel, parse_notification
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import CHANNEL, NOTIFICATION, SECRET, Body, Ref
from release_coordinator.errors import Invalid

pytestmark = pytest.mark.api

KEY = {"name": "chat", "key": "url"}
AWAY = float(os.environ.get("RECEIVER_AWAY_SECONDS", "8"))
"""How long a receiver is away; by hand it was two minutes."""
EXPORTED = ("notifications_total", "channel_up")
COURSE = ["Started", "Completed"]
TAKEN_BACK = ["Started", "StepFailed", "RollbackStarted", "RolledBack"]


@asynccontextmanager
async def channel(shop: Stage, **spec: Any) -> AsyncIterator[Ref]:
    """A Channel for the Releases of this stage, as long as the test needs it."""
    body = {
        "metadata": {"name": shop.namespace},
        "spec": {"namespaces": [shop.namespace], "timeout": "20s", **spec},
    }
    stored = await shop.user.create(CHANNEL, body)
    try:
        yield Ref(CHANNEL, None, shop.namespace)
    finally:
        await shop.user.delete(Ref(CHANNEL, None, shop.namespace), uid=stored["metadata"]["uid"])


def hook(receiver: Receiver) -> Body:
    return {"url": receiver.url, "allow": ["Loopback"]}


async def outbox(shop: Stage) -> list[NotificationObject]:
    """All messages, in the order of what happened."""
    found = map(parse_notification, await shop.user.list(NOTIFICATION, shop.namespace))
    return sorted(found, key=lambda one: (one.spec.time, one.name) if one.spec else one.name)


async def delivered(
    shop: Stage, events: Sequence[str], seconds: float = 120.0
) -> list[NotificationObject]:
    """The messages, when there is one of each of these and all of them have arrived."""
    async with asyncio.timeout(seconds):
        while True:
            found = await outbox(shop)
            told = {str(one.spec.event) for one in found if one.spec}
            if told >= set(events) and {one.status.phase for one in found} == {"Delivered"}:
                return found
            await asyncio.sleep(0.2)


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({}, "set either apprise or cloudEvents"),
        (
            {"apprise": {"urlFrom": KEY}, "cloudEvents": {"url": "http://h:8080/x"}},
            "set either apprise or cloudEvents",
        ),
        ({"cloudEvents": {"url": "http://ada:word@h/x"}}, "spec.cloudEvents.url"),
        ({"cloudEvents": {"url": "http://h/x", "tls": {"ca": KEY}}}, "tls needs a url"),
        ({"apprise": {"url": "slack://token"}}, "urlFrom"),
        ({"apprise": {"urlFrom": KEY}, "events": ["Everything"]}, "spec.events"),
        ({"apprise": {"urlFrom": KEY}, "roles": ["Not A Role"]}, "spec.roles"),
    ],
)
async def test_a_channel_that_makes_no_sense_is_refused(
    shop: Stage, spec: dict[str, Any], words: str
) -> None:
    body = {"metadata": {"name": "nonsense"}, "spec": spec}
    with pytest.raises(Invalid, match=words):
        await shop.user.create(CHANNEL, body, dry_run=True)


async def test_everything_that_makes_sense_is_admitted(shop: Stage) -> None:
    spec = {
        "cloudEvents": {
            "url": "https://h/x",
            "mode": "Structured",
            "auth": {"bearer": KEY},
            "tls": {"ca": KEY, "certificate": KEY, "privateKey": KEY, "serverName": "hooks"},
            "allow": ["Loopback", "LinkLocal", "APIServer"],
        },
        "timeout": "1m",
        "namespaces": ["shop"],
        "releases": {"names": ["bookshop"], "labels": {"example.com/team": "books"}},
        "types": ["Major", "Hotfix"],
        "events": ["SignOffNeeded", "RolledBack"],
        "roles": ["qa"],
        "audience": "Business",
        "templates": [{"event": "RolledBack", "title": "{{ release }}", "body": "{{ message }}"}],
    }
    stored = await shop.user.create(
        CHANNEL, {"metadata": {"name": "sense"}, "spec": spec}, dry_run=True
    )
    assert parse_channel(stored).faults == ()


async def test_a_receiver_that_is_away_delays_no_release_and_loses_nothing(shop: Stage) -> None:
    receiver = Receiver()
    async with listening(receiver):
        pass  # it has a port now, and nobody listens there
    async with channel(shop, cloudEvents=hook(receiver)) as ref:
        await shop.start("first")
        await shop.apply(shop.release())
        await shop.ended("1.3.0")
        await asyncio.sleep(AWAY)
        down = parse_channel(await shop.user.get(ref))
        async with listening(receiver):
            found = await delivered(shop, COURSE)

    ids = [one.spec.id for one in found if one.spec]
    assert receiver.taken() == ids, "each once, in order"
    assert [one.json["event"] for one in receiver.got] == COURSE
    assert down.status.conditions[0].reason == "NotDelivered"
    assert found[0].status.tries > 1


async def test_an_operator_that_is_killed_while_sending_loses_nothing(shop: Stage) -> None:
    """The message it was sending goes out again with the same id; no other one does."""
    receiver = Receiver(hangs=True)
    async with listening(receiver), channel(shop, cloudEvents=hook(receiver)):
        first = await shop.start("first")
        await shop.apply(shop.release())
        await receiver.until(1)
        await first.kill()
        sending = await outbox(shop)
        await receiver.release()
        await shop.start("second")
        await shop.ended("1.3.0")
        found = await delivered(shop, COURSE)

    ids = [one.spec.id for one in found if one.spec]
    assert sending[0].status.phase == "Sending"
    assert receiver.taken() == [ids[0], *ids]


async def test_a_rollback_is_told_through_apprise_with_the_rights_of_the_chart(
    shop: Stage, own_kubeconfig: Path, tmp_path: Path
) -> None:
    receiver = Receiver()
    account = chart_account(
        own_kubeconfig, shop.namespace, tmp_path, {"channels.secrets": "{chat}"}
    )
    settings = {"KUBECONFIG": str(account), "NAMESPACES": "", "LEASE_NAMESPACE": shop.namespace}
    async with (
        listening(receiver),
        channel(shop, apprise={"urlFrom": KEY}, audience="Business"),
    ):
        url = f"json://ada:hunter2@127.0.0.1:{receiver.port}/chat\n"
        secret = {"metadata": {"name": "chat", "namespace": shop.namespace}}
        encoded = base64.b64encode(url.encode()).decode()
        await shop.user.create(SECRET, {**secret, "data": {"url": encoded}})
        operator = await shop.start("operator", **settings)
        await shop.apply(shop.release(duration="60s"))
        await shop.until(lambda one: one.status.phase is Phase.WATCHING)
        shop.prometheus.script = vector("9.9")
        ended = await shop.ended("1.3.0")
        found = await delivered(shop, TAKEN_BACK)
        exported = [await operator.metric(f"release_coordinator_{name}") for name in EXPORTED]

    assert exported == [len(found), 1]
    assert ended.status.phase is Phase.ROLLED_BACK
    titles = [one.json["title"] for one in receiver.got]
    assert titles[0] == "bookshop 1.3.0 is being deployed now"
    assert "bookshop 1.3.0 was taken back" in titles
    assert all(f"Message {one.name}" in str(receiver.got) for one in found)
    assert "hunter2" not in operator.log + str(await shop.user.list(NOTIFICATION, shop.namespace))
