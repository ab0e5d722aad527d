"""Health of our kinds in Argo CD: the scripts, over releases that are played for it."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import argocd, goldens
from tests.unit.gitops.others import OTHERS
from tests.unit.gitops.scenes import SCENES

from release_coordinator.cluster.port import Body

FOLDER = argocd.ROOT / argocd.GROUP
RELEASE = argocd.health("Release")
PROGRESSING = argocd.health("Release", waiting="Progressing")
WAITING = {"waiting-for-sign-offs", "waiting-for-window"}


def written(body: Any) -> str:
    """An object, or a list of tests, as a file."""
    return yaml.safe_dump(body, sort_keys=False, width=100, allow_unicode=True)


def stored(folder: Path, name: str) -> Body:
    """An object of the test data."""
    body: Body = yaml.safe_load((folder / "testdata" / f"{name}.yaml").read_text("utf-8"))
    return body


@pytest.mark.parametrize("name", SCENES)
async def test_a_release_is_in_argo_cd_what_it_is_to_people(name: str) -> None:
    body = await SCENES[name].body()

    goldens.check(FOLDER / "Release" / "testdata" / f"{name}.yaml", written(body))
    assert RELEASE(body)["status"] == SCENES[name].health
    other = "Progressing" if name in WAITING else SCENES[name].health
    assert PROGRESSING(body) == RELEASE(body) | {"status": other}


@pytest.mark.parametrize("kind", OTHERS)
def test_other_kinds_are_in_argo_cd_what_they_are_to_people(kind: str) -> None:
    script = argocd.health(kind)
    for name, (body, health) in OTHERS[kind]().items():
        goldens.check(FOLDER / kind / "testdata" / f"{name}.yaml", written(body))
        assert script(body)["status"] == health, name


@pytest.mark.parametrize("kind", ["Release", *OTHERS])
def test_the_upstream_tests_say_what_the_scripts_say(kind: str) -> None:
    script, names = argocd.health(kind), SCENES if kind == "Release" else OTHERS[kind]()
    tests = [
        {
            "healthStatus": dict(sorted(script(stored(FOLDER / kind, name)).items(), reverse=True)),
            "inputPath": f"testdata/{name}.yaml",
        }
        for name in names
    ]

    goldens.check(FOLDER / kind / "health_test.yaml", written({"tests": tests}))
    found = {path.stem for path in (FOLDER / kind / "testdata").glob("*.yaml")}
    assert found == set(names), "no test data is left over"


def test_who_must_act_and_the_command_are_in_the_message() -> None:
    said = {name: RELEASE(stored(FOLDER / "Release", name))["message"] for name in SCENES}

    assert "security" in said["waiting-for-sign-offs"].lower()
    assert "kubectl release explain bookshop -n shop" in said["waiting-for-sign-offs"]
    assert "kubectl release resume bookshop" in said["suspended"]
    assert "remove spec.suspend" in said["suspended-in-spec"]
    assert "kubectl release resume bookshop" in said["held"]
    assert "kubectl release rollback bookshop" in said["held-at-irreversible"]
    assert "kubectl release retry bookshop" in said["rolled-back"]
    assert "1.3.0 runs" in said["completed"]
    assert "the next attempt" in said["rehearsed"].lower()


def test_no_kind_that_reports_is_left_out() -> None:
    crds = Path(__file__).resolve().parents[3] / "crds"
    reporting = {
        crd["spec"]["names"]["kind"]
        for path in crds.glob("*.yaml")
        for crd in [yaml.safe_load(path.read_text("utf-8"))]
        if "subresources" in crd["spec"]["versions"][0]
    }

    # The operator alone writes Notifications: they are in nobody's Git.
    assert reporting - {"Notification"} == {"Release", *OTHERS} - {"Approval"}
