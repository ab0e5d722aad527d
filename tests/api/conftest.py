"""A real API server that knows our kinds."""

import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from kubernetes import client, config
from tests.api.server import Server
from tests.fakes.stage import Stage, stage
from tests.releases import Body
from tools import admission
from tools.bench.ground import install_definitions
from tools.cluster.clusters import Cluster

CRDS = Path(__file__).resolve().parents[2] / "crds"
APPLY = "application/apply-patch+yaml"


@pytest.fixture(scope="session")
def connection(light_kubeconfig: Path) -> Iterator[client.ApiClient]:
    """Return an administrator's connection to the light cluster."""
    login: Any = config.new_client_from_config
    with login(str(light_kubeconfig)) as connected:
        yield connected


@pytest.fixture(scope="session")
def definitions(connection: client.ApiClient) -> dict[str, Body]:
    """Apply the definitions; return them, established, by their name."""
    api = client.ApiextensionsV1Api(connection)
    bodies = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in CRDS.glob("*.yaml")]
    for body in bodies:
        api.patch_custom_resource_definition(
            body["metadata"]["name"], body, field_manager="tests", force=True, _content_type=APPLY
        )
    names = [body["metadata"]["name"] for body in bodies]
    deadline = time.monotonic() + 30
    while True:
        found = {name: _as_json(api.read_custom_resource_definition(name)) for name in names}
        if all(_has(one, "Established") for one in found.values()):
            return found
        assert time.monotonic() < deadline, "the definitions do not become established"
        time.sleep(0.1)


@pytest.fixture(scope="session")
def policies(light_kubeconfig: Path, definitions: dict[str, Body]) -> Path:
    """Install the admission policies; return the kubeconfig of a cluster that enforces them."""
    assert definitions
    admission.install(light_kubeconfig)
    return light_kubeconfig


@pytest.fixture(scope="session")
def server(
    connection: client.ApiClient, definitions: dict[str, Body], policies: Path
) -> Iterator[Server]:
    """Return the server with a namespace of its own."""
    assert definitions
    assert policies
    name = f"api-{secrets.token_hex(4)}"
    core = client.CoreV1Api(connection)
    core.create_namespace(client.V1Namespace(metadata=client.V1ObjectMeta(name=name)))
    yield Server(connection, name)
    core.delete_namespace(name)


@pytest.fixture(scope="module")
def own_kubeconfig(own_light_cluster: Cluster) -> Path:
    """Return the kubeconfig of a cluster for operators, which knows our definitions."""
    install_definitions(own_light_cluster.kubeconfig)
    return own_light_cluster.kubeconfig


@pytest.fixture
async def shop(own_kubeconfig: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    """The bookshop, running, in a namespace of its own."""
    async with stage(own_kubeconfig, tmp_path) as ready:
        yield ready


def _as_json(thing: Any) -> Body:
    convert: Any = client.ApiClient().sanitize_for_serialization
    shown: Body = convert(thing)
    return shown


def _has(definition: Body, condition: str) -> bool:
    found = definition.get("status", {}).get("conditions", [])
    return any(one["type"] == condition and one["status"] == "True" for one in found)
