"""The bookshop with configuration, a search index and an agent on each node.

Used by the stories and campaigns about what a rollback restores besides images.
"""

from typing import Any

from tests.fakes.world import NAMESPACE, World, deployment
from tests.releases import Body, bookshop

from release_coordinator.cluster.port import (
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    SECRET,
    STATEFUL_SET,
    Kind,
    Ref,
)
from release_coordinator.errors import NotFound

CONFIG, CREDENTIALS = "bookshop-config", "bookshop-db"
CANARY = "Y2FuYXJ5LWluLWEtc2VjcmV0"
"""Content of a Secret, as the API has it: must never be seen anywhere else."""
PLAIN = "canary-in-a-secret"
BACKEND = Ref(DEPLOYMENT, NAMESPACE, "bookshop-backend")


VERSIONS = ("1.2.0", "1.3.0", "1.4.0", "1.4.1", "1.4.2", "1.5.0", "1.5.1", "1.5.2", "1.5.3")


async def configure(world: World, **data: str) -> None:
    """Give the backend a ConfigMap, a Secret and one more ConfigMap that may be missing."""
    sections = (f"## [{one}] - 2026-11-23\n\n### Added\n\n- Something.\n" for one in VERSIONS)
    text = "# Changelog\n\n" + "\n".join(sections)
    docs = Ref(CONFIG_MAP, NAMESPACE, "bookshop-docs")
    await world.user.patch(docs, {"data": {"CHANGELOG.md": text}})
    await world.user.create(CONFIG_MAP, config_map(**data))
    secret = {"metadata": {"name": CREDENTIALS, "namespace": NAMESPACE}, "type": "Opaque"}
    await world.user.create(SECRET, {**secret, "data": {"password": CANARY}})
    await world.user.patch(BACKEND, {"spec": {"template": {"spec": configured_pod()}}})
    await world.advance(60)


def config_map(**data: str) -> Body:
    """The application's configuration."""
    return {"metadata": {"name": CONFIG, "namespace": NAMESPACE}, "data": data}


def configured_pod() -> Body:
    """The part of a pod that names configuration."""
    optional = {"configMapRef": {"name": "bookshop-extra", "optional": True}}
    return {
        "containers": [
            {
                "name": "api",
                "image": "example/bookshop-backend:1.2.0",
                "envFrom": [{"configMapRef": {"name": CONFIG}}, optional],
                "volumeMounts": [{"name": "db", "mountPath": "/db"}],
            }
        ],
        "volumes": [{"name": "db", "secret": {"secretName": CREDENTIALS}}],
    }


async def served(world: World) -> dict[str, Any]:
    """What the backend's pods have: image, content of its ConfigMap and of its Secret."""
    pod = (await world.user.get(BACKEND))["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    config = await _data(world, CONFIG_MAP, container["envFrom"][0]["configMapRef"]["name"])
    secret = await _data(world, SECRET, pod["volumes"][0]["secret"]["secretName"])
    return {"image": container["image"].rpartition(":")[2], "config": config, "secret": secret}


async def _data(world: World, kind: Kind, name: str) -> Body | None:
    try:
        found: Body = (await world.user.get(Ref(kind, NAMESPACE, name))).get("data", {})
    except NotFound:
        return None
    return found


def release(version: str = "1.3.0", **rollback: str) -> Body:
    """A Release of the backend alone, watched for a short while."""
    body = bookshop()
    spec = body["spec"]
    backend = spec["components"][0]
    backend["images"] = {"api": f"example/bookshop-backend:{version}"}
    spec |= {"version": version, "components": [backend], "rollback": rollback, "caches": []}
    del spec["migrations"], spec["verify"]
    spec["watch"] |= {"duration": "45s", "interval": "15s"}
    return body


async def create_set(world: World, kind: Kind, name: str, version: str, **spec: Any) -> None:
    """A StatefulSet or DaemonSet that runs a version."""
    body = deployment(name, "it", version)
    if kind == STATEFUL_SET:
        body["spec"]["serviceName"] = name
    if kind == DAEMON_SET:
        del body["spec"]["replicas"]
    body["spec"] |= spec
    await world.user.create(kind, body)
    await world.advance(60)


def set_release(kind: Kind, name: str, version: str = "1.3.0") -> Body:
    """A Release of one StatefulSet or DaemonSet."""
    body = release(version)
    workload = {"kind": kind.kind, "name": name}
    body["spec"]["components"] = [
        {"name": name, "workloadRef": workload, "images": {"it": f"example/{name}:{version}"}}
    ]
    return body
