"""Faults of `spec.watch`: what its author reads, and what is no fault."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import goldens
from tests.releases import bookshop, everything

from release_coordinator.api.codec import parse_release
from release_coordinator.api.faults import Fault
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.strategy import Strategy, StrategyType
from release_coordinator.api.watch import Convention, Preset, Watch
from release_coordinator.engine import plan, presets, watchfaults
from release_coordinator.engine.signs import pods

GOLDEN = Path(__file__).parent / "golden" / "watch_faults.txt"

WRONG = """
duration: 10m
metrics:
  - {name: unparsable, query: "sum(rate(http_requests_total[1m])", breach: {above: 1}}
  - {name: range, query: "http_requests_total[5m]", breach: {above: 1}}
  - {name: no-range, query: "rate(http_requests_total)", breach: {above: 1}}
  - {name: text, query: '"up"', breach: {above: 1}}
  - {name: open-string, query: 'up{job="api}', breach: {above: 1}}
  - {name: unknown-placeholder, query: 'up{image="$(image)"}', breach: {above: 1}}
  - {name: open-placeholder, query: 'up{pod="$(namespace"}', breach: {above: 1}}
  - {name: bare-placeholder, query: 'up{job=$(release)}', breach: {above: 1}}
  - {name: equal-pods, query: 'up{pod="$(pods)"}', component: backend, breach: {above: 1}}
  - {name: no-component, query: 'up{pod=~"$(pods)"}', breach: {above: 1}}
  - {name: wrong-component, query: up, component: worker, breach: {above: 1}}
  - {name: nothing, breach: {above: 1}}
  - {name: both, query: up, preset: ErrorRate, component: backend, breach: {above: 1}}
  - {name: no-breach, query: up}
  - {name: no-limit, query: up, breach: {floor: 0.1}}
  - {name: empty-range, query: up, breach: {above: 1, below: 2}}
  - {name: no-such-preset, preset: LatencyP95, convention: NginxGatewayFabric, component: backend}
  - {name: no-saturation, preset: CPUSaturation, convention: Istio, component: backend}
  - {name: http-of-cadvisor, preset: ErrorRate, convention: CAdvisor, component: backend}
  - {name: preset-of-none, preset: ErrorRate}
  - {name: no-window, query: up, window: 0s, breach: {above: 1}}
  - name: no-baseline
    query: up
    baseline: {window: 0s}
    breach: {comparison: {window: 0s}}
  - {name: itself, query: up, baseline: {taken: Beside}, breach: {ratioToBaseline: 2}}
  - {name: itself-too, preset: LatencyP50, component: backend, baseline: {taken: Beside}}
  - name: traffic
    query: up
    breach: {above: 1}
    minTraffic: {query: "sum(up", atLeast: 1}
  - {name: traffic, query: up, breach: {above: 1}}
alerts:
  - {name: anything}
  - {name: labels, labels: {app: $(pods), part: $(component), team: $(team)}}
  - {name: labels, alerts: [Down]}
logs:
  - {name: patterns, component: worker, patterns: ["ERROR(", "a(?=b)", "(x{1000}){1000}", ok]}
availability:
  query: 'avg(up{pod=~"$(pods)"})'
"""


def spec_with(watch: str) -> ReleaseSpec:
    """Return the bookshop's spec with another watch, of as many metrics as one likes."""
    release = parse_release(bookshop())
    assert release.spec is not None
    read: dict[str, Any] = yaml.safe_load(watch)
    metrics = [Watch.model_validate({"metrics": [m]}).metrics[0] for m in read.pop("metrics", [])]
    found = Watch.model_validate(read).model_copy(update={"metrics": metrics})
    return release.spec.model_copy(update={"watch": found})


def told(watch: str) -> list[Fault]:
    """Return the faults of a watch."""
    return watchfaults.faults(spec_with(watch))


def test_each_fault_says_where_it_is_and_what_to_write() -> None:
    goldens.check(GOLDEN, "".join(f"{fault}\n" for fault in told(WRONG)))


def test_what_people_wrote_begins_no_line_and_floods_no_message() -> None:
    query = 'up{a="$(x\\n\x1b[2J%s)"}' % ("y" * 4000)
    (fault,) = told(yaml.safe_dump({"metrics": [{"name": "m", "query": query}]}))[:1]
    assert str(fault).isprintable()
    assert str(fault).startswith("spec.watch.metrics[0].query: has $(x [2Jyyy")
    assert str(fault).endswith("$(window)")
    assert len(str(fault)) < 1000


def test_a_query_that_is_too_long_says_the_limit_and_the_way_out() -> None:
    (fault, _) = told(yaml.safe_dump({"metrics": [{"name": "m", "query": "-a" * 2000}]}))
    assert fault.problem == "has more than 250 words, numbers, texts and signs"
    assert fault.remedy.startswith("ask for less")


def test_a_plan_with_such_faults_is_none() -> None:
    assert plan.resolve(spec_with(WRONG)) == tuple(told(WRONG))


@pytest.mark.parametrize("body", [bookshop(), everything()], ids=["bookshop", "everything"])
def test_what_the_documentation_shows_has_no_fault(body: dict[str, Any]) -> None:
    release = parse_release(body)
    assert release.spec is not None
    assert watchfaults.faults(release.spec) == []


def test_without_a_watch_there_is_nothing_wrong_with_it() -> None:
    assert watchfaults.faults(spec_with("{}").model_copy(update={"watch": None})) == []


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ('up{a="$(version)"}', ("", "")),
        ('up{a="$(workload)"}', ("Rolling", "")),
        ('up{pod=~"$(pods)"}', ("Rolling", "")),
        ('up{a="$(release)"}', ("Rolling", "BlueGreen")),
    ],
)
def test_two_versions_are_compared_only_if_the_query_tells_them_apart(
    query: str, wrong: tuple[str, str]
) -> None:
    watch = f"""
    metrics:
      - name: m
        component: backend
        query: {query}
        baseline: {{taken: Beside}}
        breach: {{ratioToBaseline: 2}}
    """
    spec = spec_with(watch)
    backend, *others = spec.components
    strategy = Strategy(type=StrategyType.BLUE_GREEN, service="backend")
    switched = backend.model_copy(update={"strategy": strategy})
    beside = spec.model_copy(update={"components": [switched, *others]})
    assert [fault.path for fault in watchfaults.faults(spec)] == [
        "spec.watch.metrics[0].baseline.taken" for name in wrong if name == "Rolling"
    ]
    assert [fault.path for fault in watchfaults.faults(beside)] == [
        "spec.watch.metrics[0].baseline.taken" for name in wrong if name == "BlueGreen"
    ]


def test_three_lines_are_enough_for_a_usual_metric() -> None:
    watch = "metrics: [{name: errors, preset: ErrorRate, component: backend}]"
    assert told(watch) == []
    assert told(watch.replace("ErrorRate", "MemorySaturation")) == []


@pytest.mark.parametrize("preset", list(Preset))
def test_a_preset_is_known_by_the_conventions_that_are_named(preset: Preset) -> None:
    for convention in Convention:
        said = f"preset: {preset}, convention: {convention}"
        watch = f"metrics: [{{name: m, {said}, component: backend}}]"
        assert bool(told(watch)) == (presets.asked(preset, convention) is None)
    assert presets.conventions(preset)


def test_a_metric_cannot_have_the_name_of_the_pods_that_are_watched() -> None:
    metric = f"metrics: [{{name: {pods.NAME}, query: up, breach: {{above: 1}}}}]"

    (fault,) = told(f"{metric}\npods: {{}}")

    assert fault.path == "spec.watch.metrics[0].name"
    assert told(metric) == []
