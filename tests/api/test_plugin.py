"""The plugin on a real API server: it reads, follows to the end, and says what is in the way."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.api.server import Server
from tests.releases import Body
from tests.unit.cli import releases

pytestmark = pytest.mark.api

PLUGIN = (sys.executable, "-m", "release_coordinator.cli.main", "status")
SECONDS = 60


@pytest.fixture
def release(server: Server) -> Iterator[Body]:
    """A Release that no operator has seen, for the time of the test."""
    body = {
        "apiVersion": "release-coordinator.io/v1alpha1",
        "kind": "Release",
        "metadata": {"name": "plugin"},
        "spec": releases.SPEC,
    }
    stored = server.create(body)
    yield stored
    server.delete(stored)


def command(kubeconfig: Path, release: Body, *options: str) -> list[str]:
    metadata = release["metadata"]
    where = ("-n", metadata["namespace"], "--kubeconfig", str(kubeconfig))
    return [*PLUGIN, metadata["name"], *where, *options]


def reported(release: Body, state: str) -> Body:
    """The Release with the status of a state, as if the operator had written it."""
    status = releases.STATES[state]().raw_status
    attempt = status["attempt"] | {"generation": release["metadata"]["generation"]}
    generation = release["metadata"]["generation"]
    return release | {"status": status | {"attempt": attempt, "observedGeneration": generation}}


def test_a_release_is_shown_as_it_is(light_kubeconfig: Path, release: Body) -> None:
    done = subprocess.run(
        command(light_kubeconfig, release), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0
    assert "No operator has looked at it yet" in done.stdout


def test_following_ends_with_the_release_and_its_exit_code(
    light_kubeconfig: Path, release: Body, server: Server
) -> None:
    with subprocess.Popen(
        command(light_kubeconfig, release, "--watch", "--output=json"),
        stdout=subprocess.PIPE,
        text=True,
    ) as plugin:
        assert plugin.stdout is not None
        shown = [json.loads(plugin.stdout.readline())]
        for state in ("rolling-out", "rolled-back"):
            release = server.replace_status(reported(release, state))
            shown.append(json.loads(plugin.stdout.readline()))
        plugin.wait(SECONDS)

    assert [one["status"]["phase"] for one in shown] == ["Pending", "RollingOut", "RolledBack"]
    assert plugin.returncode == 1


def test_a_release_that_is_not_there_is_told_with_those_that_are(
    light_kubeconfig: Path, release: Body
) -> None:
    missing = release | {"metadata": release["metadata"] | {"name": "other"}}
    done = subprocess.run(
        command(light_kubeconfig, missing),
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"COLUMNS": "300"},
    )

    assert done.returncode == 3
    assert "there are: plugin" in done.stderr
    assert "Traceback" not in done.stderr
