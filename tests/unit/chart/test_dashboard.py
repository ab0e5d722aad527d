"""The Grafana dashboard and the alerts: whatever they ask for, the operator exports."""

import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import yaml
from tools import helm
from tools.reference.instruments import instruments

ROOT = Path(__file__).resolve().parents[3]
DASHBOARD = json.loads(
    (ROOT / "helm/release-coordinator/dashboards/releases.json").read_text(encoding="utf-8")
)
NAME = re.compile(
    r"\b(?:release_coordinator|workqueue|controller_runtime|rest_client|leader_election|process)_\w+"
)
PROCESS = {"process_resident_memory_bytes"}
"""Of the process itself, which the client library exports."""


def panels() -> list[dict[str, Any]]:
    return [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def asked() -> Iterator[tuple[str, str]]:
    """Yield who asks, and what."""
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"]
    for variable in DASHBOARD["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["name"], variable["definition"]
    alerts = yaml.safe_load((ROOT / "manifests/alerts.yaml").read_text(encoding="utf-8"))
    for group in alerts["groups"]:
        for rule in group["rules"]:
            yield rule["alert"], rule["expr"]


def test_every_metric_that_is_asked_for_is_exported() -> None:
    known = {one.name for one in instruments()} | PROCESS
    known |= {f"{one.name}_bucket" for one in instruments() if one.kind == "histogram"}

    for who, query in asked():
        names = set(NAME.findall(query))
        assert names, f"{who} asks for no metric of ours"
        assert names <= known, f"{who} asks for what nobody exports: {names - known}"


def test_only_labels_that_a_metric_has_are_asked_for() -> None:
    labels = {one.name: set(one.labels) for one in instruments()}

    for who, query in asked():
        for name, matchers in re.findall(r"(\w+)\{([^}]*)\}", query):
            wanted = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", matchers))
            have = labels.get(name.removesuffix("_bucket"), labels.get(name, set()))
            assert wanted <= have, f"{who}: {name} has no label {wanted - have}"


def test_panels_have_a_place_of_their_own() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]

    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(places)
    for place in places:
        assert place["x"] >= 0
        assert place["x"] + place["w"] <= 24
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        above = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or above, f"{one} covers {other}"


def test_each_panel_asks_the_source_that_is_chosen() -> None:
    for panel in panels():
        assert panel["title"]
        assert panel["datasource"]["uid"] == "${datasource}"
        assert [target["refId"] for target in panel["targets"]] == [
            chr(ord("A") + index) for index in range(len(panel["targets"]))
        ]
    assert [one["name"] for one in DASHBOARD["templating"]["list"]] == [
        "datasource",
        "namespace",
        "release",
    ]


def test_the_chart_brings_it_for_the_sidecar_and_only_where_it_is_wanted() -> None:
    plain = helm.template()
    (found,) = [
        one
        for one in yaml.safe_load_all(helm.template({"dashboard.enabled": "true"}))
        if one and one["metadata"]["name"].endswith("-dashboard")
    ]

    assert "grafana_dashboard" not in plain
    assert found["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert json.loads(found["data"]["releases.json"]) == DASHBOARD
