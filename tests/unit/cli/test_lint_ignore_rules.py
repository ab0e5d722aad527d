"""Which ignore rules of an Application leave images alone, and which Application it is about."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.unit.cli.test_lint_gitops import (
    RESPECT,
    RULE,
    application,
    kustomization,
    release,
    workload,
)

from release_coordinator.cli import main as cli
from release_coordinator.cli.lint import gitops
from release_coordinator.cli.lint.places import read
from release_coordinator.cluster.port import Body


def rules(*bodies: Body, workload: Body) -> list[str]:
    """Rules of what is found, the bodies being elsewhere than the application."""
    documents, _ = read(yaml.safe_dump_all([release(), workload]), "apps/shop/all.yaml")
    others, _ = read(yaml.safe_dump_all(bodies), "argocd/all.yaml")
    return [one.rule for one in gitops.findings([*documents, *others])]


def with_path(path: str) -> Body:
    key = "jsonPointers" if path.startswith("/") else "jqPathExpressions"
    return application(RESPECT, ignore={"group": "apps", "kind": "Deployment", key: [path]})


@pytest.mark.parametrize(
    "path",
    [
        ".spec.template.spec.containers[].image",
        '.spec.template.spec.containers[] | select(.name == "api") | .image',
        ".spec.template.spec.containers",
        ".spec.template.spec.containers[]",
        ".spec.template.spec",
        ".spec",
        "/spec/template/spec/containers/0/image",
        "/spec/template/spec/containers/0",
        "/spec/template/spec/containers",
        "/spec/template/spec",
        "/spec",
    ],
)
def test_a_rule_by_path_leaves_the_image_alone(path: str) -> None:
    assert rules(with_path(path), workload=workload()) == []


@pytest.mark.parametrize(
    "path",
    [
        ".spec.template.spec.imagePullSecrets",
        ".spec.template.spec.containers[].imagePullPolicy",
        ".spec.template.spec.initContainers[].image",
        ".spec.replicas",
        "/spec/template/spec/containers/0/imagePullPolicy",
        "/spec/template/spec/initContainers/0",
        "/spec/replicas",
    ],
)
def test_a_rule_for_something_else_does_not(path: str) -> None:
    assert rules(with_path(path), workload=workload()) == ["argocd-self-heal"]


def test_an_init_container_needs_a_rule_of_its_own() -> None:
    body = workload()
    pod = body["spec"]["template"]["spec"]
    pod["initContainers"] = pod.pop("containers")
    path = ".spec.template.spec.containers[].image"

    assert rules(with_path(path), workload=body) == ["argocd-self-heal"]
    assert rules(application(RESPECT, ignore=RULE), workload=body) == []


def test_to_respect_the_rule_is_an_option_of_the_application_alone() -> None:
    body = workload(**{"argocd.argoproj.io/sync-options": RESPECT})

    assert rules(application(ignore=RULE), workload=body) == ["argocd-respect"]


def test_options_of_a_workload_may_have_spaces_between_them() -> None:
    options = {"argocd.argoproj.io/sync-options": "Prune=false, ServerSideApply=true"}

    assert rules(application(), workload=workload(None, **options)) == ["argocd-wave"]


def test_an_app_of_apps_above_applies_no_workload() -> None:
    root = application()
    root["metadata"]["name"], root["spec"]["source"]["path"] = "root", "apps"
    child = application(RESPECT, ignore=RULE)

    assert rules(root, child, workload=workload()) == []
    assert rules(root, workload=workload()) == ["argocd-self-heal"]


def test_a_kustomization_of_an_older_version_is_one_too() -> None:
    body = {**kustomization(), "apiVersion": "kustomize.toolkit.fluxcd.io/v1beta2"}

    assert rules(body, workload=workload()) == ["flux-fight"]


@pytest.mark.parametrize("wrong", [["a"], "text", 7, None])
def test_annotations_that_are_none_end_in_no_traceback(wrong: Any, tmp_path: Path) -> None:
    file = tmp_path / "release.yaml"
    file.write_text(yaml.safe_dump(release(annotations=wrong)), encoding="utf-8")

    assert cli.run(["lint", str(file)]) == 0
