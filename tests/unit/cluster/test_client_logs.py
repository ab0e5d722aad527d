"""The real client reads logs: what goes out, and that no answer is read without end."""

import asyncio
from datetime import UTC, datetime

import pytest
from aiohttp import web
from tests.unit.cluster.conftest import Script
from tests.unit.cluster.test_client import connected, says

from release_coordinator.cluster.fence import FencedCluster
from release_coordinator.cluster.port import POD, LogRequest, Ref
from release_coordinator.errors import Denied, Invalid, NotFound, Transient

PODS = Ref(POD, "shop", "backend-1")
SINCE = datetime(2026, 11, 23, 12, 0, 0, 900_000, tzinfo=UTC)
REQUEST = LogRequest("api", SINCE, limit=1000, timeout=5.0)


async def test_a_part_of_a_log_is_asked_for(script: Script) -> None:
    script.answer = says(200, "2026-11-23T12:00:00.950000000Z ready\n")
    async with connected(script) as cluster:
        text = await cluster.logs(PODS, REQUEST)
        await cluster.logs(PODS, LogRequest("a&b", SINCE, 1, 5.0, previous=True))

    assert text == b"2026-11-23T12:00:00.950000000Z ready\n"
    path = "/api/v1/namespaces/shop/pods/backend-1/log"
    since = "sinceTime=2026-11-23T12:00:00Z"
    assert [asked[:2] for asked in script.asked] == [
        ("GET", f"{path}?container=api&{since}&limitBytes=1000&timestamps=true"),
        ("GET", f"{path}?container=a%26b&{since}&limitBytes=1&timestamps=true&previous=true"),
    ]


async def test_a_replica_that_does_not_lead_reads_logs_too(script: Script) -> None:
    script.answer = says(200, "")
    async with connected(script) as cluster:
        assert await FencedCluster(cluster, lambda: False).logs(PODS, REQUEST) == b""


async def test_no_more_is_read_than_was_asked_for(script: Script) -> None:
    sent = 0

    async def endless(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"x" * 1024)
                sent += 1
                await asyncio.sleep(0)
        except (ConnectionError, OSError):
            return response

    script.answer = endless
    async with connected(script) as cluster:
        assert await cluster.logs(PODS, REQUEST) == b"x" * 1000


async def test_what_is_no_utf_8_stays_as_it_is(script: Script) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(body=b"\xff\x00\xc3(")

    script.answer = answer
    async with connected(script) as cluster:
        assert await cluster.logs(PODS, REQUEST) == b"\xff\x00\xc3("


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (400, {"message": "container is waiting to start: ContainerCreating"}, Invalid),
        (403, {"message": "no"}, Denied),
        (404, {"message": "not found", "details": {"name": "backend-1"}}, NotFound),
        (500, {"message": "dial tcp: i/o timeout"}, Transient),
    ],
)
async def test_errors_are_the_same_as_of_other_calls(
    script: Script, status: int, body: object, error: type[Exception]
) -> None:
    script.answer = says(status, body)
    async with connected(script) as cluster:
        with pytest.raises(error):
            await cluster.logs(PODS, LogRequest("api", SINCE, limit=3, timeout=5.0))


async def test_a_kubelet_that_does_not_answer_is_not_waited_for(script: Script) -> None:
    async def never(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    script.answer = never
    async with connected(script) as cluster:
        with pytest.raises(Transient, match="no answer in time"):
            await cluster.logs(PODS, LogRequest("api", SINCE, limit=3, timeout=0.05))
