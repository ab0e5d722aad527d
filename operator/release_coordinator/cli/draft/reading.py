"""What one workload says that a Release needs to know. Pure; used by `cli.draft.survey`."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from release_coordinator.api.base import IMAGE_PATTERN, PATH_PATTERN, SEMVER_PATTERN
from release_coordinator.api.watch import Convention
from release_coordinator.cluster.port import Body
from release_coordinator.engine import images

_SEMVER, _IMAGE, _PATH = (
    re.compile(pattern) for pattern in (SEMVER_PATTERN, IMAGE_PATTERN, PATH_PATTERN)
)
_IMAGE_LENGTH, _PATH_LENGTH, _VERSION_LENGTH = 512, 256, 64
FRONT = frozenset(
    ("frontend", "front", "web", "webapp", "ui", "gateway", "proxy", "edge", "portal", "bff")
)
"""Words in the name of what people reach first; it goes last."""
INFRASTRUCTURE = frozenset(
    (
        *("postgres", "postgresql", "mysql", "mariadb", "mongo", "mongodb", "cockroach", "etcd"),
        *("redis", "valkey", "memcached", "rabbitmq", "kafka", "zookeeper", "nats", "minio"),
        *("elasticsearch", "opensearch", "prometheus", "alertmanager", "grafana", "loki"),
        *("nginx", "envoy", "haproxy", "traefik", "vault", "busybox", "curl", "pause"),
    )
)
"""Last words of the names of images that have versions of their own."""


@dataclass(frozen=True, slots=True)
class Container:
    """A container of a workload."""

    name: str
    image: str
    runs_first: bool
    """It is an init container."""

    @property
    def version(self) -> str | None:
        """What its tag says, if that is a version."""
        text = (images.tag_of(self.image) or "").removeprefix("v")
        return text if len(text) <= _VERSION_LENGTH and _SEMVER.match(text) else None

    @property
    def is_infrastructure(self) -> bool:
        """Whether it is a well-known program of somebody else."""
        repository = self.image.partition("@")[0].rpartition("/")[2].partition(":")[0]
        return repository in INFRASTRUCTURE

    @property
    def is_usable(self) -> bool:
        """Whether a Release can name its image."""
        return len(self.image) <= _IMAGE_LENGTH and _IMAGE.match(self.image) is not None


@dataclass(frozen=True, slots=True)
class Health:
    """An endpoint, or why there is none."""

    path: str = ""
    port: int = 0
    container: str = ""
    problem: str = ""


def containers_of(body: Body) -> list[Container]:
    """All containers, in the order of the pod."""
    pod = _pod(body)
    return [
        Container(str(one["name"]), str(one.get("image") or ""), runs_first)
        for field, runs_first in (("initContainers", True), ("containers", False))
        for one in pod.get(field) or ()
    ]


def health_of(body: Body, chosen: Sequence[str]) -> Health:
    """What the readinessProbe of a container says, as far as the operator can ask the same."""
    problem = "no container has a readinessProbe"
    for container in _pod(body).get("containers") or ():
        probe = container.get("readinessProbe")
        if container["name"] not in chosen or not probe:
            continue
        found = _endpoint(probe.get("httpGet"), container)
        if not found.problem:
            return found
        problem = found.problem
    return Health(problem=problem)


def convention_of(body: Body) -> Convention | None:
    """Whose metrics the pods have, as far as well-known annotations and containers tell."""
    template = body.get("spec", {}).get("template", {}).get("metadata") or {}
    annotations = template.get("annotations") or {}
    names = {one.name for one in containers_of(body)}
    injected = {**annotations, **(template.get("labels") or {})}.get("sidecar.istio.io/inject")
    if "istio-proxy" in names or injected == "true":
        return Convention.ISTIO
    if any(key.startswith("instrumentation.opentelemetry.io/inject-") for key in annotations):
        return Convention.OPEN_TELEMETRY
    if annotations.get("prometheus.io/scrape") == "true":
        return Convention.PROMETHEUS_CLIENT
    return None


def is_served(body: Body, services: Sequence[Body]) -> bool:
    """Whether a Service brings its pods traffic."""
    labels = (body.get("spec", {}).get("template", {}).get("metadata") or {}).get("labels") or {}
    return any(
        selector and selector.items() <= labels.items()
        for service in services
        for selector in [service.get("spec", {}).get("selector") or {}]
    )


def is_front(name: str) -> bool:
    """Whether the name says that people reach it first."""
    return bool(FRONT & set(re.split(r"[-.]", name)))


def _endpoint(asked: Mapping[str, object] | None, container: Body) -> Health:
    name = container["name"]
    if not asked:
        return Health(problem=f"the readinessProbe of container {name} is no httpGet")
    if str(asked.get("scheme") or "HTTP").upper() != "HTTP":
        return Health(problem=f"the readinessProbe of container {name} wants HTTPS")
    path, port = str(asked.get("path") or "/"), _port(asked.get("port"), container)
    if port is None or not _PATH.match(path) or len(path) > _PATH_LENGTH:
        return Health(problem=f"the readinessProbe of container {name} has no plain path and port")
    return Health(path, port, name)


def _port(value: object, container: Body) -> int | None:
    if isinstance(value, int):
        return value
    named = (one for one in container.get("ports") or () if one.get("name") == value)
    return next(_numbers(named), None)


def _numbers(ports: Iterator[Body]) -> Iterator[int]:
    for port in ports:
        if isinstance(port.get("containerPort"), int):
            yield port["containerPort"]


def _pod(body: Body) -> Body:
    pod: Body = body.get("spec", {}).get("template", {}).get("spec") or {}
    return pod
