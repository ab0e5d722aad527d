"""Makes the Grafana dashboard of the chart; called by `tools.generate`.

Panels are told in `releases` and `running`; their places follow from their order and width. The
result is what Grafana 10 and newer import: no plugin, no fixed data source.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.dashboard import panels
from tools.dashboard.releases import METRICS, NOW
from tools.dashboard.running import COURSE, OPERATOR

Json = dict[str, Any]

ROWS = (NOW, METRICS, COURSE, OPERATOR)
COLUMNS = 24
SCHEMA = 39
"""`schemaVersion` of Grafana 10.4; newer ones convert it."""
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@dataclass
class _Place:
    """Where the next panel goes: from left to right, row after row."""

    x: int = 0
    y: int = 0
    tallest: int = 0
    number: int = field(default=0)

    def take(self, width: int, height: int) -> tuple[int, Json]:
        """Return the next panel's id and place."""
        if self.x + width > COLUMNS:
            self.newline()
        place = {"x": self.x, "y": self.y, "w": width, "h": height}
        self.x += width
        self.tallest = max(self.tallest, height)
        self.number += 1
        return self.number, place

    def newline(self) -> None:
        """Go on below everything so far."""
        self.x, self.y, self.tallest = 0, self.y + self.tallest, 0


def render(rows: Sequence[panels.Row] = ROWS) -> Json:
    """Return the dashboard as Grafana imports it."""
    return {
        "uid": "release-coordinator",
        "title": "Release Coordinator",
        "description": "Releases, their metrics beside their targets, and the operator itself.",
        "tags": ["release-coordinator"],
        "schemaVersion": SCHEMA,
        "version": 1,
        "editable": True,
        "graphTooltip": 1,
        "time": {"from": "now-24h", "to": "now"},
        "timepicker": {},
        "refresh": "30s",
        "annotations": {"list": []},
        "links": [],
        "templating": {"list": [*_variables()]},
        "panels": [*_panels(rows)],
    }


def _variables() -> Iterator[Json]:
    yield {"name": "datasource", "label": "Source", "type": "datasource", "query": "prometheus"}
    phase = "release_coordinator_release_phase"
    for name, selector in (
        ("namespace", phase),
        ("release", f'{phase}{{namespace=~"$namespace"}}'),
    ):
        yield {
            "name": name,
            "label": name.capitalize(),
            "type": "query",
            "datasource": SOURCE,
            "query": {"query": f"label_values({selector}, {name})", "refId": name},
            "definition": f"label_values({selector}, {name})",
            "refresh": 2,
            "sort": 1,
            "multi": True,
            "includeAll": True,
            "allValue": ".*",
            "current": {"text": "All", "value": "$__all"},
        }


def _panels(rows: Sequence[panels.Row]) -> Iterator[Json]:
    place = _Place()
    for row in rows:
        place.newline()
        number, where = place.take(COLUMNS, 1)
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "gridPos": where,
            "panels": [],
        }
        for panel in row.panels:
            number, where = place.take(panel.width, panel.height)
            yield _panel(panel, number, where)


def _panel(panel: panels.Panel, number: int, where: Json) -> Json:
    table = panel.kind is panels.Kind.TABLE
    defaults: Json = {"unit": panel.unit, "mappings": [*_mappings(panel.words)]}
    if panel.bad is not None:
        defaults["thresholds"] = _thresholds(*panel.bad)
    if panel.unit == "percentunit":
        defaults |= {"min": 0, "max": 1}
    made: Json = {
        "id": number,
        "type": str(panel.kind),
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": where,
        "targets": [
            _target(query, index, table=table, latest=panel.kind is not panels.Kind.LINES)
            for index, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel.kind),
    }
    if table:
        made["transformations"] = _merged(panel.queries)
        made["fieldConfig"]["overrides"] = [*_columns(panel.queries)]
    return made


def _target(query: panels.Query, index: int, *, table: bool, latest: bool) -> Json:
    return {
        "refId": chr(ord("A") + index),
        "datasource": SOURCE,
        "expr": query.expr,
        "legendFormat": query.legend or "__auto",
        "instant": latest,
        "range": not latest,
        "format": "table" if table else "time_series",
    }


def _options(kind: panels.Kind) -> Json:
    """What each type of panel must be told, as Grafana's own definitions require it."""
    reduced = {"reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False}}
    legend = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}
    match kind:
        case panels.Kind.STAT:
            return reduced | {
                "orientation": "auto",
                "colorMode": "background",
                "graphMode": "none",
                "textMode": "auto",
                "justifyMode": "auto",
                "wideLayout": True,
                "showPercentChange": False,
                "percentChangeColorMode": "standard",
            }
        case panels.Kind.BARS:
            return reduced | {
                "orientation": "horizontal",
                "displayMode": "basic",
                "valueMode": "color",
                "namePlacement": "auto",
                "showUnfilled": True,
                "sizing": "auto",
                "minVizWidth": 8,
                "minVizHeight": 16,
                "maxVizHeight": 300,
                "legend": legend | {"showLegend": False},
            }
        case panels.Kind.TABLE:
            return {"frameIndex": 0, "showHeader": True, "cellHeight": "sm"}
        case panels.Kind.LINES:
            return {"legend": legend, "tooltip": {"mode": "multi", "sort": "desc"}}


def _merged(queries: Sequence[panels.Query]) -> list[Json]:
    """One row for each set of labels, with one column for each query."""
    hidden = {"Time": True, "__name__": True, "instance": True, "job": True, "window": True}
    named = {f"Value #{chr(ord('A') + n)}": query.legend for n, query in enumerate(queries)}
    if len(queries) == 1:
        named = {"Value": queries[0].legend}
    organize = {"excludeByName": hidden, "renameByName": named, "indexByName": {}}
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": organize}]


def _columns(queries: Sequence[panels.Query]) -> Iterator[Json]:
    for query in queries:
        properties = [{"id": "unit", "value": query.unit}]
        yield {"matcher": {"id": "byName", "options": query.legend}, "properties": properties}


def _mappings(words: Mapping[str, tuple[str, str]]) -> Iterator[Json]:
    options = {
        value: {"text": text, "color": color, "index": index}
        for index, (value, (text, color)) in enumerate(words.items())
    }
    if options:
        yield {"type": "value", "options": options}


def _thresholds(color: str, value: float) -> Json:
    steps = [{"color": "green", "value": None}, {"color": color, "value": value}]
    return {"mode": "absolute", "steps": steps}
