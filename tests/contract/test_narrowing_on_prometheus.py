"""A narrowed query, asked of a real Prometheus: it reads a query as our grammar does."""

from pathlib import Path

import pytest
from tests.contract.prometheus_process import promtool_test

from release_coordinator.engine import promql

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

SERIES = [
    {"series": 'up{namespace="shop", job="a"}', "values": "1x40"},
    {"series": 'up{namespace="other", job="a"}', "values": "100x40"},
    {"series": 'up{namespace="other\\"} or up{a=\\"", job="a"}', "values": "1000x40"},
    {"series": 'rest{namespace="shop", job="a"}', "values": "2x40"},
    {"series": 'rest{namespace="other", job="a"}', "values": "200x40"},
]


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("sum(up)", 1),
        ('sum(up{namespace="other"})', 1),
        ('sum(up{namespace!="shop"}) + sum(rest)', 3),
        ("sum({__name__=~'up|rest'})", 3),
        ("sum(up) # {\n+ sum(rest) # }", 3),
        ('sum(up{job!~"\\"} # \'"}) + 0', 1),
        ('sum(up{job!=`\\"`})', 1),
        ("sum by () (max_over_time(up[2m:30s] offset 1m))", 1),
        ("scalar(sum(up)) * sum(up @ 60 and on (job) rest)", 1),
        ("sum(rest / on (job) group_left (namespace) up)", 2),
        ("count(up or rest) + -sum(up)", 0),
    ],
)
async def test_it_finds_the_series_of_its_labels_alone(
    tmp_path: Path, query: str, value: float
) -> None:
    questions = [
        {
            "expr": f"({promql.narrowed(query, {'namespace': 'shop'})}) + 0",
            "eval_time": "5m",
            "exp_samples": [{"labels": "{}", "value": value}],
        }
    ]
    tests = [{"interval": "15s", "input_series": SERIES, "promql_expr_test": questions}]
    await promtool_test(tmp_path, tests)
