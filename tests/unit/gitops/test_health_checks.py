"""The expressions of docs/gitops/helm-and-flux.md, over releases that were really played.

Flux evaluates them as CEL. What they use of it reads the same in Python, but for `&&` and `||` and
the macro `exists`; with the real Flux it is tests/gitops/test_flux.py that tries them.
"""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from tests import argocd, kstatus
from tests.kstatus import Kstatus
from tests.unit.gitops.scenes import SCENES
from tools.markdown import Page

from release_coordinator.cluster.port import Body

PAGE = "docs/gitops/helm-and-flux.md"
WAITING = {"checking-credentials", "waiting-for-sign-offs", "waiting-for-window"}
"""Scenes in which gates are shut: for these alone the page promises something else."""


class Conditions(list[Any]):
    """A list with the macro of CEL."""

    def exists(self, fits: Callable[[Any], bool]) -> bool:
        """Whether some element fits."""
        return any(map(fits, self))


def documented() -> dict[str, str]:
    """The expressions for a Release."""
    blocks = (one for one in Page.read(PAGE).blocks if one.info == "yaml foreign")
    specs = (body["spec"] for one in blocks for body in yaml.safe_load_all(one.text))
    (check,) = next(spec["healthCheckExprs"] for spec in specs if "healthCheckExprs" in spec)
    assert (check.pop("apiVersion"), check.pop("kind")) == (
        "release-coordinator.io/v1alpha1",
        "Release",
    )
    return dict(check)


def said(expression: str, body: Body) -> bool:
    """What an expression says of an object."""
    text = expression.replace("&&", "and").replace("||", "or").replace("(c, ", "(lambda c: ")
    whole = json.loads(json.dumps(body), object_hook=lambda one: SimpleNamespace(**one))
    whole.status.conditions = Conditions(getattr(whole.status, "conditions", []))
    return bool(eval(text, {"status": whole.status, "metadata": whole.metadata}))  # noqa: S307 - our page's


def judged(body: Body) -> Kstatus:
    """What Flux makes of it: it asks in this order."""
    found = documented()
    if said(found["inProgress"], body):
        return Kstatus.IN_PROGRESS
    if said(found["failed"], body):
        return Kstatus.FAILED
    return Kstatus.CURRENT if said(found["current"], body) else Kstatus.IN_PROGRESS


@pytest.mark.parametrize("name", sorted(set(SCENES) - {"deleting"}))
def test_with_the_expressions_shut_gates_are_current_and_all_else_is_as_ever(name: str) -> None:
    body: Body = yaml.safe_load(argocd.read(f"Release/testdata/{name}.yaml"))

    assert judged(body) is (Kstatus.CURRENT if name in WAITING else kstatus.compute(body))
