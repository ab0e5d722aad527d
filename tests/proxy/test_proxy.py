"""The proxy between an API server that keeps count and an operator that can be killed."""

import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from tests.campaigns.plans import Fault, parse
from tests.proxy.proxy import Proxy, serving
from tests.proxy.requests import Asked, asked
from tests.proxy.upstream import Upstream

JOBS = "/apis/batch/v1/namespaces/shop/jobs"
JOB = f"{JOBS}/one"
PATCH: dict[str, Any] = {"metadata": {}}


@dataclass
class Server:
    """What the API server was asked to do, and what it tells."""

    done: list[str] = field(default_factory=list)
    versions: list[int] = field(default_factory=lambda: [1, 2, 3, 4])
    news: list[dict[str, Any]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A watch, a listing with another version each time, or the number of a write."""
        if "watch" in request.query:
            return await self._watch(request)
        if request.method == "GET":
            version = str(self.versions.pop(0))
            item = {"metadata": {"name": "one", "resourceVersion": version}}
            return web.json_response({"items": [item]})
        self.done.append(request.method)
        return web.json_response({"count": len(self.done)})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "application/json"})
        await response.prepare(request)
        for event in self.news:
            await response.write(json.dumps(event).encode() + b"\n")
        return response


@dataclass
class Victim:
    """What happened to the operator."""

    kills: list[int] = field(default_factory=list)
    """How many writes had been carried out at each kill."""
    disturbed: list[Asked] = field(default_factory=list)
    server: Server = field(default_factory=Server)

    async def killed(self) -> None:
        """Count."""
        self.kills.append(len(self.server.done))

    async def disturb(self, what: Asked) -> None:
        """Note."""
        self.disturbed.append(what)


@dataclass
class Bench:
    """Everything a test needs."""

    server: Server
    victim: Victim
    proxy: Proxy
    session: aiohttp.ClientSession

    async def patch(self, path: str = JOB, **query: str) -> Any:
        """Write once; None if there was no answer."""
        try:
            async with self.session.patch(
                f"{self.proxy.url}{path}", json=PATCH, params=query
            ) as answer:
                return answer.status if answer.status != 200 else (await answer.json())["count"]
        except aiohttp.ClientError:
            return None

    async def listed(self) -> str:
        """List once; the version of the only object."""
        async with self.session.get(f"{self.proxy.url}{JOBS}") as answer:
            body = await answer.json()
        version: str = body["items"][0]["metadata"]["resourceVersion"]
        return version

    async def watched(self) -> list[str]:
        """Watch until the end; the versions that were told, or the codes of errors."""
        told = []
        async with self.session.get(f"{self.proxy.url}{JOBS}", params={"watch": "true"}) as answer:
            async for line in answer.content:
                seen = json.loads(line)["object"]
                told.append(str(seen.get("code") or seen["metadata"]["resourceVersion"]))
        return told


@asynccontextmanager
async def bench(recipe: str) -> AsyncIterator[Bench]:
    server = Server()
    victim = Victim(server=server)
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", server.answer)
    async with AsyncExitStack() as stack:
        real = await stack.enter_async_context(TestServer(app))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        upstream = Upstream(session, str(real.make_url("")).rstrip("/"), "")
        proxy = await stack.enter_async_context(serving(Proxy(upstream, parse(recipe), victim)))
        yield Bench(server, victim, proxy, session)


def event(version: int, uid: str = "a", kind: str = "MODIFIED") -> dict[str, Any]:
    return {"type": kind, "object": {"metadata": {"uid": uid, "resourceVersion": str(version)}}}


async def test_every_write_has_a_number_but_events_dry_runs_and_the_election() -> None:
    async with bench("success") as it:
        await it.patch()
        await it.patch(dryRun="All")
        await it.patch("/apis/events.k8s.io/v1/namespaces/shop/events/one")
        await it.patch("/apis/release-coordinator.io/v1alpha1/metricsources/default/status")
        await it.patch("/apis/coordination.k8s.io/v1/namespaces/shop/leases/release-coordinator")
        await it.patch("/apis/coordination.k8s.io/v1/namespaces/shop/leases/lock-of-a-workload")

        assert [str(write.asked) for write in it.proxy.writes] == [
            "patch jobs one",
            "patch leases lock-of-a-workload",
        ]
        assert len(it.server.done) == 6


@pytest.mark.parametrize(
    ("fault", "answer", "done", "kills"),
    [
        (Fault.BEFORE_KILL, None, 1, [1]),
        (Fault.AFTER_KILL, None, 2, [2]),
        (Fault.LOST_REPLY, None, 2, []),
        (Fault.REFUSED, 429, 1, []),
        (Fault.TWICE, 3, 3, []),
        (Fault.RIVAL, 2, 2, []),
    ],
)
async def test_a_fault_happens_at_its_write_and_at_no_other(
    fault: Fault, answer: int | None, done: int, kills: list[int]
) -> None:
    async with bench(f"success:2:{fault}") as it:
        assert await it.patch() == 1
        assert await it.patch() == answer
        assert len(it.server.done) == done
        assert it.victim.kills == kills
        assert [str(what) for what in it.victim.disturbed] == (
            ["patch jobs one"] if fault is Fault.RIVAL else []
        )
        assert await it.patch() == done + 1


async def test_the_second_fault_is_counted_from_the_first() -> None:
    async with bench("success:2:refused:2:refused") as it:
        assert [await it.patch() for _ in range(5)] == [1, 429, 2, 429, 3]


async def test_a_fault_can_be_counted_from_the_first_write_of_a_kind() -> None:
    async with bench("success:2:refused:at=patch jobs two") as it:
        answers = [await it.patch(f"{JOBS}/{name}") for name in ("one", "one", "two", "one", "two")]
        assert answers == [1, 2, 3, 429, 4]


async def test_a_stale_listing_is_the_one_before_and_comes_once() -> None:
    async with bench("success:stale=2") as it:
        assert [await it.listed() for _ in range(4)] == ["1", "2", "2", "4"]


@pytest.mark.parametrize(
    ("recipe", "told"),
    [
        ("success", ["1", "2", "3"]),
        ("success:drop=2", ["1", "3"]),
        ("success:gone=2", ["1", "410"]),
        ("success:late=1000", ["1", "2", "3"]),
        ("success:merge=3", ["2", "3"]),
        ("success:merge=3:of=pods", ["1", "2", "3"]),
    ],
)
async def test_what_a_watch_tells(recipe: str, told: list[str]) -> None:
    async with bench(recipe) as it:
        it.server.news = [event(1, "a"), event(2, "b"), event(3, "a")]

        assert await it.watched() == told


def test_what_a_request_is_about_is_in_its_path() -> None:
    path = "/apis/release-coordinator.io/v1alpha1/namespaces/shop/releases/bookshop/status"

    assert str(asked("PUT", path, {})) == "replace releases/status bookshop"
    assert asked("GET", "/api/v1/namespaces/shop/pods", {"watch": "true"}).watch
    assert not asked("GET", "/api/v1/namespaces/shop/pods", {"watch": "true"}).listing
    assert not asked("GET", "/apis", {}).listing
