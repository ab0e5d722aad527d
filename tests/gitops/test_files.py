"""What happens to a Release whose file is removed, renamed, or brought by an app of apps."""

from functools import partial
from pathlib import Path

import pytest
from tests.fakes.stage import WORKLOADS, staged
from tests.gitops.layouts import INLINE
from tests.gitops.shop import FOLDER, ArgoShop
from tools.gitops.application import APPLICATION, application
from tools.gitops.argocd import NAMESPACE, ArgoCD

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import RECORD

pytestmark = [pytest.mark.api, pytest.mark.gitops]

RENAMED = "bookshop-2"


async def released(shop: ArgoShop, version: str = "1.2.0") -> str:
    """The bookshop runs a version that came from Git; return the commit."""
    commit = shop.repository.commit(version, shop.files(version))
    await shop.follow()
    await shop.becomes("Healthy", commit)
    assert (await shop.ended(version)).status.phase is Phase.COMPLETED
    return commit


async def test_a_release_that_is_pruned_while_it_is_watched_goes_back_first(
    shop: ArgoShop,
) -> None:
    await released(shop)
    await shop.push("1.3.0", shop.files("1.3.0", duration="1m"))
    await shop.watched("1.3.0")

    gone = await shop.push("no release", {f"{FOLDER}/release.yaml": None})
    await shop.left()
    await shop.becomes("Healthy", gone)

    assert len(shop.running("1.2.0")) == len(WORKLOADS)
    outcomes = {one["spec"]["outcome"] for one in await shop.user.list(RECORD, shop.namespace)}
    assert outcomes == {"Completed", "RolledBack"}


async def test_with_orphan_a_pruned_release_leaves_what_it_was_doing(shop: ArgoShop) -> None:
    await released(shop)
    await shop.push("1.3.0", shop.files("1.3.0", duration="1m", deletionPolicy="Orphan"))
    await shop.watched("1.3.0")

    gone = await shop.push("no release", {f"{FOLDER}/release.yaml": None})
    await shop.left()
    await shop.becomes("Healthy", gone)

    assert len(shop.running("1.3.0")) == len(WORKLOADS)


async def test_a_renamed_release_takes_the_application_over(shop: ArgoShop) -> None:
    """As by those who name it after the version: the old one is pruned, the new one begins."""
    await released(shop)
    uids = {name: shop.live(name)["metadata"]["uid"] for name, _ in WORKLOADS}
    body = shop.declared("1.3.0")
    body["metadata"]["name"] = RENAMED
    files = {f"{FOLDER}/release.yaml": None, f"{FOLDER}/release-2.yaml": body}
    commit = await shop.push("renamed, 1.3.0", files)

    def done(one: ReleaseObject) -> bool:
        attempt = one.status.attempt
        return one.name == RENAMED and attempt is not None and attempt.recorded

    ended = await shop.until(done)
    await shop.left(only={RENAMED})
    await shop.becomes("Healthy", commit)

    assert ended.status.phase is Phase.COMPLETED, ended.status.message
    assert len(shop.running("1.3.0")) == len(WORKLOADS)
    assert {name: shop.live(name)["metadata"]["uid"] for name, _ in WORKLOADS} == uids


async def test_an_app_of_apps_brings_production_after_staging(
    argo: ArgoCD, gitops_kubeconfig: Path, tmp_path: Path
) -> None:
    make = partial(ArgoShop, argo, INLINE)
    (tmp_path / "staging").mkdir()
    (tmp_path / "production").mkdir()
    async with (
        staged(make, gitops_kubeconfig, tmp_path / "staging") as staging,
        staged(make, gitops_kubeconfig, tmp_path / "production") as production,
    ):
        await staging.start()
        await production.start()
        repository, parent = staging.repository, f"apps-{staging.namespace}"
        files = {
            f"{shop.namespace}/{name}": content
            for shop in (staging, production)
            for name, content in shop.files("1.2.0").items()
        }
        for wave, shop in enumerate((staging, production)):
            path = f"{shop.namespace}/{FOLDER}"
            child = application(shop.app, NAMESPACE, repository.url, path, shop.namespace)
            child |= {"apiVersion": APPLICATION.api_version, "kind": APPLICATION.kind}
            child["metadata"]["annotations"] = {"argocd.argoproj.io/sync-wave": str(wave)}
            files[f"apps/{shop.app}.yaml"] = child
        commit = repository.commit("1.2.0 everywhere", files)
        await argo.follow(parent, repository, "apps", NAMESPACE)

        await staging.watched("1.2.0")
        assert not production.seen, "its Application is of a later wave"
        assert (await staging.ended("1.2.0")).status.phase is Phase.COMPLETED
        assert (await production.ended("1.2.0")).status.phase is Phase.COMPLETED
        await argo.until(parent, lambda one: one.at(commit) and one.health == "Healthy")
        await argo.forget(parent)
