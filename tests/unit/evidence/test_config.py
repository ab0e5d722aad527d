"""The configuration of a Deployment and its ConfigMaps, read from the API server."""

from typing import Any

import pytest
import yaml
from tests.fakes.world import World
from tests.releases import Body

from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import CONFIG_MAP, DEPLOYMENT
from release_coordinator.cluster.store import Store
from release_coordinator.engine.evidence import AdmissionFact, ConfigFact, ConfigWant
from release_coordinator.errors import Denied
from release_coordinator.evidence import registry
from release_coordinator.evidence.sources import Sources

POD = """
serviceAccountName: bookshop
securityContext: {runAsNonRoot: true}
volumes:
  - {name: settings, configMap: {name: bookshop}}
  - {name: all, projected: {sources: [{configMap: {name: extra}}, {secret: {name: tls}}]}}
  - {name: keys, secret: {secretName: bookshop-keys}}
initContainers:
  - {name: wait, image: "x:1", env: [{name: HOST, value: db}]}
containers:
  - name: api
    image: example/bookshop-backend:1.3.0
    command: [/bin/serve]
    args: [--pool, "5"]
    ports: [{name: http, containerPort: 8080}, {containerPort: 9090, protocol: UDP}]
    envFrom:
      - {prefix: B_, configMapRef: {name: bookshop}}
      - {secretRef: {name: bookshop-env}}
      - {configMapRef: {name: gone, optional: true}}
    env:
      - {name: LOG_LEVEL, value: info}
      - {name: B_host, value: stronger}
      - {name: EMPTY}
      - {name: DSN, valueFrom: {secretKeyRef: {name: bookshop-db, key: dsn}}}
      - {name: POOL, valueFrom: {configMapKeyRef: {name: bookshop, key: pool}}}
      - {name: LOST, valueFrom: {configMapKeyRef: {name: bookshop, key: lost}}}
      - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
    resources: {limits: {cpu: "1"}}
    securityContext: {capabilities: {drop: [ALL]}}
    readinessProbe: {httpGet: {path: /ready, port: 8080}}
    volumeMounts: [{name: settings, mountPath: /etc/bookshop}]
  - {name: proxy, image: "proxy:1", args: [--verbose]}
"""

EXPECTED = {
    "serviceAccountName": "bookshop",
    "podSecurityContext/runAsNonRoot": "true",
    "volumes/settings": '{"configMap":{"name":"bookshop"}}',
    "volumes/all": (
        '{"projected":{"sources":[{"configMap":{"name":"extra"}},{"secret":{"name":"tls"}}]}}'
    ),
    "volumes/keys": '{"secret":{"secretName":"bookshop-keys"}}',
    "config/bookshop/host": "db",
    "config/bookshop/pool": "5",
    "config/extra/flag": "on",
    "initContainers/wait/env/HOST": "db",
    "command": '["/bin/serve"]',
    "args": '["--pool","5"]',
    "ports/http": "8080/TCP",
    "ports/9090": "9090/UDP",
    "env/B_host": "stronger",
    "env/B_pool": "5",
    "envFrom/bookshop-env": "secret bookshop-env",
    "envFrom/gone": "no ConfigMap gone",
    "env/LOG_LEVEL": "info",
    "env/EMPTY": "",
    "env/DSN": "secret bookshop-db/dsn",
    "env/POOL": "5",
    "env/LOST": "no key lost of ConfigMap bookshop",
    "env/NODE": '{"fieldRef":{"fieldPath":"spec.nodeName"}}',
    "resources/limits/cpu": "1",
    "securityContext/capabilities/drop": '["ALL"]',
    "readinessProbe/httpGet/path": "/ready",
    "readinessProbe/httpGet/port": "8080",
    "mounts/settings": '[{"mountPath":"/etc/bookshop"}]',
    "containers/proxy/args": '["--verbose"]',
}


def deployment(namespace: str, pod: Body | None = None) -> Body:
    template = {
        "metadata": {"labels": {"app": "backend"}},
        "spec": pod if pod is not None else yaml.safe_load(POD),
    }
    return {
        "metadata": {"name": "backend", "namespace": namespace},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": {"app": "backend"}},
            "template": template,
        },
    }


def config_map(namespace: str, name: str, **data: str) -> Body:
    return {"metadata": {"name": name, "namespace": namespace}, "data": data}


async def shop(namespace: str = "shop", pod: Body | None = None) -> MemoryCluster:
    cluster = MemoryCluster(namespaces=(namespace,))
    await cluster.create(DEPLOYMENT, deployment(namespace, pod))
    await cluster.create(CONFIG_MAP, config_map(namespace, "bookshop", host="db", pool="5"))
    await cluster.create(CONFIG_MAP, config_map(namespace, "extra", flag="on"))
    return cluster


async def look(cluster: MemoryCluster, want: ConfigWant) -> Any:
    world = World()
    sources = Sources(cluster, Store(), world.metrics, world.prober, lambda: AdmissionFact(""))
    return await registry.answer(sources, "shop", want)


async def entries(pod: Body) -> Any:
    return (await look(await shop(pod=pod), ConfigWant(WorkloadRef(name="backend")))).entries


@pytest.mark.parametrize("namespace", ["shop", "shop-staging"])
async def test_everything_the_pods_are_configured_with_is_an_entry(namespace: str) -> None:
    cluster = await shop(namespace)
    want = ConfigWant(WorkloadRef(name="backend"), "" if namespace == "shop" else namespace)

    assert await look(cluster, want) == ConfigFact(EXPECTED)


async def test_no_secret_is_read_and_each_config_map_once() -> None:
    cluster = await shop()
    asked: list[tuple[str, str]] = []

    async def note(call: Call) -> None:
        asked.append((call.ref.kind.kind, call.ref.name))

    cluster.before = note
    await look(cluster, ConfigWant(WorkloadRef(name="backend")))

    assert asked[0] == ("Deployment", "backend")
    assert sorted(asked[1:]) == [
        ("ConfigMap", "bookshop"),
        ("ConfigMap", "extra"),
        ("ConfigMap", "gone"),
    ]


async def test_images_replicas_and_labels_are_no_configuration() -> None:
    text = " ".join(f"{path} {value}" for path, value in EXPECTED.items())

    assert "1.3.0" not in text
    assert await entries({"containers": [{"name": "api", "image": "x:1"}]}) == {}


async def test_long_values_are_compared_by_their_hash() -> None:
    one, other = "x" * 300 + "1", "x" * 300 + "2"
    pod = {
        "containers": [
            {
                "name": "api",
                "image": "x:1",
                "env": [{"name": "A", "value": one}, {"name": "B", "value": other}],
            }
        ]
    }

    found = await entries(pod)

    assert found["env/A"].startswith("sha256:")
    assert found["env/A"].endswith("(301 characters)")
    assert found["env/A"] != found["env/B"]


async def test_a_missing_config_map_of_a_volume_is_an_entry() -> None:
    volume = {"name": "settings", "configMap": {"name": "gone"}}

    found = await entries({"containers": [{"name": "api", "image": "x:1"}], "volumes": [volume]})

    assert found["config/gone"] == "no such ConfigMap"


async def test_without_the_deployment_there_is_no_fact() -> None:
    assert await look(await shop(), ConfigWant(WorkloadRef(name="frontend"))) is None
    assert await look(await shop(), ConfigWant(WorkloadRef(name="backend"), "nowhere")) is None


@pytest.mark.parametrize("kind", ["Deployment", "ConfigMap"])
async def test_a_missing_right_is_a_problem_that_names_who_mends_it(kind: str) -> None:
    cluster = await shop("shop-staging")

    async def refuse(call: Call) -> None:
        if call.ref.kind.kind == kind:
            raise Denied("403")

    cluster.before = refuse

    fact = await look(cluster, ConfigWant(WorkloadRef(name="backend"), "shop-staging"))

    assert fact.entries == {}
    assert fact.problem.endswith(
        "the platform team adds shop-staging to `namespaces` of the operator's chart"
    )
