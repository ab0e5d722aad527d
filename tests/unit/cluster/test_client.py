"""The real client against a scripted server: what goes out, and what each bad answer means."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration
from tests.unit.cluster.conftest import Answer, Script

from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.discovery import Discovery
from release_coordinator.cluster.port import (
    CONFIG_MAP,
    JOB,
    LEASE,
    METRIC_SOURCE,
    POD,
    RELEASE,
    Ref,
)
from release_coordinator.cluster.wire import Exchange, Observer, RequestCounts, Wire
from release_coordinator.errors import Conflict, Denied, Invalid, NotFound, Transient

REF = Ref(CONFIG_MAP, "shop", "a")


@asynccontextmanager
async def connected(
    script: Script, *, seconds: float = 10.0, observer: Observer | None = None
) -> AsyncIterator[KubernetesCluster]:
    async with KubernetesCluster(
        Wire(Configuration(host=script.address), seconds, observer)
    ) as cluster:
        yield cluster


def says(status: int, body: Any = None, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.StreamResponse:
        text = body if isinstance(body, str) else json.dumps(body or {})
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text=text, headers=named)

    return answer


# --- what goes out


async def test_urls_and_methods(script: Script) -> None:
    body = {"metadata": {"name": "a", "namespace": "shop", "uid": "u", "resourceVersion": "7"}}
    fresh = {"metadata": {"name": "a", "namespace": "shop"}}
    manager = "fieldManager=release-coordinator.io"
    async with connected(script) as cluster:
        await cluster.get(REF)
        await cluster.get(Ref(METRIC_SOURCE, None, "prometheus"))
        await cluster.list(JOB)
        await cluster.list(JOB, "shop", {"b": "2", "a/b": "1"})
        await cluster.create(JOB, fresh)
        await cluster.patch(REF, {"data": None})
        await cluster.replace_status(RELEASE, body)
        await cluster.replace(LEASE, body)
        await cluster.delete(REF, uid="u")
    jobs = "/apis/batch/v1/namespaces/shop/jobs"
    assert [asked[:2] for asked in script.asked] == [
        ("GET", "/api/v1/namespaces/shop/configmaps/a"),
        ("GET", "/apis/release-coordinator.io/v1alpha1/metricsources/prometheus"),
        ("GET", "/apis/batch/v1/jobs?limit=500"),
        ("GET", f"{jobs}?limit=500&labelSelector=a/b%3D1,b%3D2"),
        ("POST", f"{jobs}?{manager}"),
        ("PATCH", f"/api/v1/namespaces/shop/configmaps/a?{manager}"),
        (
            "PUT",
            f"/apis/release-coordinator.io/v1alpha1/namespaces/shop/releases/a/status?{manager}",
        ),
        ("PUT", f"/apis/coordination.k8s.io/v1/namespaces/shop/leases/a?{manager}"),
        ("DELETE", "/api/v1/namespaces/shop/configmaps/a"),
    ]
    kinds = [asked[3].get("Content-Type") for asked in script.asked[4:]]
    assert kinds == [
        "application/json",
        "application/merge-patch+json",
        "application/json",
        "application/json",
        "application/json",
    ]
    assert json.loads(script.asked[4][2]) == {**fresh, "apiVersion": "batch/v1", "kind": "Job"}
    assert json.loads(script.asked[5][2]) == {"data": None}
    assert json.loads(script.asked[8][2]) == {
        "preconditions": {"uid": "u"},
        "propagationPolicy": "Background",
    }
    assert script.asked[0][3]["User-Agent"].startswith("release-coordinator/")
    assert "Authorization" not in script.asked[0][3]


async def test_bodies_are_written_in_the_servers_own_form(script: Script) -> None:
    body = {"metadata": {"namespace": "shop", "name": "a"}, "data": {"b": "<é&\u2028>", "a": 1.5}}
    async with connected(script) as cluster:
        await cluster.create(CONFIG_MAP, body)
    assert (
        script.asked[0][2]
        == (
            '{"apiVersion":"v1","data":{"a":1.5,"b":"\\u003cé\\u0026\\u2028\\u003e"},'
            '"kind":"ConfigMap","metadata":{"name":"a","namespace":"shop"}}'
        ).encode()
    )


async def test_a_callers_body_is_left_alone(script: Script) -> None:
    body = {
        "metadata": {"name": "a", "namespace": "shop", "managedFields": [], "resourceVersion": "7"}
    }
    before = json.dumps(body)
    async with connected(script) as cluster:
        await cluster.replace(CONFIG_MAP, body)
    assert json.dumps(body) == before
    assert b"managedFields" not in script.asked[0][2]


# --- lists


def pages(*answers: Answer) -> Answer:
    remaining = list(answers)

    async def answer(request: web.Request) -> web.StreamResponse:
        return await remaining.pop(0)(request)

    return answer


def page(*names: str, more: str = "") -> Answer:
    items = [{"metadata": {"name": name, "managedFields": []}} for name in names]
    return says(200, {"metadata": {"continue": more}, "items": items})


async def test_list_follows_the_pages(script: Script) -> None:
    script.answer = pages(page("a", "b", more="t&1"), page("c"))
    async with connected(script) as cluster:
        found = await cluster.list(JOB, "shop")
    assert [body["metadata"] for body in found] == [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    assert {body["kind"] for body in found} == {"Job"}
    assert script.asked[1][1].endswith("?limit=500&continue=t%261")


async def test_a_list_that_expires_starts_again(script: Script) -> None:
    script.answer = pages(page("old", more="t"), says(410), page("new"))
    async with connected(script) as cluster:
        found = await cluster.list(JOB)
    assert [body["metadata"]["name"] for body in found] == ["new"]
    assert "continue" not in script.asked[2][1]


async def test_a_list_that_keeps_expiring_is_a_transient_trouble(script: Script) -> None:
    script.answer = pages(page("a", more="t"), says(410), page("a", more="t"), says(410))
    async with connected(script) as cluster:
        with pytest.raises(Transient):
            await cluster.list(JOB)


async def test_a_list_with_null_items_is_empty(script: Script) -> None:
    script.answer = says(200, {"metadata": {}, "items": None})
    async with connected(script) as cluster:
        assert await cluster.list(JOB) == []


# --- what each bad answer means

NAMED = {"details": {"name": "a", "kind": "configmaps"}}
UID = {"details": {"causes": [{"field": "metadata.uid", "reason": "FieldValueInvalid"}]}}


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (302, "", Denied),
        (400, {}, Invalid),
        (401, {}, Denied),
        (403, {}, Denied),
        (404, NAMED, NotFound),
        (404, {"details": {}}, Transient),
        (404, "404 page not found", Transient),
        (405, {}, Invalid),
        (408, {}, Transient),
        (409, {"reason": "Conflict"}, Conflict),
        (410, {}, Transient),
        (413, "", Invalid),
        (415, {}, Invalid),
        (422, {}, Invalid),
        (422, UID, Conflict),
        (429, {}, Transient),
        (500, {"message": "boom"}, Transient),
        (500, {"message": "etcdserver: request is too large"}, Invalid),
        (503, "<html>", Transient),
        (504, {}, Transient),
        (200, "<html>", Transient),
        (200, '{"metadata": {', Transient),
        (200, "[]", Transient),
    ],
)
async def test_what_an_answer_means(
    script: Script, status: int, body: Any, expected: type[Exception]
) -> None:
    script.answer = says(status, body)
    async with connected(script) as cluster:
        with pytest.raises(expected) as caught:
            await cluster.patch(REF, {})
    assert "configmaps/a" in str(caught.value)


@pytest.mark.parametrize(("header", "seconds"), [("7", 7.0), ("", None), ("soon", None)])
async def test_the_server_says_how_long_to_wait(
    script: Script, header: str, seconds: float | None
) -> None:
    script.answer = says(429, {}, Retry_After=header)
    async with connected(script) as cluster:
        with pytest.raises(Transient) as caught:
            await cluster.get(REF)
    assert caught.value.retry_after == seconds


async def test_no_answer_in_time_is_transient(script: Script) -> None:
    released = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await released.wait()
        return web.json_response({})

    script.answer = hang
    async with connected(script, seconds=0.05) as cluster:
        with pytest.raises(Transient):
            await cluster.get(REF)
    released.set()


async def test_a_cut_connection_is_transient(script: Script) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b'{"metadata":')
        assert request.transport is not None
        request.transport.abort()
        return response

    script.answer = cut
    async with connected(script) as cluster:
        with pytest.raises(Transient):
            await cluster.get(REF)


async def test_nobody_at_home_is_transient() -> None:
    async with connected(Script(says(200), "http://127.0.0.1:1")) as cluster:
        with pytest.raises(Transient):
            await cluster.get(REF)


async def test_a_write_is_never_repeated_behind_the_callers_back(script: Script) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    async with connected(script) as cluster:
        await cluster.get(REF)  # leaves a connection open to be used again
        script.answer = cut
        with pytest.raises(Transient):
            await cluster.create(CONFIG_MAP, {"metadata": {"name": "a", "namespace": "shop"}})
        with pytest.raises(Transient):
            await cluster.patch(REF, {})
    assert [asked[0] for asked in script.asked] == ["GET", "POST", "PATCH"]


# --- what others can watch


async def test_an_observer_sees_every_exchange(script: Script) -> None:
    seen: list[Exchange] = []
    script.answer = pages(says(200), says(404, NAMED), says(500))
    async with connected(script, observer=seen.append) as cluster:
        await cluster.get(REF)
        with pytest.raises(NotFound):
            await cluster.patch(REF, {})
        with pytest.raises(Transient):
            await cluster.delete(REF, uid="u")
    assert [(one.verb, one.method, one.resource, one.code) for one in seen] == [
        ("get", "GET", "configmaps", "200"),
        ("patch", "PATCH", "configmaps", "404"),
        ("delete", "DELETE", "configmaps", "500"),
    ]
    assert all(one.seconds > 0 for one in seen)


async def test_an_observer_sees_what_got_no_answer() -> None:
    counts = RequestCounts()
    codes: list[str] = []

    def observe(exchange: Exchange) -> None:
        counts(exchange)
        codes.append(exchange.code)

    async with connected(Script(says(200), "http://127.0.0.1:1"), observer=observe) as cluster:
        with pytest.raises(Transient):
            await cluster.get(REF)
    assert codes == ["<error>"]
    assert counts.by_verb == {("get", "configmaps"): 1}
    assert counts.total == 1


# --- discovery


async def test_a_list_of_kinds_is_asked_for_once_in_a_while(script: Script) -> None:
    kinds = [
        {"name": "pods", "kind": "Pod", "namespaced": True},
        {"name": "pods/eviction", "kind": "Eviction", "group": "policy", "namespaced": True},
    ]
    script.answer = says(200, {"resources": kinds})
    now = [1000.0]
    wire = Wire(Configuration(host=script.address))
    discovery = Discovery(wire, lambda: now[0])

    found = [await discovery.find("v1", "Pod") for _ in range(3)]
    now[0] += 301
    found.append(await discovery.find("v1", "Pod"))
    with pytest.raises(NotFound):
        await discovery.find("v1", "Eviction")
    await wire.aclose()

    assert set(found) == {POD}
    assert [asked[:2] for asked in script.asked] == [("GET", "/api/v1")] * 3


@pytest.mark.parametrize(
    ("status", "expected"), [(404, NotFound), (403, Denied), (503, Transient), (200, NotFound)]
)
async def test_what_a_missing_list_of_kinds_means(
    script: Script, status: int, expected: type[Exception]
) -> None:
    script.answer = says(status, "404 page not found" if status == 404 else {})
    async with connected(script) as cluster:
        with pytest.raises(expected):
            await cluster.resource("tekton.dev/v1", "PipelineRun")
