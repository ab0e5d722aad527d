"""Usual questions about an application, by the names that each convention gives to its metrics.

Used by `engine.asked` for what is asked and by `engine.watchfaults` for what does not exist. Values
are seconds, shares from 0 to 1, or requests per second. Beside the placeholders that anybody may
use there is $(service): the Service of a BlueGreen component, else the workload's name, which is
also taken for the name of its HTTPRoute.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from release_coordinator.api.watch import (
    Breach,
    Comparison,
    Convention,
    Direction,
    MinTraffic,
    Preset,
)

SERVICE = "service"
REQUESTS_PER_SECOND = 1.0
"""Traffic below which errors and latency are not judged: of six requests a minute, every other
healthy release would be taken back (docs/metric-figures.md)."""

QUANTILES = {Preset.LATENCY_P50: "0.5", Preset.LATENCY_P95: "0.95", Preset.LATENCY_P99: "0.99"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a preset asks and when the answer is bad."""

    query: str
    breach: Breach
    min_traffic: MinTraffic | None = None


@dataclass(frozen=True, slots=True)
class _Http:
    """How a convention names the requests of an application."""

    requests: str
    """Counter of requests, by status."""
    selectors: tuple[str, ...]
    """Matchers of an application's series; which of them apply depends on how it is scraped."""
    statuses: tuple[tuple[str, str], ...]
    """Label of the status, and a regular expression for server errors."""
    histogram: str | None = None
    """Histogram of how long requests take; None if there is none."""
    unit: str = ""
    """How a value of the histogram becomes seconds."""


_TARGET = ('namespace="$(namespace)", pod=~"$(pods)"',)

# prometheus.io/docs/practices/naming and the libraries' own middlewares: the label of the status is
# code (client_golang, promhttp), status (Python instrumentators) or status_code (Node.js).
_CLIENT = _Http(
    requests="http_requests_total",
    selectors=_TARGET,
    statuses=(("code", "5.."), ("status", "5.."), ("status_code", "5..")),
    histogram="http_request_duration_seconds",
)

# opentelemetry.io/docs/specs/semconv/http/http-metrics: http.server.request.duration in s, with
# http.response.status_code. Names in Prometheus: opentelemetry.io/docs/specs/otel/compatibility/
# prometheus_and_openmetrics. Pushed by OTLP, pods are found by promoted resource attributes:
# prometheus.io/docs/guides/opentelemetry.
_OTEL = _Http(
    requests="http_server_request_duration_seconds_count",
    selectors=(*_TARGET, 'k8s_namespace_name="$(namespace)", k8s_pod_name=~"$(pods)"'),
    statuses=(("http_response_status_code", "5.."),),
    histogram="http_server_request_duration_seconds",
)

# kubernetes.github.io/ingress-nginx/user-guide/monitoring; labels in
# github.com/kubernetes/ingress-nginx internal/ingress/metric/collectors/socket.go. Its labels
# namespace and service get the prefix exported_ where the scrape has labels of these names.
_INGRESS_NGINX = _Http(
    requests="nginx_ingress_controller_requests",
    selectors=(
        'exported_namespace="$(namespace)", exported_service="$(service)"',
        'exported_namespace="$(namespace)", service="$(service)"',
        'namespace="$(namespace)", service="$(service)"',
    ),
    statuses=(("status", "5.."),),
    histogram="nginx_ingress_controller_request_duration_seconds",
)

# istio.io/latest/docs/reference/config/metrics; reporter "waypoint" is that of ambient mode.
_ISTIO = _Http(
    requests="istio_requests_total",
    selectors=(
        (
            'reporter=~"destination|waypoint", destination_workload_namespace="$(namespace)", '
            'destination_workload="$(workload)"'
        ),
    ),
    statuses=(("response_code", "5.."),),
    histogram="istio_request_duration_milliseconds",
    unit=" / 1000",
)

# envoyproxy.io/docs/envoy/latest/configuration/upstream/cluster_manager/cluster_stats
# (upstream_rq_xx, upstream_rq_time in ms); gateway.envoyproxy.io/docs/tasks/observability/
# proxy-metric. A cluster is named after its route: httproute/<namespace>/<name>/rule/<n>
# (github.com/envoyproxy/gateway internal/gatewayapi/helpers.go).
_ENVOY = _Http(
    requests="envoy_cluster_upstream_rq_xx",
    selectors=('envoy_cluster_name=~"(http|grpc)route/$(namespace)/$(service)/rule/.*"',),
    statuses=(("envoy_response_code_class", "5"),),
    histogram="envoy_cluster_upstream_rq_time",
    unit=" / 1000",
)

# docs.nginx.com/nginx-gateway-fabric/monitoring/prometheus: counters by upstream are of NGINX Plus,
# and there is no histogram. Labels: github.com/nginx/agent internal/collector/nginxplusreceiver/
# documentation.md. An upstream is named <namespace>_<service>_<port>
# (github.com/nginx/nginx-gateway-fabric, BackendRef.ServicePortReference).
_NGINX_GATEWAY = _Http(
    requests="nginx_http_upstream_peer_responses_total",
    selectors=('nginx_upstream_name=~"$(namespace)_$(service)_[0-9]+(_.*)?"',),
    statuses=(("nginx_status_range", "5xx"),),
)

_HTTP: Mapping[Convention, _Http] = {
    Convention.PROMETHEUS_CLIENT: _CLIENT,
    Convention.OPEN_TELEMETRY: _OTEL,
    Convention.INGRESS_NGINX: _INGRESS_NGINX,
    Convention.ISTIO: _ISTIO,
    Convention.ENVOY_GATEWAY: _ENVOY,
    Convention.NGINX_GATEWAY: _NGINX_GATEWAY,
}


def _rates(http: _Http, metric: str, *matchers: str) -> str:
    """Rates of all series that a selector finds; those that two of them find count once."""
    found = [
        f"rate({metric}{{{', '.join(filter(None, (selector, matcher)))}}}[$(window)])"
        for selector in http.selectors
        for matcher in matchers or ("",)
    ]
    return " or ".join(found)


def _requests(http: _Http) -> str:
    return f"sum({_rates(http, http.requests)})"


def _error_rate(http: _Http) -> str:
    """Without errors there is no series of them, so 0 stands in; without a status there is none."""
    failed = _rates(http, http.requests, *(f'{label}=~"{value}"' for label, value in http.statuses))
    known = _rates(http, http.requests, *(f'{label}!=""' for label, _ in http.statuses))
    return f"(sum({failed}) or vector(0)) / sum({known})"


def _latency(http: _Http, histogram: str, quantile: str) -> tuple[str, str]:
    """Seconds in which this share of the requests is answered; judged if there are any."""
    found = _rates(http, f"{histogram}_bucket")
    query = f"histogram_quantile({quantile}, sum by (le) ({found})){http.unit}"
    return query, f"sum({_rates(http, f'{histogram}_count')})"


# github.com/google/cadvisor docs/storage/prometheus.md, as the kubelet serves it with namespace,
# pod and container (kubernetes.io/docs/reference/instrumentation/metrics); limits:
# github.com/kubernetes/kube-state-metrics docs/metrics/workload/pod-metrics.md. Containers without
# a limit are left out; the pod's own series has an empty container.
_PODS = 'namespace="$(namespace)", pod=~"$(pods)", container!=""'
_KEY = "namespace, pod, container"


def _share(used: str, resource: str) -> str:
    """The container that is nearest to its limit; one that is scraped twice counts once."""
    limits = f'kube_pod_container_resource_limits{{{_PODS}, resource="{resource}"}}'
    return f"max(max by ({_KEY}) ({used}) / on ({_KEY}) max by ({_KEY}) ({limits}))"


_SATURATION: Mapping[Preset, str] = {
    Preset.CPU_SATURATION: _share(
        f"sum without (cpu) (rate(container_cpu_usage_seconds_total{{{_PODS}}}[$(window)]))", "cpu"
    ),
    Preset.MEMORY_SATURATION: _share(f"container_memory_working_set_bytes{{{_PODS}}}", "memory"),
    Preset.CPU_THROTTLING: (
        f"sum(rate(container_cpu_cfs_throttled_periods_total{{{_PODS}}}[$(window)])) / "
        f"sum(rate(container_cpu_cfs_periods_total{{{_PODS}}}[$(window)]))"
    ),
}

_USUAL: Mapping[Preset, Breach] = {
    # One request of a hundred: what most objectives allow for a month is gone within hours.
    Preset.ERROR_RATE: Breach(above=0.01),
    # Twice as slow is what R4.4 names; below the floor nobody notices.
    Preset.LATENCY_P50: Breach(ratio_to_baseline=2, floor=0.05),
    Preset.LATENCY_P95: Breach(ratio_to_baseline=2, floor=0.1),
    Preset.LATENCY_P99: Breach(ratio_to_baseline=2, floor=0.2),
    # Traffic differs by itself from minute to minute: only a clear and lasting loss counts.
    Preset.REQUEST_RATE: Breach(comparison=Comparison(direction=Direction.DECREASE, min_effect=2)),
    Preset.CPU_SATURATION: Breach(above=0.9),
    Preset.MEMORY_SATURATION: Breach(above=0.9),
    Preset.CPU_THROTTLING: Breach(above=0.25),
}


def asked(preset: Preset, convention: Convention) -> Asked | None:
    """What a preset asks by a convention; None if the convention has no such metrics."""
    breach = _USUAL[preset]
    if preset in _SATURATION:
        # Nobody has to say whose names these are: there is one convention for them.
        fits = convention in {Convention.CADVISOR, Convention.PROMETHEUS_CLIENT}
        return Asked(_SATURATION[preset], breach) if fits else None
    http = _HTTP.get(convention)
    if http is None:
        return None
    if preset is Preset.REQUEST_RATE:
        return Asked(_requests(http), breach)
    if preset not in QUANTILES:
        return Asked(_error_rate(http), breach, _least(_requests(http)))
    if http.histogram is None:
        return None
    query, traffic = _latency(http, http.histogram, QUANTILES[preset])
    return Asked(query, breach, _least(traffic))


def _least(query: str) -> MinTraffic:
    return MinTraffic(query=query, at_least=REQUESTS_PER_SECOND)


def conventions(preset: Preset) -> list[Convention]:
    """The conventions that have metrics for a preset."""
    if preset in _SATURATION:
        return [Convention.CADVISOR]
    return [convention for convention in Convention if asked(preset, convention)]
