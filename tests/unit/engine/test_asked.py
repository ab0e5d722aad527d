"""What is asked for a metric: of which version, of which workload, and with which limits."""

from typing import Any

import pytest
from tests.fakes.world import DAWN
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context, running

from release_coordinator.api.attempt import Step, StepState, Trigger
from release_coordinator.api.conditions import Reason
from release_coordinator.api.watch import Breach, Convention, Metric, MinTraffic, Preset
from release_coordinator.engine import asked, placeholders, presets, promlex, promql, traffic
from release_coordinator.engine.context import Context

ALL = (
    'up{a="$(namespace)", b="$(release)", c="$(component)", d="$(version)", '
    'e="$(previousVersion)", f="$(workload)"}[$(window)]'
)


def a_metric(query: str | None = None, **more: Any) -> Metric:
    """Return a metric about the backend."""
    fields = {"name": "m", "component": "backend", "query": query, "breach": Breach(above=1)}
    return Metric.model_validate({**fields, **more})


def done(step_id: str) -> Step:
    """Return a step that has succeeded."""
    return running(step_id).model_copy(update={"state": StepState.SUCCEEDED})


def blue_green() -> Body:
    """Return the bookshop with a backend whose new version runs beside the old one."""
    body = bookshop()
    strategy = {"type": "BlueGreen", "service": "backend-svc"}
    body["spec"]["components"][0]["strategy"] = strategy
    return body


def workload_of(ctx: Context, *, beside: bool = False) -> str:
    """Return the workload that is asked about."""
    query = asked.query_of(ctx, a_metric('up{a="$(workload)"}'), beside=beside)
    return query.removeprefix('up{a="').removesuffix('"}')


def test_a_query_is_about_the_new_version() -> None:
    assert asked.query_of(context(), a_metric(ALL, window="90s")) == (
        'up{a="shop", b="bookshop", c="backend", d="1.3.0", e="1.2.0", f="bookshop-backend"}[90s]'
    )


def test_beside_it_the_same_query_is_about_the_previous_version() -> None:
    assert asked.query_of(context(), a_metric(ALL), beside=True) == (
        'up{a="shop", b="bookshop", c="backend", d="1.2.0", e="1.2.0", f="bookshop-backend"}[1m]'
    )


def test_a_version_that_nobody_knows_finds_no_series() -> None:
    query = asked.query_of(
        context(previous_version=None), a_metric('up{a="$(version)"}'), beside=True
    )
    assert query == 'up{a="none"}'


def test_the_only_component_need_not_be_named() -> None:
    body = bookshop()
    del body["spec"]["components"][1]
    metric = a_metric('up{a="$(component)"}', component=None)
    assert asked.query_of(context(body), metric) == 'up{a="backend"}'


def test_without_a_component_a_query_may_use_what_is_not_of_one() -> None:
    metric = a_metric('up{a="$(release)"}', component=None)
    assert asked.query_of(context(), metric) == 'up{a="bookshop"}'


@pytest.mark.parametrize(
    ("steps", "is_twin"),
    [
        ((), False),
        ((running(traffic.TWIN + "backend"),), True),
        ((done(traffic.TWIN + "backend"), done(traffic.SWITCH + "backend")), True),
        ((done(traffic.TWIN + "backend"), done(traffic.HANDOVER + "backend")), False),
    ],
    ids=["before", "brought up", "switched", "handed over"],
)
def test_the_new_version_of_a_blue_green_component_is_where_it_runs(
    steps: tuple[Step, ...], *, is_twin: bool
) -> None:
    ctx = context(blue_green(), steps=steps)
    twin = traffic.twin(ctx, ctx.plan.spec.components[0]).name
    assert workload_of(ctx) == (twin if is_twin else "bookshop-backend")
    assert workload_of(ctx, beside=True) == "bookshop-backend"


def test_on_the_way_back_the_first_deployment_is_asked_about() -> None:
    trigger = Trigger(reason=Reason.METRIC_BREACH, message="slow", at=DAWN)
    ctx = context(blue_green(), steps=(done(traffic.TWIN + "backend"),), trigger=trigger)
    assert workload_of(ctx) == "bookshop-backend"


def test_the_pods_of_the_second_deployment_are_told_from_those_of_the_first() -> None:
    ctx = context(blue_green(), steps=(done(traffic.TWIN + "backend"),))
    metric = a_metric('up{pod=~"$(pods)"}')
    new, old = asked.query_of(ctx, metric), asked.query_of(ctx, metric, beside=True)
    twin = traffic.twin(ctx, ctx.plan.spec.components[0])
    assert placeholders.pods_of(twin) in new
    assert placeholders.pods_of(twin) not in old


def test_a_preset_asks_for_the_service_that_is_switched() -> None:
    metric = a_metric(preset=Preset.ERROR_RATE, convention=Convention.INGRESS_NGINX, breach=None)
    assert 'service="backend-svc"' in asked.query_of(context(blue_green()), metric)
    assert 'service="bookshop-backend"' in asked.query_of(context(), metric)


def test_a_preset_has_usual_limits_which_the_author_may_replace() -> None:
    usual = a_metric(preset=Preset.LATENCY_P95, breach=None)
    assert asked.breach_of(usual) == Breach(ratio_to_baseline=2, floor=0.1)
    least = asked.min_traffic_of(usual)
    assert least is not None
    assert least.at_least == presets.REQUESTS_PER_SECOND
    own = MinTraffic(query="vector(3)", at_least=2)
    said = usual.model_copy(update={"breach": Breach(above=3), "min_traffic": own})
    assert asked.breach_of(said) == Breach(above=3)
    assert asked.min_traffic_of(said) == own
    assert asked.traffic_of(context(), said) == "vector(3)"


def test_traffic_does_not_matter_unless_somebody_says_so() -> None:
    assert asked.traffic_of(context(), a_metric("up")) is None
    assert asked.min_traffic_of(a_metric("up")) is None


@pytest.mark.parametrize("preset", list(Preset))
def test_every_preset_can_be_asked(preset: Preset) -> None:
    for convention in presets.conventions(preset):
        metric = a_metric(preset=preset, convention=convention, breach=None)
        for beside in (False, True):
            query = asked.query_of(context(), metric, beside=beside)
            assert promql.checked(query) == ""
            selectors = [one for one in promlex.tokens(query) if one.text == "{"]
            narrowed = promql.narrowed(query, {"team": "a"})
            assert narrowed.count('team="a"') == len(selectors) > 0
            traffic_query = asked.traffic_of(context(), metric, beside=beside)
            assert traffic_query is None or promql.checked(traffic_query) == ""
        assert asked.breach_of(metric).model_fields_set


def test_other_texts_are_filled_too() -> None:
    ctx = context()
    assert asked.filled(ctx, 'up{a=~"$(version)"}[$(window)]') == r'up{a=~"1\\.3\\.0"}[1m]'
    assert asked.filled(ctx, 'up{a="$(workload)"}', "frontend") == 'up{a="bookshop-frontend"}'
    assert asked.filled_label(ctx, "$(release)-$(version)") == "bookshop-1.3.0"


@pytest.mark.parametrize("query", ['up{a="$(image)"}', "up{a=$(release)}", 'up{a="$(release)'])
def test_a_query_that_cannot_be_filled_is_told_with_its_remedy(query: str) -> None:
    with pytest.raises(asked.Unfillable, match=r"corrects it in the spec of the next release"):
        asked.query_of(context(), a_metric(query))


def test_a_label_that_cannot_be_filled_is_told_too() -> None:
    with pytest.raises(asked.Unfillable, match="has no value for 'team'"):
        asked.filled_label(context(), "$(team)")
