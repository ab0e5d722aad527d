"""Logging in: a named kubeconfig, or the pod's service account with its rotating token."""

import json
import os
from pathlib import Path

import pytest
from tests.unit.cluster.conftest import Script

from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.login import from_kubeconfig, from_service_account
from release_coordinator.cluster.port import CONFIG_MAP, Ref
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


async def test_a_named_kubeconfig_is_used(script: Script, tmp_path: Path) -> None:
    file = tmp_path / "kubeconfig"
    context = {"cluster": "c", "user": "u"}
    content = {
        "current-context": "one",
        "contexts": [{"name": "one", "context": context}],
        "clusters": [{"name": "c", "cluster": {"server": script.address}}],
        "users": [{"name": "u", "user": {"token": "secret"}}],
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    async with await KubernetesCluster.connect(file) as cluster:
        await cluster.get(REF)
    assert script.asked[0][3]["Authorization"] == "Bearer secret"


@pytest.mark.parametrize("content", [None, "{}", "not: [valid"])
async def test_a_kubeconfig_that_cannot_be_used_is_denied(
    tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "kubeconfig"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    with pytest.raises(Denied, match="kubeconfig"):
        await from_kubeconfig(file)
