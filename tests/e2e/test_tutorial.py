"""The tutorial of the docs, typed line by line by somebody who knows nothing else.

What `make` does there is the fixture's work; the reader's answer to "sign it off?" is `--yes`.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tools.cluster import binaries
from tools.demo import signing, stage
from tools.lab.lab import Lab
from tools.markdown import ROOT, Page

from release_coordinator.api.codec import parse_release

pytestmark = pytest.mark.e2e

SHOP = stage.NAMESPACE
PATIENCE = 600
CALM_SECONDS = 120
MADE = ["make demo ARGS=--by-hand", "make cluster-down NAME=release-coordinator-demo"]
ROLLED_BACK = 1
"""Exit code of `watch` where a release was taken back."""


def typed() -> list[str]:
    """Every line of the tutorial that is to be pasted into a shell."""
    blocks = Page.read("docs/tutorial.md").blocks
    return [line for one in blocks if one.info == "sh" for line in one.text.splitlines()]


@pytest.fixture
def shell(lab: Lab) -> Iterator[dict[str, str]]:
    """The environment after the lines that `make demo ARGS=--by-hand` tells to paste."""
    lab.install_bookshop(SHOP)
    lab.wait_measured(SHOP)
    stage.measure_by_default(lab)
    people = {one.name.upper(): one.kubectl.kubeconfig for one in signing.people(lab).values()}
    folders = f"{Path(sys.executable).parent}:{binaries.path('kubectl').parent}"
    ours = {"KUBECONFIG": lab.cluster.kubeconfig, "PATH": f"{folders}:{os.environ['PATH']}"}
    yield os.environ | {name: str(value) for name, value in (ours | people).items()}
    lab.kubectl.run("delete", "metricsource", "default")
    lab.remove_bookshop(SHOP)


def run(line: str, environment: dict[str, str]) -> tuple[int, str]:
    """Type one line; return its exit code and what is to be read."""
    done = subprocess.run(
        ["bash", "-c", line],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout


def until_only_signatures_miss(lab: Lab) -> None:
    """Ask again, as the tutorial says, until nothing but sign-offs is shut."""
    for change in lab.changes(SHOP, PATIENCE):
        release = parse_release(change.body)
        attempt = release.status.attempt
        shut = {gate.name for gate in attempt.gates if not gate.opens} if attempt else set()
        current = release.status.observed_generation == release.generation
        if current and shut and all(name.startswith(signing.SIGN_OFF) for name in shut):
            return
    raise AssertionError("the gates do not open")


def test_the_tutorial_can_be_typed_from_top_to_bottom(lab: Lab, shell: dict[str, str]) -> None:
    lines = typed()
    assert [line for line in lines if line.startswith("make ")] == MADE
    told = {}

    for line in (line for line in lines if not line.startswith("make ")):
        if "kubectl apply" in line:
            lab.wait_calm(SHOP, CALM_SECONDS)  # what is measured before is what is compared with
        code, told[line] = run(line.replace(" approve ", " approve --yes "), shell)

        assert code == (ROLLED_BACK if "release watch" in line else 0), f"{line}: {told[line]}"
        if "release explain" in line:
            until_only_signatures_miss(lab)

    text = "\n".join(told.values())
    assert "refused" in told[next(line for line in lines if "|| echo refused" in line)]
    assert "Completed" in told[next(line for line in lines if "--watch" in line)]
    assert "RolledBack" in text
    assert "p95-latency" in text
    assert set(lab.images(SHOP).values()) == {"bookshop-backend:1.3.0", "bookshop-frontend:1.3.0"}
