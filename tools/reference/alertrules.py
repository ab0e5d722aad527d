"""Writes `docs/reference/alerts.md`: the alert rules that the chart brings."""

from collections.abc import Mapping
from typing import Any

from tools.reference.tables import cell, code, page, table

_INTRODUCTION = """\
# Alerts

For a Prometheus with its operator set `prometheusRule.enabled=true` in the chart; for one without,
load `manifests/alerts.yaml`. `severity` is a label, for the routes of Alertmanager. The metrics are
told of in [Metrics](metrics.md)."""


def render(rules: Mapping[str, Any]) -> str:
    """Return the whole page from the groups of a rule file."""
    parts = [part for group in rules["groups"] for part in _group(group)]
    return page(_INTRODUCTION, *parts)


def names(rules: Mapping[str, Any]) -> set[str]:
    """Return the names of all alerts."""
    return {
        rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule
    }


def _group(group: Mapping[str, Any]) -> list[str | list[str]]:
    alerts = [rule for rule in group["rules"] if "alert" in rule]
    rows = [
        (
            code(rule["alert"]),
            rule.get("labels", {}).get("severity", ""),
            rule.get("for", "at once"),
            cell(f"{rule['annotations']['summary']} {rule['annotations'].get('description', '')}"),
        )
        for rule in alerts
    ]
    asked = [line for rule in alerts for line in (f"# {rule['alert']}", rule["expr"].strip(), "")]
    return [
        f"## {group['name']}",
        table(("Alert", "Severity", "After", "What it says"), rows),
        ["```promql", *asked[:-1], "```"],
    ]
