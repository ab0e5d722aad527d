"""list, logs, init, lint and completion on a real API server, with a person's own rights."""

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from tests.api.kubeletlogs import LogKubelet, node, patch_status
from tests.api.plugin import RELEASE, Place, opened
from tests.releases import Body
from tests.unit.cli import releases
from tests.unit.cli.namespaces import namespaces
from tests.unit.cli.test_lint import BAD

from release_coordinator.api.codec import parse_release
from release_coordinator.cli import main as cli
from release_coordinator.cli.draft.survey import Namespace, drafts
from release_coordinator.cli.draft.writing import text
from release_coordinator.engine import names

pytestmark = pytest.mark.api

IMAGES = {
    "backend": "example/bookshop-backend:1.2.0",
    "frontend": "example/bookshop-frontend:1.2.0",
}
SECONDS = 60


@pytest.fixture
def place(policies: Path, tmp_path: Path) -> Iterator[Place]:
    """A namespace in which the bookshop runs 1.2.0, and no operator."""
    with opened(policies, tmp_path) as made:
        yield made


def release(name: str = "bookshop") -> Body:
    components = [dict(one) for one in releases.SPEC["components"]]
    for one in components:
        one["images"] = {next(iter(one["images"])): IMAGES[one["name"]]}
    return {
        "apiVersion": "release-coordinator.io/v1alpha1",
        "kind": "Release",
        "metadata": {"name": name},
        "spec": releases.SPEC | {"components": components},
    }


def reported(place: Place, state: str) -> None:
    """Give the Release the status of a state, as if the operator had written it."""
    stored = place.kubectl.get(RELEASE, "bookshop")
    generation = stored["metadata"]["generation"]
    status = releases.STATES[state]().raw_status
    attempt = status["attempt"] | {"generation": generation}
    patch_status(
        place.kubectl,
        RELEASE,
        "bookshop",
        status | {"attempt": attempt, "observedGeneration": generation},
    )


def run(place: Place, *arguments: str) -> int:
    return cli.run([*arguments, "-n", place.namespace, f"--kubeconfig={place.kubectl.kubeconfig}"])


def test_releases_are_listed_with_their_phase_and_as_documents(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(place, "list") == 0
    assert "there is no release in namespace" in capsys.readouterr().err

    for name in ("bookshop", "library"):
        place.kubectl.apply(release(name), place.namespace)
    reported(place, "rolling-out")

    assert run(place, "list") == 0
    header, *rows = capsys.readouterr().out.splitlines()
    assert header.split()[:3] == ["NAME", "VERSION", "PHASE"]
    assert [row.split()[0] for row in rows if row.strip()] == ["bookshop", "library"]
    assert "RollingOut" in rows[0]
    assert run(place, "list", "-o", "name") == 0
    assert capsys.readouterr().out.splitlines() == [
        "release.release-coordinator.io/bookshop",
        "release.release-coordinator.io/library",
    ]
    assert run(place, "list", "-o", "json") == 0
    assert len(json.loads(capsys.readouterr().out)["items"]) == 2


def test_a_followed_list_tells_what_is_new_and_what_is_gone(place: Place) -> None:
    where = ("-n", place.namespace, "--kubeconfig", str(place.kubectl.kubeconfig))
    command = (sys.executable, "-m", "release_coordinator.cli.main", "list", "--watch", *where)
    place.kubectl.apply(release(), place.namespace)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as plugin:
        assert plugin.stdout is not None
        told = [plugin.stdout.readline()]
        reported(place, "rolling-out")
        told.append(plugin.stdout.readline())
        place.kubectl.run("delete", RELEASE, "bookshop")
        told.append(plugin.stdout.readline())
        plugin.terminate()

    assert [line.split()[2] for line in told] == ["Pending", "RollingOut", "deleted"]


def test_whoever_may_not_list_is_told_what_to_ask_for(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    robot = place.machine("view")

    assert run(robot, "list") == 0
    assert cli.run(["list", "-A", f"--kubeconfig={robot.kubectl.kubeconfig}"]) == 3
    assert "Name one with -n, or ask the platform team" in capsys.readouterr().err


def started(place: Place, pod: Body, node_name: str) -> None:
    """Put a pod onto the node and let its containers run."""
    name = pod["metadata"]["name"]
    binding = {
        "apiVersion": "v1",
        "kind": "Binding",
        "metadata": {"name": name},
        "target": {"apiVersion": "v1", "kind": "Node", "name": node_name},
    }
    path = f"/api/v1/namespaces/{place.namespace}/pods/{name}/binding"
    place.kubectl.run("create", f"--raw={path}", "--filename=-", stdin=json.dumps(binding))
    states = [
        {
            "name": one["name"],
            "state": {"running": {}},
            "ready": True,
            "restartCount": 0,
            "image": one["image"],
            "imageID": "x",
        }
        for one in pod["spec"]["containers"]
    ]
    patch_status(place.kubectl, "pod", name, {"phase": "Running", "containerStatuses": states})


def job_pod(stored: Body) -> Body:
    """A pod of a step's Job."""
    labels = {
        names.LABEL_RELEASE: "bookshop",
        names.LABEL_UID: stored["metadata"]["uid"],
        names.LABEL_ATTEMPT: "2",
    }
    annotations = {names.ANNOTATION_STEP: "verify/smoke/checkout"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "smoke", "labels": labels, "annotations": annotations},
        "spec": {"containers": [{"name": "job", "image": "example/smoke:1"}]},
    }


def test_logs_of_jobs_and_of_the_new_pods_come_side_by_side_in_the_order_of_time(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    place.kubectl.apply(release(), place.namespace)
    reported(place, "rolling-out")
    smoke = job_pod(place.kubectl.get(RELEASE, "bookshop"))
    place.kubectl.apply(smoke, place.namespace)
    until = time.monotonic() + SECONDS
    while not (pods := place.kubectl.items("pods", "--selector=app=bookshop-backend")):
        assert time.monotonic() < until, "the Deployment's pods do not come"
    backend = pods[0]["metadata"]["name"]
    kubelet = LogKubelet(
        {
            ("smoke", "job"): ["2026-11-10T09:00:02Z bought a book", "2026-11-10T09:00:04Z done"],
            (backend, "api"): ["2026-11-10T09:00:01Z listening", "2026-11-10T09:00:03Z GET /books"],
        },
        place.kubectl.kubeconfig.parent / "pki",
    )
    name = f"logs-{secrets.token_hex(3)}"
    with node(place.kubectl, name, kubelet):
        for pod in (smoke, pods[0]):
            started(place, pod, name)
        assert run(place, "logs", "bookshop") == 0
        assert capsys.readouterr().out.splitlines() == [
            f"[backend/{backend}/api] listening",
            "[verify/smoke/checkout] bought a book",
            f"[backend/{backend}/api] GET /books",
            "[verify/smoke/checkout] done",
        ]
        assert run(place, "logs", "bookshop", "--step=checkout", "--tail=1", "--no-prefix") == 0
        assert capsys.readouterr().out == "done\n"
        assert kubelet.asked[-1]["tailLines"] == "1"
        reported(place, "rolled-back")
        assert run(place, "logs", "bookshop", "--follow", "--step=checkout") == 0
        assert capsys.readouterr().out.splitlines()[-1] == "[verify/smoke/checkout] done"

    assert run(place, "logs", "bookshop", "--component=database") == 3
    assert "it has: backend, frontend" in capsys.readouterr().err


def test_what_init_writes_is_clean_for_lint_on_this_server_and_may_be_applied(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    file = str(place.folder / "first.yaml")

    assert run(place, "init", "--file", file) == 0
    assert run(place, "lint", file, "--server") == 0
    told = capsys.readouterr().out
    assert "error" not in told
    assert run(place, "init", "--file", file) == 3
    assert "is there already" in capsys.readouterr().err
    place.kubectl.run("apply", f"--filename={file}", "--dry-run=server")
    body = yaml.safe_load(Path(file).read_text(encoding="utf-8"))
    assert [one["name"] for one in body["spec"]["components"]] == [
        "bookshop-backend",
        "bookshop-frontend",
    ]


@given(namespaces())
@settings(
    max_examples=10,
    deadline=None,
    phases=(Phase.generate,),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_the_first_file_of_any_namespace_is_admitted(place: Place, found: Namespace) -> None:
    made = drafts(found, place.namespace)

    if made:
        place.kubectl.run("create", "--dry-run=server", "--filename=-", stdin=text(made))


def test_lint_asks_the_server_for_everything_that_is_named(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    body = release()
    body["spec"]["components"][0]["images"] = {"app": IMAGES["backend"]}
    body["spec"]["components"][1]["workloadRef"] = {"name": "nobody"}
    variable = {"name": "X", "valueFrom": {"secretKeyRef": {"name": "db", "key": "url"}}}
    job = {"image": "example/cache:1", "env": [variable]}
    body["spec"]["caches"] = [{"name": "redis", "job": job}]
    body["spec"]["documents"] = {"changelog": {"configMap": "docs", "key": "CHANGELOG.md"}}
    place.kubectl.run("create", "configmap", "docs", "--from-literal=other=x")
    place.kubectl.run("create", "secret", "generic", "db", "--from-literal=password=hunter2")

    assert run(place, "lint", place.file(body), "--server", "-o", "json") == 1
    out = capsys.readouterr().out
    found = {(one["rule"], one["path"]) for one in json.loads(out)["findings"]}

    assert found >= {
        ("missing-container", "spec.components[0].images[app]"),
        ("missing-object", "spec.components[1].workloadRef.name"),
        ("missing-key", "spec.caches[0].job.env[0].valueFrom.secretKeyRef"),
        ("missing-key", "spec.documents.changelog"),
        ("missing-object", "spec.watch.metrics[0].source"),
    }
    assert "hunter2" not in out
    assert place.kubectl.items(RELEASE) == []


def test_what_lint_refuses_offline_the_server_refuses_too(
    place: Place, capsys: pytest.CaptureFixture[str]
) -> None:
    body = yaml.safe_load(BAD)
    assert parse_release(body).faults

    assert run(place, "lint", place.file(body), "--server") == 1
    assert "the API server refuses it" in capsys.readouterr().out


def test_completion_offers_commands_options_and_names_from_the_cluster(place: Place) -> None:
    place.kubectl.apply(release(), place.namespace)

    def offered(*words: str) -> list[str]:
        done = subprocess.run(
            (sys.executable, "-m", "release_coordinator.cli.main", "__complete", *words),
            capture_output=True,
            text=True,
            check=True,
            env=os.environ | {"KUBECONFIG": str(place.kubectl.kubeconfig)},
        )
        return [line.partition("\t")[0] for line in done.stdout.splitlines()]

    assert offered("sta") == ["status", ":4"]
    assert offered("status", "-n", place.namespace, "bo") == ["bookshop", ":4"]
    assert "--watch" in offered("status", "--")
