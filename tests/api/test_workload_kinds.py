"""StatefulSets, DaemonSets and configuration on the real controllers; only pods are scripted.

Proves what the doubles in `tests/fakes/sets.py` claim: above all that a StatefulSet does not go
back by itself past a pod that never becomes ready (kubernetes/kubernetes#67250).
"""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.configured import set_release
from tests.fakes.stage import Stage, stage
from tests.fakes.world import deployment

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import (
    CONFIG_MAP,
    CONTROLLER_REVISION,
    DAEMON_SET,
    DEPLOYMENT,
    EVENT,
    NODE,
    POD,
    RECORD,
    RELEASE,
    SECRET,
    STATEFUL_SET,
    Body,
    Kind,
    Ref,
)
from release_coordinator.cluster.workloads import fact_of
from release_coordinator.errors import Conflict

pytestmark = pytest.mark.api

OLD, NEW = "example/search:1.2.0", "example/search:1.3.0"
CANARY = "canary-in-a-secret-5e0f"


@pytest.fixture
async def shop(own_kubeconfig: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """The bookshop, and one node for DaemonSets."""
    async with stage(own_kubeconfig, tmp_path) as ready:
        node = await add_node(ready)
        yield ready
        ref = Ref(NODE, None, node["metadata"]["name"])
        await ready.user.delete(ref, uid=node["metadata"]["uid"])


async def add_node(shop: Stage) -> Body:
    """A node that nobody runs: it counts as lost after 40 s, so each test has one."""
    ref = Ref(NODE, None, f"node-{shop.namespace}")
    await shop.user.create(NODE, {"metadata": {"name": ref.name}})
    condition = {"type": "Ready", "status": "True", "reason": "Played"}
    room = {"cpu": "8", "memory": "8Gi", "pods": "110"}
    status = {"conditions": [condition], "capacity": room, "allocatable": room}
    while True:
        live = await shop.user.get(ref)
        with contextlib.suppress(Conflict):  # controllers write it as well
            return await shop.user.replace_status(NODE, {**live, "status": status})


async def create_set(shop: Stage, kind: Kind) -> Ref:
    """A set of the old version, all of its pods ready."""
    body = deployment("search", "it", "1.2.0")
    body["metadata"]["namespace"] = shop.namespace
    if kind == STATEFUL_SET:
        body["spec"]["serviceName"] = "search"
    else:
        del body["spec"]["replicas"]
    await shop.user.create(kind, body)
    ref = Ref(kind, shop.namespace, "search")
    await until_rolled_out(shop, ref)
    return ref


async def until_rolled_out(shop: Stage, ref: Ref) -> None:
    async with asyncio.timeout(60):
        while not await rolled_out(shop, ref):  # noqa: ASYNC110 - the port has no watch
            await asyncio.sleep(0.2)


async def rolled_out(shop: Stage, ref: Ref) -> bool:
    fact = fact_of(await shop.user.get(ref))
    return fact.rolled_out and fact.replicas > 0


async def images(shop: Stage) -> set[str]:
    pods = await shop.user.list(POD, shop.namespace, {"app": "search"})
    return {pod["spec"]["containers"][0]["image"] for pod in pods}


def release(shop: Stage, kind: Kind, **watch: Any) -> Body:
    body = set_release(kind, "search")
    body["metadata"]["namespace"] = shop.namespace
    spec = body["spec"]
    spec["watch"] = {**spec["watch"], "duration": "2s", "interval": "1s", **watch}
    spec["watch"]["metrics"][0]["source"] = shop.namespace
    spec["components"][0]["progressDeadline"] = "10s"
    return body


async def test_a_stateful_set_does_not_go_back_by_itself(shop: Stage) -> None:
    ref = await create_set(shop, STATEFUL_SET)
    shop.kubelet.script.never_ready.add(NEW)
    await set_image(shop, ref, NEW)
    async with asyncio.timeout(30):
        while NEW not in await images(shop):  # noqa: ASYNC110 - the port has no watch
            await asyncio.sleep(0.2)
    await set_image(shop, ref, OLD)
    await asyncio.sleep(8)  # nothing will happen, which no event tells

    assert await images(shop) == {OLD, NEW}
    assert not (await rolled_out(shop, ref))
    fact = fact_of(await shop.user.get(ref))
    assert fact.ordered[0] == fact.ordered[1] != "", "the revisions alone do not show it"


async def set_image(shop: Stage, ref: Ref, image: str) -> None:
    containers = [{"name": "it", "image": image}]
    await shop.user.patch(ref, {"spec": {"template": {"spec": {"containers": containers}}}})


@pytest.mark.parametrize("kind", [STATEFUL_SET, DAEMON_SET], ids=lambda kind: kind.plural)
async def test_a_set_that_never_becomes_ready_goes_back(shop: Stage, kind: Kind) -> None:
    ref = await create_set(shop, kind)
    shop.kubelet.script.never_ready.add(NEW)
    await shop.start()
    await shop.apply(release(shop, kind))
    ended = await shop.ended("1.3.0")

    assert ended.status.phase is Phase.ROLLED_BACK, ended.status.message
    assert await images(shop) == {OLD}
    assert await rolled_out(shop, ref)


@pytest.mark.parametrize("kind", [STATEFUL_SET, DAEMON_SET], ids=lambda kind: kind.plural)
async def test_a_set_goes_forward(shop: Stage, kind: Kind) -> None:
    ref = await create_set(shop, kind)
    await shop.start()
    await shop.apply(release(shop, kind))
    ended = await shop.ended("1.3.0")

    assert ended.status.phase is Phase.COMPLETED, ended.status.message
    assert await images(shop) == {NEW}
    assert await rolled_out(shop, ref)


async def test_configuration_goes_back_and_a_secret_is_seen_nowhere(shop: Stage) -> None:
    await configure(shop, "old")
    operator = await shop.start(KEEP_SECRETS="true")
    body = shop.release("1.3.0")
    await shop.apply(body)
    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED
    await rewrite(shop, "new")
    shop.kubelet.script.never_ready.add("example/bookshop-backend:1.4.0")
    following = shop.release("1.4.0")
    following["spec"]["components"][0]["progressDeadline"] = "10s"
    following["spec"]["migrations"] = []
    await shop.apply(following)
    ended = await shop.ended("1.4.0")

    assert ended.status.phase is Phase.ROLLED_BACK, ended.status.message
    pod = (await backend(shop))["spec"]["template"]["spec"]
    name = pod["containers"][0]["envFrom"][0]["configMapRef"]["name"]
    kept = await shop.user.get(Ref(CONFIG_MAP, shop.namespace, name))
    assert (kept["data"], kept["immutable"]) == ({"level": "old"}, True)
    secret = await shop.user.get(
        Ref(SECRET, shop.namespace, pod["volumes"][0]["secret"]["secretName"])
    )
    assert base64.b64decode(secret["data"]["password"]).decode() == f"{CANARY}-old"
    await nowhere(shop, operator.log + (await operator.get("/metrics"))[1])


async def nowhere(shop: Stage, text: str) -> None:
    """The canary is in Secrets alone."""
    for kind in (RELEASE, RECORD, EVENT, CONFIG_MAP, CONTROLLER_REVISION, DEPLOYMENT):
        text += json.dumps(await shop.user.list(kind, shop.namespace))
    assert CANARY not in text
    encoded = base64.b64encode(CANARY.encode()).decode().rstrip("=")[:-2]
    assert encoded not in text


async def backend(shop: Stage) -> Body:
    return await shop.user.get(Ref(DEPLOYMENT, shop.namespace, "bookshop-backend"))


def encoded(value: str) -> str:
    return base64.b64encode(f"{CANARY}-{value}".encode()).decode()


async def configure(shop: Stage, value: str) -> None:
    """The backend gets a ConfigMap and a Secret."""
    metadata = {"namespace": shop.namespace}
    config = {"metadata": {**metadata, "name": "config"}, "data": {"level": value}}
    await shop.user.create(CONFIG_MAP, config)
    secret = {"metadata": {**metadata, "name": "db"}, "data": {"password": encoded(value)}}
    await shop.user.create(SECRET, secret)
    live = await backend(shop)
    pod = live["spec"]["template"]["spec"]
    pod["containers"][0]["envFrom"] = [{"configMapRef": {"name": "config"}}]
    pod["volumes"] = [{"name": "db", "secret": {"secretName": "db"}}]
    await shop.user.replace(DEPLOYMENT, live)
    await until_rolled_out(shop, Ref(DEPLOYMENT, shop.namespace, "bookshop-backend"))


async def rewrite(shop: Stage, value: str) -> None:
    """Both come with other content."""
    await shop.user.patch(Ref(CONFIG_MAP, shop.namespace, "config"), {"data": {"level": value}})
    patch = {"data": {"password": encoded(value)}}
    await shop.user.patch(Ref(SECRET, shop.namespace, "db"), patch)
