"""What is guessed of a namespace, and that lint warns of nothing that the file does not say."""

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from tests import goldens
from tests.unit.cli.namespaces import namespaces

from release_coordinator.cli.draft.survey import COMPONENTS, PART_OF, Namespace, drafts
from release_coordinator.cli.draft.writing import text
from release_coordinator.cli.lint.findings import Level
from release_coordinator.cli.lint.offline import check
from release_coordinator.cluster.port import Body

GOLDEN = Path(__file__).parent / "golden"
NEAR = 8
"""Lines above a field in which a comment speaks of it."""


def workload(
    name: str, image: str, kind: str = "Deployment", container: str = "main", **pod: object
) -> Body:
    own: Body = {
        "name": container,
        "image": image,
        "ports": [{"name": "http", "containerPort": 8080}],
    }
    return {
        "kind": kind,
        "metadata": {"name": name, "labels": {"app": name}},
        "spec": {
            "template": {"metadata": {"labels": {"app": name}}, "spec": {"containers": [own | pod]}}
        },
    }


def shop() -> Namespace:
    """A namespace as a newcomer has it."""
    probe = {"httpGet": {"path": "/healthz", "port": "http"}}
    backend = workload("shop-backend", "example/backend:v1.2.0", readinessProbe=probe)
    backend["spec"]["template"]["metadata"]["annotations"] = {"prometheus.io/scrape": "true"}
    backend["spec"]["template"]["spec"]["containers"].append(
        {"name": "proxy", "image": "example/proxy:3.4.5"}
    )
    exec_probe = {"exec": {"command": ["true"]}}
    paused = workload("shop-jobs", "example/jobs:1.2.0")
    paused["spec"]["paused"] = True
    return Namespace(
        workloads=[
            workload("shop-frontend", "example/frontend:latest", readinessProbe=exec_probe),
            backend,
            workload("postgres", "example/postgres:16.1", "StatefulSet"),
            paused,
        ],
        services=[{"metadata": {"name": "b"}, "spec": {"selector": {"app": "shop-backend"}}}],
        config_maps=[{"metadata": {"name": "docs"}, "data": {"CHANGELOG.md": "# Changelog"}}],
        cron_jobs=[{"metadata": {"name": "shop-backup"}}, {"metadata": {"name": "mail"}}],
    )


def test_the_first_file_of_a_usual_namespace_reads_as_in_its_golden_file() -> None:
    goldens.check(GOLDEN / "init.yaml", text(drafts(shop(), "shop")))


@given(namespaces())
def test_any_namespace_gets_a_file_in_which_lint_warns_of_nothing_unsaid(found: Namespace) -> None:
    written = text(drafts(found, "my-space"))
    lines = written.splitlines()

    checked, findings = check(written, "release.yaml")

    assert len(checked) == written.count("\nkind: Release\n")
    for one in findings:
        near = lines[max(one.line - NEAR, 0) : one.line + 2 * NEAR]
        assert one.level is not Level.ERROR, str(one)
        assert one.level is Level.NOTE or any("CHECK" in line for line in near), str(one)


@given(namespaces())
def test_every_workload_is_in_the_file_or_named_as_left_out(found: Namespace) -> None:
    written = text(drafts(found, "my-space", "everything"))
    bodies = [body for body in yaml.safe_load_all(written) if body]

    inside = {
        (one["workloadRef"]["kind"], one["workloadRef"]["name"])
        for body in bodies
        for one in body["spec"]["components"]
    }
    for body in found.workloads if bodies else ():
        key = (body["kind"], body["metadata"]["name"])
        assert (key in inside) != (f"# Left out: {' '.join(key)}:" in written)


def test_applications_are_told_apart_by_their_label() -> None:
    bodies = [workload("a", "example/a:1.0.0"), workload("b", "example/b:2.0.0")]
    bodies[0]["metadata"]["labels"][PART_OF] = "one"
    bodies[1]["metadata"]["labels"][PART_OF] = "two"

    made = drafts(Namespace(bodies), "space")

    assert [(one.name, one.version) for one in made] == [("one", "1.0.0"), ("two", "2.0.0")]
    assert [one.name for one in drafts(Namespace(bodies), "space", "all")] == ["all"]


def test_what_another_controller_made_is_none_of_our_business() -> None:
    body = workload("a", "example/a:1.0.0")
    body["metadata"]["ownerReferences"] = [{"kind": "Tenant", "controller": True}]

    assert drafts(Namespace([body]), "space") == []


def test_a_namespace_of_databases_is_released_only_as_what_it_is() -> None:
    body = workload("postgres", "postgres:16.1.0", "StatefulSet")

    assert drafts(Namespace([body]), "space") == []


@pytest.mark.parametrize(
    ("tags", "version"),
    [
        (("1.2.0", "1.2.0", "9.0.0"), "1.2.0"),
        (("1.9.0", "1.10.0"), "1.10.0"),
        (("v2.0.0",), "2.0.0"),
        (("main",), "0.1.0"),
    ],
)
def test_the_version_is_that_of_most_images_and_of_two_the_higher(
    tags: tuple[str, ...], version: str
) -> None:
    bodies = [workload(f"a{n}", f"example/a{n}:{tag}") for n, tag in enumerate(tags)]

    assert drafts(Namespace(bodies), "space")[0].version == version


def test_more_workloads_than_a_release_can_have_are_left_out_aloud() -> None:
    bodies = [workload(f"a{n:02}", "example/a:1.0.0") for n in range(COMPONENTS + 2)]

    written = text(drafts(Namespace(bodies), "space"))

    assert written.count("workloadRef:") == COMPONENTS
    assert written.count("a Release has at most") == 2
    assert check(written, "f")[1] != []
    assert not [one for one in check(written, "f")[1] if one.level is Level.ERROR]
