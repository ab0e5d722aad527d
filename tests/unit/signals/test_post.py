"""Sending one message, to real receivers on this host."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.fakes.receiver import Receiver, listening

from release_coordinator.api.metricsource import AddressKind
from release_coordinator.signals.addresses import APIServer
from release_coordinator.signals.port import Endpoint, TLSMaterial
from release_coordinator.signals.post import APPRISER, Post, Receipt

NOTHING_LISTENS = "http://127.0.0.1:1/events"


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with listening(Receiver()) as made:
        yield made


@pytest.fixture
async def post() -> AsyncIterator[Post]:
    made = Post(APIServer(), allow_loopback=True)
    yield made
    await made.close()


def endpoint(url: str, timeout: float = 5.0, **more: str) -> Endpoint:
    return Endpoint(name="hook", url=url, timeout=timeout, **more)  # type: ignore[arg-type]


async def test_a_message_arrives_with_its_headers(receiver: Receiver, post: Post) -> None:
    to = endpoint(receiver.url, authorization="Bearer hunter2")

    receipt = await post.post(to, {"ce-id": "one", "Content-Type": "application/json"}, b"{}")

    assert receipt == Receipt()
    assert receiver.got[0].headers["authorization"] == "Bearer hunter2"
    assert (receiver.taken(), receiver.got[0].body) == (["one"], b"{}")


@pytest.mark.parametrize(
    ("status", "words", "hopeless"),
    [
        (500, "answered with HTTP 500", False),
        (429, "answered with HTTP 429", False),
        (401, "check the credentials", False),
        (404, "answered with HTTP 404", False),
        (302, "redirects are not followed", False),
        (400, "does not take such a message", True),
        (413, "does not take such a message", True),
    ],
)
async def test_an_answer_other_than_yes_is_told(
    receiver: Receiver, post: Post, status: int, words: str, *, hopeless: bool
) -> None:
    receiver.status = status

    receipt = await post.post(endpoint(receiver.url), {"ce-id": "one"}, b"{}")

    assert words in receipt.problem
    assert receipt.hopeless is hopeless
    assert [one.path for one in receiver.got] == ["/events"]


async def test_a_receiver_that_hangs_is_given_up(receiver: Receiver, post: Post) -> None:
    receiver.hangs = True

    receipt = await post.post(endpoint(receiver.url, 0.2), {}, b"{}")

    assert receipt.problem == "gave no answer within 0.2 s"


async def test_a_receiver_that_is_away_is_told(post: Post) -> None:
    receipt = await post.post(endpoint(NOTHING_LISTENS), {}, b"{}")

    assert receipt.problem == "refused the connection"


async def test_nothing_is_sent_to_the_operator_itself_or_to_metadata_services() -> None:
    strict = Post(APIServer())
    for url, kind in (
        ("http://127.0.0.1:9/x", AddressKind.LOOPBACK),
        ("http://169.254.169.254/x", AddressKind.LINK_LOCAL),
    ):
        receipt = await strict.post(endpoint(url, 1.0), {}, b"{}")
        assert f"adds {kind} to spec.cloudEvents.allow of the Channel" in receipt.problem
    await strict.close()


async def test_certificates_that_cannot_be_read_are_told(post: Post) -> None:
    to = Endpoint("hook", "https://127.0.0.1:1/x", 1.0, tls=TLSMaterial(ca="nonsense"))

    receipt = await post.post(to, {}, b"{}")

    assert "tls.ca" in receipt.problem


async def test_apprise_hands_a_message_to_its_service(receiver: Receiver, post: Post) -> None:
    url = f"json://ada:hunter2@127.0.0.1:{receiver.port}/chat"

    receipt = await post.apprise(url, "bookshop 1.3.0: completed", "It runs.", 10.0)

    assert receipt == Receipt()
    assert receiver.got[0].json["title"] == "bookshop 1.3.0: completed"
    assert receiver.got[0].json["message"] == "It runs."


async def test_a_service_that_refuses_is_told_without_its_credentials(
    receiver: Receiver, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.status = 503
    url = f"json://ada:hunter2@127.0.0.1:{receiver.port}/chat/token-abc"

    receipt = await post.apprise(url, "t", "b", 10.0)

    assert receipt == Receipt("answered with HTTP 503")
    assert "hunter2" not in caplog.text + repr(receipt)


async def test_a_service_that_hangs_is_ended(receiver: Receiver, post: Post) -> None:
    receiver.hangs = True
    url = f"json://127.0.0.1:{receiver.port}/chat?rto=60&cto=60"

    receipt = await post.apprise(url, "t", "b", 0.5)

    assert receipt.problem == "was not done within 0.5 s"


async def test_a_process_that_does_not_come_to_its_end_is_killed(
    receiver: Receiver, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[asyncio.subprocess.Process] = []
    start = asyncio.create_subprocess_exec

    async def remembered(*arguments: str, **options: Any) -> asyncio.subprocess.Process:
        started.append(await start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", remembered)
    monkeypatch.setattr("release_coordinator.signals.post.STARTING", 0.0)

    receipt = await post.apprise(f"json://127.0.0.1:{receiver.port}/chat", "t", "b", 0.01)

    assert receipt.problem == "was not done within 0.01 s"
    assert [one.returncode for one in started] == [-signal.SIGKILL]


async def test_a_process_ends_by_itself_when_the_operator_is_gone(receiver: Receiver) -> None:
    receiver.hangs = True
    url = f"json://127.0.0.1:{receiver.port}/chat?rto=60&cto=60"
    task = {"url": url, "title": "t", "body": "b", "timeout": 0.5}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", APPRISER),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )

    answer, _ = await asyncio.wait_for(process.communicate(json.dumps(task).encode()), 30)

    assert json.loads(answer) == {"problem": "was not done within 0.5 s"}


@pytest.mark.parametrize("url", ["", "nonsense", "nothing://x", "json://a json://b", "json://a,b"])
async def test_a_url_that_apprise_does_not_know_is_told(post: Post, url: str) -> None:
    receipt = await post.apprise(url, "t", "b", 10.0)

    assert "write one apprise URL" in receipt.problem
