"""How the operator starts: settings it cannot use, and exactly the rights of its chart."""

import asyncio
import json
import re
import time
from pathlib import Path

import pytest
from tests.api.rights import chart_account
from tests.fakes.stage import Stage
from tools import admission
from tools.bench.process import OperatorProcess
from tools.lab.kubectl import Kubectl

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.proofs import ANNOTATION
from release_coordinator.controllers.watching import KINDS
from release_coordinator.render.admission import APPROVALS

pytestmark = pytest.mark.api

BELIEVED = re.compile(r"those from before (\S+ \S+) do not count")
UNUSABLE = {
    ("WORKERS", "many"): "use a number from 1 to 64",
    ("RESYNC_SECONDS", "0"): "use a number from 5 to 3600",
    ("LOG_FORMAT", "xml"): "use one of json, plain",
}


async def test_settings_that_cannot_be_used_are_named_and_end_the_process(tmp_path: Path) -> None:
    async def says(setting: str, value: str) -> tuple[int, str]:
        values = {setting: value}
        operator = await OperatorProcess.start(tmp_path / "none", tmp_path / setting, values)
        return await operator.ended(60), operator.log

    said = await asyncio.gather(*(says(*unusable) for unusable in UNUSABLE))

    expected = [
        (2, f"release-coordinator: RELEASE_COORDINATOR_{setting} is {value!r}; {words}\n")
        for (setting, value), words in UNUSABLE.items()
    ]
    assert said == expected


async def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    operator = await OperatorProcess.start(tmp_path / "none", tmp_path / "log")

    assert await operator.ended(60) == 1
    assert str(tmp_path / "none") in operator.log


async def test_without_releases_it_is_ready_healthy_and_ends_at_once(shop: Stage) -> None:
    operator = await shop.start()
    await operator.wait_ready()
    status, text = await operator.get("/healthz")

    assert status == 200
    assert '"problems": []' in text
    assert await operator.stop(10) == 0
    assert "Traceback" not in operator.log


async def test_the_rights_of_the_chart_are_enough(
    shop: Stage, own_kubeconfig: Path, tmp_path: Path
) -> None:
    operator = await shop.start(
        KUBECONFIG=str(chart_account(own_kubeconfig, shop.namespace, tmp_path)),
        NAMESPACES="",
        LEASE_NAMESPACE=shop.namespace,
    )
    await operator.wait_ready()
    await shop.apply(shop.release())
    release = await shop.ended("1.3.0")
    _, metrics = await operator.get("/metrics")

    assert release.status.phase is Phase.COMPLETED, release.status.message
    assert 'rest_client_requests_total{code="201"' in metrics
    assert 'code="403"' not in metrics
    assert "orbidden" not in operator.log, "Kopf's own requests"


async def test_releases_go_on_where_nothing_may_be_kept_beside_them(
    shop: Stage, own_kubeconfig: Path, tmp_path: Path
) -> None:
    beside = [kind.plural for kind in KINDS]
    operator = await shop.start(
        KUBECONFIG=str(chart_account(own_kubeconfig, shop.namespace, tmp_path, without=beside)),
        NAMESPACES="",
        LEASE_NAMESPACE=shop.namespace,
    )
    await operator.wait_ready()
    await shop.apply(shop.release())
    release = await shop.ended("1.3.0")

    assert release.status.phase is Phase.COMPLETED, release.status.message
    for plural in beside:
        assert f"{plural}.release-coordinator.io: may not be listed" in operator.log
    assert (await operator.get("/healthz"))[0] == 200
    assert operator.running
    assert "Traceback" not in operator.log


async def test_the_next_process_knows_since_when_signatures_are_believed(
    shop: Stage, own_kubeconfig: Path, tmp_path: Path
) -> None:
    kubectl = Kubectl(own_kubeconfig)
    admission.install(own_kubeconfig)
    for actions in (["Audit"], ["Deny", "Audit"]):
        patch = json.dumps({"spec": {"validationActions": actions}})
        binding = ("validatingadmissionpolicybinding", APPROVALS)
        kubectl.run("patch", *binding, "--type=merge", f"--patch={patch}")
    admission.await_enforced(kubectl)
    values = {
        "KUBECONFIG": str(chart_account(own_kubeconfig, shop.namespace, tmp_path)),
        "NAMESPACES": "",
        "LEASE_NAMESPACE": shop.namespace,
    }
    told = []
    for name in ("first", "second"):
        operator = await shop.start(name, **values)
        told.append(await _since(operator))
        assert await operator.stop(20) == 0

    assert told[0] == told[1]
    lease = kubectl.get("lease", "release-coordinator", f"--namespace={shop.namespace}")
    assert ANNOTATION in lease["metadata"]["annotations"]


async def _since(operator: OperatorProcess) -> str:
    until = time.monotonic() + 60
    while not (said := BELIEVED.search(operator.log)):
        assert time.monotonic() < until, operator.log
        await asyncio.sleep(0.1)
    return said[1]
