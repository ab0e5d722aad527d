"""From staging to production with the commands of the recipe: two namespaces, and two clusters."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.fakes.stage import Stage, stage
from tests.policies import basic
from tests.releases import Body
from tools.cluster import binaries
from tools.markdown import Page

from release_coordinator.api.attempt import Gate, GateState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.export import DATA_KEY
from release_coordinator.cluster.port import CONFIG_MAP, RECORD, Ref
from release_coordinator.engine.names import export_name

pytestmark = pytest.mark.api

ASKED = ("Staging", "StagingTests", "Rehearsal", "StagingConfig")
RECIPE = Page.read("docs/gitops/promotion.md")
ONE_CLUSTER, KEYS, EXPORTING, PROMOTING, BACK = (
    block.text for block in RECIPE.blocks if block.info == "sh"
)
SECONDS = 900
"""Three releases, one after the other; seconds each on a machine that has nothing else to do."""


@dataclass
class Pipeline:
    """A checkout with the manifests, and a shell in it."""

    folder: Path
    staging: Stage
    production: Stage

    async def run(self, script: str) -> str:
        """Run a block of the page, in the namespaces of this test; return what it prints."""
        script = script.replace("-n shop-staging", f"-n {self.staging.namespace}")
        script = script.replace("-n shop ", f"-n {self.production.namespace} ")
        process = await asyncio.create_subprocess_exec(
            *("bash", "-euo", "pipefail", "-c", script),
            cwd=self.folder,
            env=os.environ | {"KUBECONFIG": str(self.folder / "config"), "PATH": self._path()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
        assert process.returncode == 0, output.decode()
        return output.decode()

    def write(self, file: str, body: Body) -> None:
        """Commit a manifest, without its namespace."""
        body["metadata"].pop("namespace", None)
        path = self.folder / file
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(body), encoding="utf-8")

    def manifests(self, **exported: Any) -> None:
        """Both Releases, and both policies."""
        suites = [{"name": "checkout", "suite": "smoke", "job": {"image": "example/smoke:1"}}]
        there, here = self.staging.release(), self.production.release()
        there["spec"] |= {"rehearsal": True, "verify": {"smokeTests": suites}}
        self.write("staging/release.yaml", there)
        self.write("staging/policy.yaml", basic())
        self.write("production/release.yaml", here)
        staging = {"namespace": self.staging.namespace, **exported}
        gates = [{"name": name, "enforcement": "Required"} for name in ASKED]
        policy = basic(staging=staging, suites=["smoke"])
        policy["spec"]["gates"] += gates
        self.write("production/policy.yaml", policy)

    def trust(self) -> dict[str, Any]:
        """What the policy says of the key that the recipe has made."""
        public = (self.folder / "staging.pub").read_text(encoding="utf-8")
        return {"exported": {"maxAge": "24h", "keys": [{"name": "ci", "publicKey": public}]}}

    def logins(self) -> None:
        """One kubeconfig with a context for each cluster."""
        merged: Body = {"apiVersion": "v1", "kind": "Config"}
        parts: dict[str, list[Body]] = {"clusters": [], "users": [], "contexts": []}
        for name, where in (("staging", self.staging), ("production", self.production)):
            said: Body = yaml.safe_load(where.kubeconfig.read_text(encoding="utf-8"))
            (cluster,), (user,) = said["clusters"], said["users"]
            parts["clusters"].append({**cluster, "name": name})
            parts["users"].append({**user, "name": name})
            context = {"cluster": name, "user": name}
            parts["contexts"].append({"name": name, "context": context})
        merged |= {**parts, "current-context": "production"}
        (self.folder / "config").write_text(yaml.safe_dump(merged), encoding="utf-8")

    def _path(self) -> str:
        plugins = Path(sys.executable).parent
        return f"{binaries.path('kubectl').parent}:{plugins}:{os.environ['PATH']}"


def gates_of(release: ReleaseObject) -> dict[str, Gate]:
    attempt = release.status.attempt
    return {one.name: one for one in attempt.gates} if attempt else {}


@pytest.fixture
async def one_cluster(own_kubeconfig: Path, tmp_path: Path) -> AsyncIterator[Pipeline]:
    """Staging and production in two namespaces, under one operator."""
    async with stage(own_kubeconfig, tmp_path) as there, stage(own_kubeconfig, tmp_path) as here:
        await here.start(NAMESPACES=f"{there.namespace},{here.namespace}")
        pipeline = Pipeline(tmp_path, there, here)
        pipeline.logins()
        yield pipeline


@pytest.fixture
async def two_clusters(
    policies: Path, own_kubeconfig: Path, tmp_path: Path
) -> AsyncIterator[Pipeline]:
    """Staging in one cluster, production in another, each under an operator of its own."""
    if policies == own_kubeconfig:
        pytest.skip("needs two clusters")
    async with stage(policies, tmp_path) as there, stage(own_kubeconfig, tmp_path) as here:
        await there.start("staging")
        await here.start("production")
        pipeline = Pipeline(tmp_path, there, here)
        pipeline.logins()
        await pipeline.run(KEYS)
        pipeline.manifests(**pipeline.trust())
        yield pipeline


async def test_two_namespaces_of_one_cluster(one_cluster: Pipeline) -> None:
    one_cluster.manifests()

    await one_cluster.run(ONE_CLUSTER)

    await one_cluster.staging.ended("1.3.0")
    release = await one_cluster.production.ended("1.3.0")
    assert release.status.phase is Phase.COMPLETED
    phases = [one.status.phase for one in one_cluster.production.seen]
    assert Phase.GATING in phases, "it has waited for staging"
    assert one_cluster.production.running("1.3.0")


async def test_two_clusters_between_which_an_export_travels(two_clusters: Pipeline) -> None:
    said = await two_clusters.run(EXPORTING)
    assert "Signed with staging.pub: nothing was changed" in said
    assert two_clusters.production.seen == []

    await two_clusters.run(PROMOTING)

    release = await two_clusters.production.ended("1.3.0")
    assert release.status.phase is Phase.COMPLETED
    assert release.status.staging is not None
    records = await two_clusters.production.user.list(RECORD, two_clusters.production.namespace)
    gates = {one["name"]: one for one in records[0]["spec"]["gates"]}
    assert {gates[name]["state"] for name in ASKED} == {"Passed"}
    assert gates["Staging"]["evidence"].endswith(", exported by ci")
    assert "staging-export configured" in await two_clusters.run(BACK)


async def test_an_export_that_was_changed_on_its_way_opens_nothing_until_the_good_one_comes(
    two_clusters: Pipeline,
) -> None:
    here = two_clusters.production
    await two_clusters.run(EXPORTING)
    good = yaml.safe_load((two_clusters.folder / "export.yaml").read_text(encoding="utf-8"))
    text = good["data"][DATA_KEY]
    changed = text[:2000] + ("A" if text[2000] != "A" else "B") + text[2001:]
    two_clusters.write("changed.yaml", {**good, "data": {DATA_KEY: changed}})
    apply = "kubectl --context production apply -n shop -f "
    await two_clusters.run(f"{apply}production/policy.yaml")
    await two_clusters.run(f"{apply}changed.yaml")
    await two_clusters.run(f"{apply}production/release.yaml")

    shut = await here.until(lambda one: set(ASKED) <= set(gates_of(one)))

    found = gates_of(shut)
    assert {found[name].state for name in ASKED} == {GateState.FAILED}
    assert "bears no signature of ci" in found["Staging"].message
    assert here.running("1.2.0"), "nothing was changed"

    await two_clusters.run(f"{apply}export.yaml")

    release = await here.ended("1.3.0")
    assert release.status.phase is Phase.COMPLETED
    stored = await here.user.get(Ref(CONFIG_MAP, here.namespace, export_name("bookshop")))
    assert stored["data"][DATA_KEY] == text
