"""Actions of a Release in Argo CD: what they write, and when they are offered."""

from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml
from lupa.lua51 import LuaError
from tests import argocd, goldens
from tests.unit.gitops.scenes import SCENES
from tests.unit.gitops.test_health import FOLDER, stored, written

from release_coordinator.cluster.port import Body

RELEASE = FOLDER / "Release"
DISCOVERY = argocd.Script(argocd.read("Release/actions/discovery.lua"))
ACTIONS = argocd.actions("Release")
ORDERS = "release-coordinator.io/"


@dataclass(frozen=True)
class Case:
    """One action on one Release."""

    action: str
    scene: str
    orders: dict[str, str | None] = field(default_factory=dict)
    """What is written, without the prefix."""
    parameters: dict[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def name(self) -> str:
        """Of the test data that it leads to."""
        return f"{self.scene}-{self.action}"


NONE = "there is no attempt yet: the operator has not begun one"
WHY = "Security: leaks tokens"
CASES = (
    Case("suspend", "unseen", {"suspend": "Forward"}),
    Case("resume", "suspended", {"suspend": None}),
    Case("resume", "held", {"resume": "1.1"}),
    Case("resume", "unseen", error="it is neither suspended by an order nor held"),
    Case("retry", "failed", {"retry": "1"}),
    Case("retry", "unseen", error=NONE),
    Case("abort", "waiting-for-sign-offs", {"abort": "1"}),
    Case("abort", "unseen", error=NONE),
    Case(
        "rollback",
        "watching",
        {"rollback": "1", "rollback-reason": WHY},
        {"reason": WHY},
    ),
    Case("rollback", "held-at-irreversible", {"rollback": "1"}),
    Case("rollback", "unseen", error=NONE),
)


def ordered_before(scene: str) -> Body:
    """A Release whose last order was ada's."""
    body = stored(RELEASE, scene)
    body["metadata"].setdefault("annotations", {})[f"{ORDERS}ordered-by"] = "ada"
    return body


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_an_action_writes_its_order_and_nothing_else(case: Case) -> None:
    live = ordered_before(case.scene)
    if case.error:
        with pytest.raises(LuaError, match=case.error):
            ACTIONS[case.action](live)
        return

    patch = argocd.patch(live, ACTIONS[case.action], **case.parameters)

    orders = {ORDERS + key: value for key, value in case.orders.items()}
    stale = {f"{ORDERS}ordered-by": None}
    assert patch == {"metadata": {"annotations": orders | stale}}


@pytest.mark.parametrize("name", SCENES)
def test_what_the_operator_would_not_obey_is_not_offered(name: str) -> None:
    found = DISCOVERY(stored(RELEASE, name))

    assert {key for key, one in found.items() if not one["disabled"]} == SCENES[name].actions
    assert found.keys() == ACTIONS.keys(), "every action has its script"
    assert "approve" not in found, "Argo CD would sign, and not a person"


def test_the_upstream_tests_say_what_the_scripts_say() -> None:
    folder = RELEASE / "actions"
    discovery = [
        {"inputPath": f"../testdata/{name}.yaml", "result": _listed(stored(RELEASE, name))}
        for name in SCENES
    ]
    actions = [_upstream(case) for case in CASES]
    for case in CASES:
        if not case.error:
            live = stored(RELEASE, case.scene)
            after = argocd.after(live, ACTIONS[case.action], **case.parameters)
            goldens.check(folder / "testdata" / f"{case.name}.yaml", written(_like_json(after)))

    tests = {"discoveryTests": discovery, "actionTests": actions}
    goldens.check(folder / "action_test.yaml", written(tests))
    found = {path.stem for path in (folder / "testdata").glob("*.yaml")}
    assert found == {case.name for case in CASES if not case.error}, "none is left over"


def _listed(body: Body) -> list[Body]:
    found = DISCOVERY(body)
    return [{"name": key} | dict(sorted(found[key].items())) for key in sorted(found)]


def _upstream(case: Case) -> Body:
    made: Body = {"action": case.action, "inputPath": f"../testdata/{case.scene}.yaml"}
    if case.parameters:
        made["parameters"] = case.parameters
    if case.error:
        return made | {"expectedErrorMessage": case.error}
    return made | {"expectedOutputPath": f"testdata/{case.name}.yaml"}


def _like_json(value: Any) -> Any:
    """In a fixed order: a table of Lua has none."""
    return yaml.safe_load(yaml.safe_dump(value, sort_keys=True))
