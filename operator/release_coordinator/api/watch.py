"""`spec.watch`: what is observed of a release, how it is judged, and what a bad verdict leads to.

Part of `Release`. Metrics come first; alerts, pods, logs and data checks are watched in the same
way, with the same verdicts. Read by `engine.subjects`.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from .base import Duration, Model, Name, ObjectName
from .control import RollbackCause
from .job import LIST_MAP, JobTemplate, rules
from .metricsource import LABEL_PATTERN

Number = Annotated[float, Field(ge=-1e18, le=1e18)]
Query = Annotated[str, Field(min_length=1, max_length=4096)]
ShortQuery = Annotated[str, Field(min_length=1, max_length=1024)]
Pattern = Annotated[str, Field(min_length=1, max_length=256)]
SET: JsonDict = {"x-kubernetes-list-type": "set"}

METRICS_LIMIT = 10
"""Metrics of one Release."""
SIGNS_LIMIT = 16
"""Everything else that is watched: alerts, pods, logs and data checks together."""


class OnUnknown(StrEnum):
    """What happens when there is no usable answer for longer than the limit."""

    HOLD = "Hold"  # a person decides
    ROLLBACK = "Rollback"  # as if it were beyond its limit
    PASS = "Pass"  # noqa: S105 - a verdict, no password
    """As if it were within its limit."""


class Severity(StrEnum):
    """What a breach leads to."""

    ROLLBACK = "Rollback"  # the previous version is restored
    HOLD = "Hold"  # a person decides
    REPORT = "Report"  # it is shown and recorded, and nothing else


class WatchStart(StrEnum):
    """From when on what is watched can turn a release back."""

    FIRST_CHANGE = "FirstChange"  # from the first changed workload: a breach stops the rollout
    AFTER_ROLLOUT = "AfterRollout"  # when all components run the new version and were verified


class Preset(StrEnum):
    """A usual question about an application, asked for you."""

    ERROR_RATE = "ErrorRate"  # share of requests that fail with a server error, 0 to 1
    LATENCY_P50 = "LatencyP50"  # seconds in which half of the requests are answered
    LATENCY_P95 = "LatencyP95"  # seconds in which 95 % of the requests are answered
    LATENCY_P99 = "LatencyP99"  # seconds in which 99 % of the requests are answered
    REQUEST_RATE = "RequestRate"  # requests per second
    CPU_SATURATION = "CPUSaturation"  # share of the pods' CPU limit in use, 0 to 1
    MEMORY_SATURATION = "MemorySaturation"  # share of the pods' memory limit in use, 0 to 1
    CPU_THROTTLING = "CPUThrottling"  # share of the CPU periods that were throttled, 0 to 1


class Convention(StrEnum):
    """Whose names of metrics and labels a preset uses."""

    PROMETHEUS_CLIENT = "PrometheusClient"  # http_requests_total and its usual histogram
    OPEN_TELEMETRY = "OpenTelemetry"  # semantic conventions for HTTP servers, stable names
    INGRESS_NGINX = "IngressNginx"  # the ingress-nginx controller
    ISTIO = "Istio"  # standard metrics of the mesh
    ENVOY_GATEWAY = "EnvoyGateway"  # Gateway API by Envoy Gateway
    NGINX_GATEWAY = "NginxGatewayFabric"  # Gateway API by NGINX Gateway Fabric
    CADVISOR = "CAdvisor"  # the kubelet's containers; only for saturation


class BaselineFrom(StrEnum):
    """What a value is compared with."""

    BEFORE = "Before"  # the same query, right before the first change
    BESIDE = "Beside"  # the same query for the old version, which runs beside the new one
    YESTERDAY = "Yesterday"  # the same query, 24 hours earlier
    LAST_WEEK = "LastWeek"  # the same query, 7 days earlier


class OnMissing(StrEnum):
    """How a metric is judged whose baseline is missing or zero."""

    UNKNOWN = "Unknown"  # it has no verdict: see onUnknown
    ABSOLUTE = "Absolute"  # by above, below and floor alone


class Baseline(Model):
    """Where the baseline of a metric comes from: the median over a window."""

    taken: BaselineFrom = BaselineFrom.BEFORE
    window: Duration = Field("10m", description="Length of the window; its values count alike.")
    on_missing: OnMissing = OnMissing.UNKNOWN


class Direction(StrEnum):
    """Which way a difference from the baseline is bad."""

    INCREASE = "Increase"  # more is worse, as with errors and latency
    DECREASE = "Decrease"  # less is worse, as with throughput
    EITHER = "Either"  # any difference is


class Comparison(Model):
    """Statistical comparison with the baseline: the Mann-Whitney U test, and an effect size.

    It is a breach only if the difference is both unlikely to be chance and large.
    """

    direction: Direction = Direction.INCREASE
    confidence: Annotated[float, Field(ge=0.8, le=0.9999)] = Field(
        0.98, description="How sure it must be that the samples differ."
    )
    min_effect: Annotated[float, Field(ge=1, le=100)] = Field(
        1.5, description="How many times the baseline's mean the difference must come to."
    )
    window: Duration = Field("5m", description="Samples of this long are compared.")


class Breach(Model):
    """When a sample means the release is bad; any field that holds is a breach.

    `above` and `below` together bound a range. Limits are in the unit of the value; what is set on
    a preset replaces all of its usual limit.
    """

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                (
                    "has(self.ratioToBaseline) || has(self.above) || has(self.below) || "
                    "has(self.comparison)"
                ),
                "set at least one of ratioToBaseline, above, below and comparison",
            )
        )
    )

    ratio_to_baseline: Annotated[float, Field(gt=0, le=1e6)] | None = Field(
        None, description="Breach when the value is more than this many times the baseline."
    )
    floor: Number | None = Field(
        None,
        description=(
            "A value up to this is no breach of ratioToBaseline or comparison, however large the "
            "relation: 0.002 is not worse than 0.0005 to any user. Judges alone if the baseline "
            "is zero. Where less is worse it bounds the baseline instead. In the unit of the value."
        ),
    )
    above: Number | None = Field(
        None,
        description=(
            "Breach when the value is greater. In the unit of the query's answer; of presets: "
            "seconds for latency (0.3 is 300 ms), a share from 0 to 1 for errors, saturation and "
            "throttling (0.05 is 5 %), requests per second for RequestRate."
        ),
    )
    below: Number | None = Field(
        None, description="Breach when the value is less; in the same unit as above."
    )
    comparison: Comparison | None = None

    @property
    def needs_baseline(self) -> bool:
        """Whether it says anything without a baseline."""
        return self.ratio_to_baseline is not None or self.comparison is not None


class MinTraffic(Model):
    """How much must be going on before a metric is judged: three requests prove nothing."""

    query: ShortQuery = Field(description="PromQL with one series; placeholders as in metrics.")
    at_least: Number = Field(description="Below this the metric is Unknown and breaks no limit.")


class Metric(Model):
    """One PromQL query that is watched."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "has(self.query) != has(self.preset)",
                "set either query or preset",
            ),
            (
                "has(self.breach) || has(self.preset)",
                "say with breach when the answer to your query is bad",
            ),
        )
    )

    name: Name = Field(description="Name of the metric, shown in messages.")
    source: ObjectName = Field("default", description="Name of a MetricSource.")
    query: Query | None = Field(
        None,
        description=(
            "PromQL with exactly one series, or a scalar, as its answer. It may use $(namespace), "
            "$(release), $(component), $(version), $(previousVersion), $(workload), $(pods) (a "
            "regular expression for the names of the workload's pods) and $(window)."
        ),
    )
    preset: Preset | None = None
    convention: Convention = Field(
        Convention.PROMETHEUS_CLIENT, description="Whose names the preset uses."
    )
    component: Name | None = Field(
        None, description="Component it is about; may be left out if there is only one."
    )
    window: Duration = Field("1m", description="What $(window) stands for: range of rates.")
    breach: Breach | None = Field(
        None,
        description="When an answer is bad. A preset has a usual limit, which this replaces whole.",
    )
    baseline: Baseline = Field(default_factory=Baseline)
    min_traffic: MinTraffic | None = None
    interval: Duration | None = Field(
        None, description="Time between two samples; that of the watch if empty."
    )
    min_samples: Annotated[int, Field(ge=1, le=1000)] = Field(
        1, description="Usable samples before the first breach counts."
    )
    failure_threshold: Annotated[int, Field(ge=1, le=100)] = Field(
        1, description="Consecutive breaching samples that are a breach of the release."
    )
    failure_limit: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Breaching samples in all that are one, however spread."
    )
    success_threshold: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        None, description="Consecutive good samples after which it need not be watched longer."
    )
    on_unknown: OnUnknown = OnUnknown.HOLD
    severity: Severity = Severity.ROLLBACK


class AlertSign(Model):
    """Alerts of Prometheus that must not fire while the release is watched."""

    name: Name = Field(description="Name of this entry, shown in messages.")
    source: ObjectName = Field("default", description="Name of a MetricSource.")
    alerts: list[Annotated[str, Field(min_length=1, max_length=128)]] = Field(
        [],
        max_length=16,
        json_schema_extra=SET,
        description="Names of alerts; any if empty, then labels say which.",
    )
    labels: dict[
        Annotated[str, Field(max_length=63, pattern=LABEL_PATTERN)],
        Annotated[str, Field(max_length=128)],
    ] = Field(
        {},
        max_length=8,
        description="Labels the alert must carry; placeholders as in queries.",
    )
    severity: Severity = Severity.ROLLBACK
    cause: RollbackCause = Field(
        RollbackCause.FUNCTIONALITY, description="What kind of trouble such an alert is."
    )
    on_unknown: OnUnknown = OnUnknown.HOLD


class PodSign(Model):
    """The pods of the new version: restarts, crash loops, readiness."""

    restarts: Annotated[int, Field(ge=0, le=100)] = Field(
        2, description="More restarts of a container than this since the change are a breach."
    )
    unready_for: Duration = Field(
        "1m", description="A workload short of ready pods for longer than this is a breach."
    )
    severity: Severity = Severity.ROLLBACK


class LogSign(Model):
    """Lines in the logs of the new version's containers that mean trouble."""

    name: Name = Field(description="Name of this entry, shown in messages.")
    component: Name | None = Field(None, description="Component; all if empty.")
    container: Name | None = Field(None, description="Container; all if empty.")
    patterns: list[Pattern] = Field(
        min_length=1,
        max_length=8,
        json_schema_extra=SET,
        description=(
            "Regular expressions in RE2 syntax; a line that contains one counts. ^ is where the "
            "application's line begins, behind the time that the kubelet notes."
        ),
    )
    above: Annotated[int, Field(ge=0, le=100_000)] = Field(
        0, description="More lines than this since the change are a breach."
    )
    severity: Severity = Severity.HOLD
    on_unknown: OnUnknown = OnUnknown.PASS


class DataCheck(Model):
    """A Job that is run again and again while the release is watched; it fails if data is wrong."""

    name: Name = Field(description="Name of the check, shown in messages.")
    job: JobTemplate
    interval: Duration = Field(
        "2m", description="Time between the end of a run and the next; less than 10s is 10s."
    )
    severity: Severity = Severity.ROLLBACK
    on_unknown: OnUnknown = OnUnknown.HOLD


class Availability(Model):
    """How available the application is to its users, for the downtime of the release."""

    source: ObjectName = Field("default", description="Name of a MetricSource.")
    query: ShortQuery = Field(
        description="PromQL with one series: share of good answers, 0 to 1; placeholders allowed."
    )
    component: Name | None = Field(None, description="Component the placeholders are about.")


class Watch(Model):
    """What is observed of the release, before it counts as good."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                (
                    "has(self.metrics) || has(self.alerts) || has(self.pods) || has(self.logs) || "
                    "has(self.dataChecks)"
                ),
                "name at least one of metrics, alerts, pods, logs and dataChecks",
            )
        )
    )

    duration: Duration = Field("10m", description="Length of the watch after the rollout.")
    interval: Duration = Field("15s", description="Time between two looks at the same thing.")
    start: WatchStart = WatchStart.FIRST_CHANGE
    initial_delay: Duration = Field(
        "0s", description="Time after the first change in which nothing is judged."
    )
    unknown_limit: Duration = Field(
        "5m",
        description=(
            "How long answers of one entry may be missing in a row, within the watch after the "
            "rollout, before its onUnknown applies; before the first change: how long a baseline "
            "is waited for."
        ),
    )
    metrics: list[Metric] = Field(
        [], max_length=METRICS_LIMIT, json_schema_extra=LIST_MAP, description="What is measured."
    )
    alerts: list[AlertSign] = Field(
        [], max_length=4, json_schema_extra=LIST_MAP, description="Alerts that must stay silent."
    )
    pods: PodSign | None = None
    logs: list[LogSign] = Field(
        [], max_length=4, json_schema_extra=LIST_MAP, description="Lines that must not be logged."
    )
    data_checks: list[DataCheck] = Field(
        [], max_length=4, json_schema_extra=LIST_MAP, description="Jobs that look at the data."
    )
    availability: Availability | None = None
