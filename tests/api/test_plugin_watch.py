"""Watching and charting on a real API server: status and record as it keeps them."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.api.server import Server
from tests.releases import Body
from tests.unit.cli import releases, watched

from release_coordinator.api.codec import ReleaseObject

pytestmark = pytest.mark.api

SECONDS = 60
RECORD = "watched-2-77aa"


@pytest.fixture
def release(server: Server) -> Iterator[Body]:
    """A Release that watches everything there is to watch."""
    body = {
        "apiVersion": "release-coordinator.io/v1alpha1",
        "kind": "Release",
        "metadata": {"name": "watched"},
        "spec": releases.SPEC | {"watch": watched.WATCH},
    }
    stored = server.create(body)
    yield stored
    server.delete(stored)


def command(kubeconfig: Path, release: Body, verb: str, *options: str) -> list[str]:
    metadata = release["metadata"]
    where = ("-n", metadata["namespace"], "--kubeconfig", str(kubeconfig))
    program = (sys.executable, "-m", "release_coordinator.cli.main", verb)
    return [*program, metadata["name"], *where, *options]


def reported(release: Body, state: ReleaseObject) -> Body:
    """The Release with this status, as if the operator had written it."""
    generation = release["metadata"]["generation"]
    attempt = state.raw_status["attempt"] | {"generation": generation}
    status = state.raw_status | {"attempt": attempt, "observedGeneration": generation}
    return release | {"status": status}


def test_watching_ends_with_the_release_and_its_exit_code(
    light_kubeconfig: Path, release: Body, server: Server
) -> None:
    release = server.replace_status(reported(release, watched.one_sample()))
    plugin = subprocess.Popen(
        command(light_kubeconfig, release, "watch"), stdout=subprocess.PIPE, text=True
    )
    with plugin, ExitStack() as stack:
        stack.callback(plugin.kill)  # nothing is left waiting if a status is refused
        assert plugin.stdout is not None
        first = plugin.stdout.readline()
        release = server.replace_status(reported(release, watched.breached()))
        server.replace_status(reported(release, watched.ended()))
        rest = plugin.stdout.read()
        plugin.wait(SECONDS)

    assert "RollingOut" in first
    assert plugin.returncode == 1
    assert "✗ Fail" in rest
    assert "\x1b" not in rest
    frame = rest[rest.index("Application ") :]
    assert "p95-latency" in frame


def test_the_course_of_a_record_is_drawn_as_the_server_keeps_it(
    light_kubeconfig: Path, release: Body, server: Server
) -> None:
    record = server.create(
        {
            "apiVersion": "release-coordinator.io/v1alpha1",
            "kind": "ReleaseRecord",
            "metadata": {"name": RECORD},
            "spec": watched.record(release="watched").to_wire(),
        }
    )
    done = subprocess.run(
        command(light_kubeconfig, release, "chart", "--record", RECORD, "-o", "svg"),
        capture_output=True,
        check=False,
    )
    server.delete(record)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"<?xml")
