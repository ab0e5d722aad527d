"""Scripts before objects that nobody has foreseen: of an older or newer operator, or by hand.

An error in a script makes the whole Application Unknown, and a button say something in Lua.
"""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml
from lupa.lua51 import LuaError
from tests import argocd
from tests.unit.gitops.scenes import SCENES

from release_coordinator.cluster.port import Body

RELEASE = "Release"
HEALTH = argocd.health(RELEASE)
DISCOVERY = argocd.Script(argocd.read("Release/actions/discovery.lua"))
ACTIONS = argocd.actions(RELEASE)
KEPT = {"apiVersion", "kind", "metadata", "name", "namespace", "generation", "type"}
"""No object is without these: the API server sees to it."""


def stored(name: str) -> Body:
    """An object of the test data."""
    body: Body = yaml.safe_load(argocd.read(f"Release/testdata/{name}.yaml"))
    return body


def without_one(value: Any, depth: int = 4) -> Iterator[Any]:
    """The same object again and again, each time without one member, down to a depth."""
    if depth == 0 or not isinstance(value, dict | list):
        return
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        if key not in KEPT:
            less = deepcopy(value)
            del less[key]
            yield less
        for inner in without_one(value[key], depth - 1):
            yield {**value, key: inner} if isinstance(value, dict) else _with(value, key, inner)


def _with(value: list[Any], at: int, inner: Any) -> list[Any]:
    return [*value[:at], inner, *value[at + 1 :]]


def reported(name: str) -> Iterator[Body]:
    """A Release without one thing that its status or metadata says."""
    body = stored(name)
    for part in ("status", "metadata"):
        yield from ({**body, part: less} for less in without_one(body[part]))
    yield {key: value for key, value in body.items() if key != "status"}
    yield {key: value for key, value in body.items() if key != "spec"}


def clicked(script: argocd.Script, body: Body) -> Body | str:
    """What an action wants, or the words in which it refuses."""
    try:
        wanted: Body = script(body)
    except LuaError as error:
        return str(error)
    return wanted


@pytest.mark.parametrize("name", ["waiting-for-sign-offs", "held", "rolled-back", "suspended"])
def test_whatever_is_missing_there_is_a_health_and_there_are_buttons(name: str) -> None:
    for body in reported(name):
        assert HEALTH(body)["status"] in argocd.HEALTH
        assert DISCOVERY(body).keys() == ACTIONS.keys()
        for script in ACTIONS.values():
            after = clicked(script, body)
            if isinstance(after, str):
                assert after.startswith(("there is no attempt yet", "it is neither suspended"))
            else:
                assert after["metadata"]["name"] == "bookshop"


def test_a_phase_of_a_newer_operator_is_judged_by_the_conditions() -> None:
    later = {"Healthy": "completed", "Degraded": "held", "Progressing": "watching"}
    for health, name in later.items():
        body = stored(name)
        body["status"]["phase"] = "Canarying"

        assert HEALTH(body)["status"] == health


def test_a_click_never_weakens_what_somebody_has_suspended() -> None:
    """Argo CD runs an action that it does not offer, if it is asked by its API."""
    body = stored("held")
    body["metadata"].setdefault("annotations", {})["release-coordinator.io/suspend"] = "All"

    assert argocd.patch(body, ACTIONS["suspend"]) == {}


def test_an_argo_cd_that_knows_no_parameters_rolls_back_without_a_reason() -> None:
    script = argocd.Script(
        "actionParams = nil\n" + argocd.read("Release/actions/rollback/action.lua")
    )

    written = argocd.patch(stored("watching"), script)

    assert written == {"metadata": {"annotations": {"release-coordinator.io/rollback": "1"}}}


@pytest.mark.parametrize("name", SCENES)
def test_the_same_click_again_changes_nothing(name: str) -> None:
    """Argo CD sends an empty difference to nobody, so it is no second order."""
    for script in ACTIONS.values():
        body = stored(name)
        try:
            once = argocd.after(body, script)
        except LuaError:
            continue
        annotations = once["metadata"].get("annotations", {})
        if script is ACTIONS["resume"] and "release-coordinator.io/resume" not in annotations:
            continue  # the suspension has ended: what was clicked is not offered any more
        assert argocd.patch(once, script) == {}
