"""Every preset, asked of a real Prometheus with hand-made series: the number must be right.

`presets/` holds the series of each convention, as its documentation names them, and what is
expected. promtool evaluates with the engine of the server and without one running.
"""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.contract.prometheus_process import promtool_test

from release_coordinator.api.release import WorkloadRef
from release_coordinator.api.watch import Convention, Preset
from release_coordinator.engine import placeholders, presets

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

FOLDER = Path(__file__).parent / "presets"
FILES = [yaml.safe_load(file.read_text(encoding="utf-8")) for file in sorted(FOLDER.iterdir())]
EVALUATED_AT = "5m"
BACKEND = WorkloadRef(name="bookshop-backend")
VALUES = {
    "namespace": "shop",
    "release": "bookshop",
    "component": "backend",
    "version": "1.3.0",
    "previousVersion": "1.2.0",
    "workload": BACKEND.name,
    placeholders.PODS: placeholders.pods_of(BACKEND),
    placeholders.WINDOW: "1m",
    presets.SERVICE: BACKEND.name,
}


def asked(preset: Preset, convention: Convention) -> presets.Asked:
    """Return what a preset asks by a convention that has it."""
    found = presets.asked(preset, convention)
    assert found is not None
    return found


def expected(query: str, value: float | str) -> dict[str, Any]:
    """Return the question whether the answer to a query is this value, as promtool reads it."""
    text = placeholders.filled(query, VALUES)
    if value == "unknown":  # no series, or one that is no number
        return {"expr": f"({text}) >= -Inf", "eval_time": EVALUATED_AT, "exp_samples": []}
    return {
        "expr": f"abs(({text}) - {value}) < bool 1e-9",
        "eval_time": EVALUATED_AT,
        "exp_samples": [{"labels": "{}", "value": 1}],
    }


def a_test(case: dict[str, Any], questions: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a test of promtool: series, and questions about them."""
    return {
        "interval": "15s",
        "name": case["name"],
        "input_series": case["series"],
        "promql_expr_test": questions,
    }


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file["convention"]))
async def test_a_preset_gives_the_number_that_the_series_mean(
    tmp_path: Path, file: dict[str, Any]
) -> None:
    convention = Convention(file["convention"])
    await promtool_test(
        tmp_path,
        [
            a_test(
                case,
                [
                    expected(asked(Preset(preset), convention).query, value)
                    for preset, value in case["expect"].items()
                ],
            )
            for case in file["cases"]
        ],
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file["convention"]))
async def test_an_idle_application_is_never_bad(tmp_path: Path, file: dict[str, Any]) -> None:
    """Its traffic is below the least, or there is none; so nothing else is judged."""
    convention = Convention(file["convention"])
    found = [asked(preset, convention) for preset in Preset if presets.asked(preset, convention)]
    least = [one.min_traffic for one in found if one.min_traffic is not None]
    assert least or convention is Convention.CADVISOR
    idle = next(case for case in file["cases"] if case["name"] == "idle")
    await promtool_test(tmp_path, [a_test(idle, [expected(one.query, 0) for one in least])])


def test_every_preset_of_every_convention_has_series_here() -> None:
    told = {
        (file["convention"], preset)
        for file in FILES
        for case in file["cases"]
        for preset in case["expect"]
    }
    assert told == {
        (convention, preset) for preset in Preset for convention in presets.conventions(preset)
    }
