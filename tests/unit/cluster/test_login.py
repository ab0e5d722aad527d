"""Logging in: a named kubeconfig, or the pod's service account with its rotating token."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from tests.unit.cluster.conftest import Script

from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.follow import Watches
from release_coordinator.cluster.login import credentials, from_kubeconfig, from_service_account
from release_coordinator.cluster.port import CONFIG_MAP, RELEASE, Ref
from release_coordinator.cluster.wire import Wire
from release_coordinator.errors import Denied

IN_POD = {"KUBERNETES_SERVICE_HOST": "10.96.0.1", "KUBERNETES_SERVICE_PORT": "443"}
REF = Ref(CONFIG_MAP, "shop", "a")


@pytest.fixture
def account(tmp_path: Path) -> Path:
    (tmp_path / "token").write_text("first\n", encoding="ascii")
    return tmp_path


def rotate(account: Path, token: str) -> None:
    file = account / "token"
    before = file.stat().st_mtime_ns
    file.write_text(token, encoding="ascii")
    os.utime(file, ns=(before + 1, before + 1))


async def test_a_pod_uses_its_service_account(account: Path) -> None:
    configuration = from_service_account(account, IN_POD)
    assert configuration.host == "https://10.96.0.1:443"
    assert configuration.ssl_ca_cert == str(account / "ca.crt")


async def test_an_ipv6_address_gets_its_brackets(account: Path) -> None:
    configuration = from_service_account(account, {**IN_POD, "KUBERNETES_SERVICE_HOST": "fd00::1"})
    assert configuration.host == "https://[fd00::1]:443"


async def test_a_rotated_token_is_used_at_once(script: Script, account: Path) -> None:
    configuration = from_service_account(account, IN_POD)
    configuration.host, configuration.ssl_ca_cert = script.address, None
    async with KubernetesCluster(Wire(configuration)) as cluster:
        await cluster.get(REF)
        rotate(account, "second")
        await cluster.get(REF)
        await cluster.get(REF)
    tokens = [headers["Authorization"] for _, _, _, headers in script.asked]
    assert tokens == ["Bearer first", "Bearer second", "Bearer second"]


async def test_a_token_that_vanishes_is_denied(script: Script, account: Path) -> None:
    configuration = from_service_account(account, IN_POD)
    configuration.host, configuration.ssl_ca_cert = script.address, None
    (account / "token").unlink()
    async with KubernetesCluster(Wire(configuration)) as cluster:
        with pytest.raises(Denied):
            await cluster.get(REF)
    assert script.asked == []


async def test_outside_of_a_pod_a_kubeconfig_must_be_named(account: Path) -> None:
    with pytest.raises(Denied, match="kubeconfig"):
        from_service_account(account, {})


async def test_a_service_account_without_a_token_is_denied(tmp_path: Path) -> None:
    with pytest.raises(Denied, match="token"):
        from_service_account(tmp_path, IN_POD)


def kubeconfig(folder: Path, address: str, **user: Any) -> Path:
    """A file with two users, the second of which is meant."""
    file = folder / "kubeconfig"
    context = {"cluster": "c", "user": "u"}
    content = {
        "current-context": "one",
        "contexts": [{"name": "one", "context": context}],
        "clusters": [{"name": "c", "cluster": {"server": address}}],
        "users": [
            {"name": "other", "user": {"as": "somebody"}},
            {"name": "u", "user": {"token": "secret", **user}},
        ],
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


async def test_a_named_kubeconfig_is_used(script: Script, tmp_path: Path) -> None:
    file = kubeconfig(tmp_path, script.address)
    async with await KubernetesCluster.connect(file) as cluster:
        await cluster.get(REF)
    assert script.asked[0][3]["Authorization"] == "Bearer secret"
    assert not [name for name in script.asked[0][3] if name.startswith("Impersonate")]


async def test_a_user_that_impersonates_does_so_in_requests_and_watches(
    script: Script, tmp_path: Path
) -> None:
    seen: list[dict[str, list[str]]] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        seen.append({name: request.headers.getall(name) for name in request.headers})
        return web.json_response({})

    script.answer = answer
    user = {"as": "jane", "as-uid": "7", "as-groups": ["qa", "leads"]}
    configuration = await from_kubeconfig(kubeconfig(tmp_path, script.address, **user))
    async with KubernetesCluster(Wire(configuration)) as cluster:
        await cluster.get(REF)
    async with Watches(configuration) as watches:
        await watches.serves(RELEASE)
    for headers in seen:
        assert headers["Authorization"] == ["Bearer secret"]
        assert headers["Impersonate-User"] == ["jane"]
        assert headers["Impersonate-Uid"] == ["7"]
        assert headers["Impersonate-Group"] == ["qa", "leads"]
    assert len(seen) == 2


@pytest.mark.parametrize(
    ("user", "complaint"),
    [
        ({"as": "jane", "as-user-extra": {"scopes": ["view"]}}, "as-user-extra"),
        ({"as-groups": ["qa"]}, "no user in as"),
        ({"as": 7}, "must be text"),
        ({"as": "jane", "as-groups": "qa"}, "as-groups a list"),
        ({"as": "jane\nX: y"}, "must be text"),
    ],
)
async def test_an_impersonation_that_cannot_be_passed_on_is_refused(
    tmp_path: Path, user: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(Denied, match=complaint):
        await from_kubeconfig(kubeconfig(tmp_path, "http://nowhere.example", **user))


async def test_credentials_for_another_client_cannot_impersonate(tmp_path: Path) -> None:
    with pytest.raises(Denied, match="impersonates"):
        await credentials(kubeconfig(tmp_path, "http://nowhere.example", **{"as": "jane"}))


@pytest.mark.parametrize("content", [None, "{}", "not: [valid"])
async def test_a_kubeconfig_that_cannot_be_used_is_denied(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(Denied, match="kubeconfig"):
        await from_kubeconfig(file)
