"""Inline workloads on a real API server and its controllers: defaults, spelling, refusals."""

from typing import Any

import pytest
from tests.fakes.prometheus import vector
from tests.fakes.stage import Stage
from tests.releases import Body

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import DEPLOYMENT, POD, Ref
from release_coordinator.errors import NotFound

pytestmark = pytest.mark.api

LABELS = {"app": "search"}


def component(version: str, **changes: Any) -> Body:
    """A search service, in spellings that the API server does not keep."""
    container = {
        "name": "search",
        "env": [{"name": "SHARDS", "value": "1"}, {"name": "EMPTY", "value": ""}],
        "resources": {"requests": {"cpu": "0.5", "memory": "1024Mi"}, "limits": {"cpu": 1}},
        "volumeMounts": [{"name": "scratch", "mountPath": "/scratch"}],
        **changes,
    }
    pod = {
        "containers": [container],
        "volumes": [{"name": "scratch", "emptyDir": {}}],
        "nodeSelector": {},
        "hostNetwork": False,
    }
    return {
        "name": "search",
        "dependsOn": ["backend"],
        "images": {"search": f"example/search:{version}"},
        "workload": {
            "name": "search",
            "metadata": {"labels": {"team": "shop"}},
            "spec": {
                "replicas": 2,
                "strategy": {"rollingUpdate": {"maxSurge": 1}},
                "selector": {"matchLabels": LABELS},
                "template": {"metadata": {"labels": LABELS}, "spec": pod},
            },
        },
    }


def release(shop: Stage, version: str, duration: str = "2s", **changes: Any) -> Body:
    body = shop.release(version, duration=duration)
    body["spec"]["components"].append(component(version, **changes))
    return body


async def search(shop: Stage) -> Body:
    return await shop.user.get(Ref(DEPLOYMENT, shop.namespace, "search"))


async def test_an_inline_workload_is_created_changed_and_given_back(shop: Stage) -> None:
    await shop.start()
    await shop.apply(release(shop, "1.3.0"))
    first = await shop.ended("1.3.0")
    assert first.status.phase is Phase.COMPLETED, first.status.message
    before = await search(shop)

    changed = release(shop, "1.4.0", "1m", env=[{"name": "SHARDS", "value": "8"}])
    spec = changed["spec"]["components"][2]["workload"]["spec"]
    spec |= {"replicas": 1, "strategy": {"type": "Recreate"}}
    changed["spec"]["migrations"][0]["name"] = "0008-add-stock"
    await shop.apply(changed)
    await shop.until(lambda one: one.status.phase is Phase.WATCHING and _of(one) == "1.4.0")
    between = await search(shop)
    shop.prometheus.script = vector("9.9")
    last = await shop.ended("1.4.0")

    assert last.status.phase is Phase.ROLLED_BACK, last.status.message
    assert between["spec"]["strategy"] == {"type": "Recreate"}
    assert between["spec"]["replicas"] == 1
    assert (await search(shop))["spec"] == before["spec"]


async def test_a_strategy_that_is_no_longer_declared_is_given_back(shop: Stage) -> None:
    """The API server adds to the default what it forbids beside Recreate."""
    await shop.start()
    first = release(shop, "1.3.0")
    first["spec"]["components"][2]["workload"]["spec"]["strategy"] = {"type": "Recreate"}
    await shop.apply(first)
    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED
    changed = release(shop, "1.4.0", "1m")
    del changed["spec"]["components"][2]["workload"]["spec"]["strategy"]
    changed["spec"]["migrations"][0]["name"] = "0008-add-stock"
    await shop.apply(changed)
    await shop.until(lambda one: one.status.phase is Phase.WATCHING and _of(one) == "1.4.0")
    between = await search(shop)
    shop.prometheus.script = vector("9.9")

    last = await shop.ended("1.4.0")

    assert between["spec"]["strategy"]["rollingUpdate"]
    assert last.status.phase is Phase.ROLLED_BACK, last.status.message
    assert (await search(shop))["spec"]["strategy"] == {"type": "Recreate"}


async def test_a_first_release_that_fails_takes_its_workload_with_it(shop: Stage) -> None:
    await shop.start()
    await shop.apply(release(shop, "1.3.0", "1m"))
    await shop.until(lambda one: one.status.phase is Phase.WATCHING)
    shop.prometheus.script = vector("9.9")

    ended = await shop.ended("1.3.0")

    assert ended.status.phase is Phase.ROLLED_BACK, ended.status.message
    with pytest.raises(NotFound):
        await search(shop)
    assert await shop.user.list(POD, shop.namespace, LABELS) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"enviroment": [{"name": "A"}]}, "containers[0].enviroment"),
        ({"ports": [{"containerPort": 99999}]}, "containerPort"),
        ({"resources": {"limits": {"cpu": "lots"}}}, "quantities must match"),
        ({"volumeMounts": [{"name": "gone", "mountPath": "/x"}]}, "Not found"),
    ],
)
async def test_what_the_api_server_would_not_take_shuts_the_gate(
    shop: Stage, changes: Body, words: str
) -> None:
    await shop.start()
    await shop.apply(release(shop, "1.3.0", **changes))

    told = await shop.until(lambda one: "RollbackTarget Failed" in one.status.message)

    assert words in told.status.message
    assert not shop.ran("migrate/0007-add-isbn")


async def test_pod_security_is_asked_before_anything_is_changed(shop: Stage) -> None:
    label = {"pod-security.kubernetes.io/enforce": "restricted"}
    await shop.start()
    await shop.label_namespace(label)
    await shop.apply(release(shop, "1.3.0"))

    told = await shop.until(lambda one: "RollbackTarget Failed" in one.status.message)

    assert "PodSecurity" in told.status.message


def _of(one: ReleaseObject) -> str:
    return one.status.attempt.version if one.status.attempt else ""
