"""The settings for Argo CD: what is pasted is what was tested."""

from typing import Any

import pytest
import yaml
from tests import argocd as scripts
from tools import argocd

CONFIG, WAITING, VALUES, WAITING_VALUES = (yaml.safe_load(text) for text in argocd.files().values())
HEALTH = "resource.customizations.health.release-coordinator.io_"
ACTIONS = "resource.customizations.actions.release-coordinator.io_Release"


@pytest.mark.parametrize("kind", ["Release", "Incident", "Approval", "MetricSource", "Channel"])
def test_the_health_of_each_kind_arrives_as_it_is(kind: str) -> None:
    assert CONFIG["data"][HEALTH + kind] == scripts.read(f"{kind}/health.lua")


def test_actions_arrive_as_they_are() -> None:
    found: dict[str, Any] = yaml.safe_load(CONFIG["data"][ACTIONS])

    assert found["discovery.lua"] == scripts.read("Release/actions/discovery.lua")
    definitions = {one["name"]: one["action.lua"] for one in found["definitions"]}
    assert definitions == {
        name: scripts.read(f"Release/actions/{name}/action.lua")
        for name in ("suspend", "resume", "retry", "abort", "rollback")
    }


def test_a_patch_takes_nothing_away_from_the_config_map() -> None:
    assert CONFIG.keys() == WAITING.keys() == {"data"}
    assert all(key.startswith("resource.customizations.") for key in CONFIG["data"])
    assert None not in CONFIG["data"].values()


def test_the_values_of_the_chart_say_the_same_and_are_no_template() -> None:
    assert {"configs": {"cm": CONFIG["data"]}} == VALUES
    assert {"configs": {"cm": WAITING["data"]}} == WAITING_VALUES
    assert "{{" not in yaml.safe_dump(VALUES), "the chart would take it for a template"


def test_the_other_word_for_waiting_is_the_only_difference() -> None:
    (key,) = WAITING["data"]
    usual = CONFIG["data"][key]

    assert WAITING["data"][key] != usual
    assert WAITING["data"][key] == usual.replace(*argocd.SWITCH)
    assert usual.count(argocd.SWITCH[0]) == 1
