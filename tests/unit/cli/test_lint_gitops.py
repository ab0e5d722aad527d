"""What lint finds between a Release, the workloads beside it, and what applies them."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.api.release import Component
from release_coordinator.cli import main as cli
from release_coordinator.cli.lint import gitops
from release_coordinator.cli.lint.gitopsserver import Appliers
from release_coordinator.cli.lint.gitopstools import APPLICATION, is_below
from release_coordinator.cli.lint.places import read
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import Body
from release_coordinator.errors import Denied

OLD, NEW = "example/api:1.3.0", "example/api:1.4.0"
RULE = {"group": "apps", "kind": "Deployment", "managedFieldsManagers": ["release-coordinator.io"]}
RESPECT = "RespectIgnoreDifferences=true"


def release(component: Body | None = None, **metadata: Any) -> Body:
    """A Release that is in order, but for what a test is about."""
    named = {"workloadRef": {"name": "api"}} if component is None else component
    health = {"path": "/healthz", "port": 8080}
    smoke = {"name": "smoke", "suite": "smoke", "job": {"image": "example/smoke:1.4.0"}}
    return {
        "apiVersion": "release-coordinator.io/v1alpha1",
        "kind": "Release",
        "metadata": {"name": "bookshop", **metadata},
        "spec": {
            "version": "1.4.0",
            "components": [{"name": "api", "images": {"api": NEW}, "health": health, **named}],
            "documents": {"changelog": {"configMap": "docs", "key": "CHANGELOG.md"}},
            "verify": {"smokeTests": [smoke]},
            "watch": {"duration": "10m", "pods": {}},
        },
    }


def workload(image: str | None = NEW, **annotations: str) -> Body:
    container = {"name": "api"} | ({"image": image} if image else {})
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "api", "annotations": annotations},
        "spec": {
            "selector": {"matchLabels": {"app": "api"}},
            "template": {
                "metadata": {"labels": {"app": "api"}},
                "spec": {"containers": [container]},
            },
        },
    }


def inline(**metadata: Any) -> Body:
    spec = workload()["spec"]
    spec["template"]["spec"]["containers"] = [{"name": "api"}]
    return {"workload": {"kind": "Deployment", "name": "api", "metadata": metadata, "spec": spec}}


def application(*options: str, ignore: Body | None = None, heal: bool = True) -> Body:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {
            "source": {"repoURL": "https://example.com/shop.git", "path": "apps/shop"},
            "destination": {"namespace": "shop"},
            "ignoreDifferences": [ignore] if ignore else [],
            "syncPolicy": {"automated": {"selfHeal": heal}, "syncOptions": list(options)},
        },
    }


def kustomization(path: str = "./apps/shop") -> Body:
    return {
        "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
        "kind": "Kustomization",
        "metadata": {"name": "shop", "namespace": "flux-system"},
        "spec": {"path": path, "prune": True, "interval": "10m"},
    }


def linted(
    folder: Path, capsys: pytest.CaptureFixture[str], **bodies: Body
) -> tuple[int, list[str]]:
    """Exit code and `rule file` of what is no note; the folder is a repository's."""
    for name, body in bodies.items():
        where = folder / ("argocd" if name.startswith("app") else "apps/shop")
        where.mkdir(parents=True, exist_ok=True)
        (where / f"{name}.yaml").write_text(yaml.safe_dump(body), encoding="utf-8")
    code = cli.run(["lint", str(folder), "-o", "json"])
    found = json.loads(capsys.readouterr().out)["findings"]
    told = [one for one in found if one["level"] != "note"]
    return code, sorted(f"{one['rule']} {Path(one['file']).stem}" for one in told)


IN_ORDER = {
    "Git holds only the Release": {"release": release(inline())},
    "the workload has an image that Argo CD overlooks": {
        "release": release(),
        "workload": workload(),
        "app": application(RESPECT, ignore=RULE),
    },
    "the same by a jq path": {
        "release": release(),
        "workload": workload(),
        "app": application(
            RESPECT,
            ignore={
                "group": "apps",
                "kind": "*",
                "jqPathExpressions": [".spec.template.spec.containers[].image"],
            },
        ),
    },
    "the workload has no image, and comes after the Release": {
        "release": release(annotations={"argocd.argoproj.io/sync-wave": "-1"}),
        "workload": workload(None),
        "app": application("ServerSideApply=true"),
    },
    "Flux creates it and leaves it alone": {
        "release": release(),
        "workload": workload(**{"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}),
        "kustomization": kustomization(),
    },
    "the Application is about another folder": {
        "release": release(),
        "workload": workload(),
        "app": {
            **application(),
            "spec": {**application()["spec"], "source": {"path": "apps/other"}},
        },
    },
}
MISTAKES: dict[str, tuple[list[str], dict[str, Body]]] = {
    "a tracking annotation copied into an inline workload": (
        ["tracking-copied release"],
        {"release": release(inline(annotations={"argocd.argoproj.io/tracking-id": "shop:a"}))},
    ),
    "a tracking label copied into an inline workload": (
        ["tracking-copied release"],
        {"release": release(inline(labels={"app.kubernetes.io/instance": "shop"}))},
    ),
    "self-heal without an ignore rule": (
        ["argocd-self-heal app"],
        {"release": release(), "workload": workload(), "app": application(RESPECT)},
    ),
    "no ignore rule": (
        ["argocd-ignore app"],
        {"release": release(), "workload": workload(), "app": application(heal=False)},
    ),
    "an ignore rule for another field manager": (
        ["argocd-self-heal app"],
        {
            "release": release(),
            "workload": workload(),
            "app": application(
                RESPECT, ignore=RULE | {"managedFieldsManagers": ["release-coordinator"]}
            ),
        },
    ),
    "an ignore rule for another workload": (
        ["argocd-self-heal app"],
        {
            "release": release(),
            "workload": workload(),
            "app": application(RESPECT, ignore=RULE | {"name": "web"}),
        },
    ),
    "an ignore rule that no sync respects": (
        ["argocd-respect app"],
        {"release": release(), "workload": workload(), "app": application(ignore=RULE)},
    ),
    "another image in Git": (
        ["image-unlike workload"],
        {"release": release(), "workload": workload(OLD)},
    ),
    "an order in Git": (
        ["order-in-git release", "order-in-git release"],
        {
            "release": release(
                annotations={
                    "release-coordinator.io/retry": "3",
                    "release-coordinator.io/ordered-by": "ada",
                }
            )
        },
    ),
    "no image, and client-side apply": (
        ["argocd-server-side app"],
        {
            "release": release(annotations={"argocd.argoproj.io/sync-wave": "-1"}),
            "workload": workload(None),
            "app": application(),
        },
    ),
    "a workload that Release and Git both have": (
        ["inline-in-git release"],
        {"release": release(inline()), "workload": workload()},
    ),
    "Flux applies the image": (
        ["flux-fight workload"],
        {"release": release(), "workload": workload(), "kustomization": kustomization()},
    ),
    "Flux merges, and applies the image all the same": (
        ["flux-fight workload"],
        {
            "release": release(),
            "workload": workload(**{"kustomize.toolkit.fluxcd.io/ssa": "Merge"}),
            "kustomization": kustomization(),
        },
    ),
}


@pytest.mark.parametrize("what", IN_ORDER)
def test_what_is_in_order_is_not_told(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert linted(tmp_path, capsys, **IN_ORDER[what]) == (0, [])


@pytest.mark.parametrize("what", MISTAKES)
def test_every_mistake_is_told_once_and_where_it_is_mended(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rules, bodies = MISTAKES[what]

    _, found = linted(tmp_path, capsys, **bodies)

    assert found == rules


def test_a_suspension_in_git_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = release()
    body["spec"]["suspend"] = "Forward"

    assert linted(tmp_path, capsys, release=body) == (0, ["suspend-in-git release"])


def test_what_is_only_worth_knowing_is_a_note() -> None:
    """An image for the first install, and a workload that does not wait for the Release."""
    stale = [release(), workload(OLD), application(RESPECT, ignore=RULE)]
    early = [release(), workload(None), application("ServerSideApply=true")]

    for bodies, rule in ((stale, "image-unlike"), (early, "argocd-wave")):
        documents, _ = read(yaml.safe_dump_all(bodies), "apps/shop/all.yaml")
        assert [(str(o.level), o.rule) for o in gitops.findings(documents)] == [("note", rule)]


def test_code_review_tools_get_the_rule_and_the_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bodies = MISTAKES["self-heal without an ignore rule"][1]
    linted(tmp_path, capsys, **bodies)

    code = cli.run(["lint", str(tmp_path), "-o", "sarif"])

    (run,) = json.loads(capsys.readouterr().out)["runs"]
    (result,) = [one for one in run["results"] if one["level"] == "error"]
    assert code == 1
    assert result["ruleId"] == "argocd-self-heal"
    assert "RespectIgnoreDifferences=true" in result["message"]["text"]
    (place,) = result["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("argocd/app.yaml")
    assert place["physicalLocation"]["region"]["startLine"] > 1


@pytest.mark.parametrize(
    ("file", "folder", "inside"),
    [
        ("apps/shop/api.yaml", "apps/shop", True),
        ("/src/repo/apps/shop/api.yaml", "./apps/shop/", True),
        ("apps/shop/base/api.yaml", "apps/shop", True),
        ("apps/shop-b/api.yaml", "apps/shop", False),
        ("api.yaml", "apps/shop", False),
        ("anywhere/api.yaml", ".", True),
    ],
)
def test_a_file_is_below_a_folder_of_its_repository(
    file: str, folder: str, *, inside: bool
) -> None:
    assert is_below(file, folder) is inside


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(["apps", "*", "api", "."]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("metadata", "spec", "name", "namespace", "annotations", "labels"),
                    *("syncPolicy", "automated", "syncOptions", "ignoreDifferences", "source"),
                    *("path", "sources", "template", "containers", "image", "suspend"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=16,
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    ("apps/v1", "Deployment"),
                    ("argoproj.io/v1alpha1", "Application"),
                    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
                ]
            ),
            ANY,
            ANY,
        ),
        max_size=4,
    )
)
def test_whatever_other_objects_are_like_they_do_no_harm(
    others: list[tuple[tuple[str, str], Any, Any]],
) -> None:
    bodies = [
        {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}
        for (version, kind), metadata, spec in others
    ]
    text = yaml.safe_dump_all([release(), workload(), *bodies])
    documents, _ = read(text, "apps/shop/all.yaml")

    gitops.findings(documents)


TRACKED = {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/api"}
COMPONENT = {"name": "api", "images": {"api": NEW}}


async def on_cluster(component: Body, applications: list[Body], live: Body) -> list[str]:
    """Rules of what is found on a cluster with these Applications."""
    cluster = MemoryCluster(namespaces=["argocd"])
    for body in applications:
        stored = await cluster.create(APPLICATION, body)
        listed = {"group": "apps", "kind": "Deployment", "namespace": "shop", "name": "api"}
        await cluster.replace_status(APPLICATION, {**stored, "status": {"resources": [listed]}})
    read_ = Component.model_validate({**COMPONENT, **component})
    found = await Appliers(cluster).findings("spec.components[0]", read_, live)
    return [one.rule for one in found]


def live(**annotations: str) -> Body:
    body = workload(**annotations)
    body["metadata"] |= {"namespace": "shop"}
    return body


async def test_on_a_cluster_the_application_says_what_it_applies() -> None:
    named = {"workloadRef": {"name": "api"}}

    assert await on_cluster(named, [application()], live(**TRACKED)) == ["argocd-self-heal"]
    fine = application(RESPECT, ignore=RULE)
    assert await on_cluster(named, [fine], live(**TRACKED)) == []
    assert await on_cluster(named, [application()], live()) == []


async def test_on_a_cluster_an_inline_workload_that_argo_cd_tracks_would_be_pruned() -> None:
    assert await on_cluster(inline(), [application()], live(**TRACKED)) == ["prune-inline"]
    assert await on_cluster(inline(), [application()], live()) == []


async def test_on_a_cluster_flux_is_known_by_its_label() -> None:
    body = live()
    body["metadata"]["labels"] = {"kustomize.toolkit.fluxcd.io/name": "shop"}

    assert await on_cluster({"workloadRef": {"name": "api"}}, [], body) == ["flux-fight"]


async def test_who_may_not_read_applications_is_told_what_stays_open() -> None:
    cluster = MemoryCluster()

    async def deny(_: Call) -> None:
        raise Denied("no")

    cluster.before = deny
    component = Component.model_validate({**COMPONENT, "workloadRef": {"name": "api"}})
    (found,) = await Appliers(cluster).findings("spec.components[0]", component, live(**TRACKED))

    assert found.rule == "not-checked"
    assert "Application shop" in found.text
