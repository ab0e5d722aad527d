"""Paths of the REST API, from `Kind` and `Ref` alone. What we use ourselves is not discovered."""

from datetime import UTC

from release_coordinator.cluster.arguments import check_name, check_ref
from release_coordinator.cluster.port import Kind, LogRequest, Ref


def group_path(group: str, version: str) -> str:
    """Return the path below which a version of an API group lies; `group` is "" for the core."""
    return f"/apis/{group}/{version}" if group else f"/api/{version}"


def collection_path(kind: Kind, namespace: str | None) -> str:
    """Return the path of all objects of a kind, of one namespace or of all (None)."""
    root = group_path(kind.group, kind.version)
    if not kind.namespaced or namespace is None:
        return f"{root}/{kind.plural}"
    check_name(namespace)
    return f"{root}/namespaces/{namespace}/{kind.plural}"


def object_path(ref: Ref) -> str:
    """Return the path of one object; raises Invalid for what no object can be called."""
    check_ref(ref)
    return f"{collection_path(ref.kind, ref.namespace)}/{ref.name}"


def log_query(request: LogRequest) -> tuple[tuple[str, str], ...]:
    """Return the parameters of a request for a log."""
    since = request.since.astimezone(UTC)
    asked = (
        ("container", request.container),
        ("sinceTime", f"{since:%Y-%m-%dT%H:%M:%SZ}"),
        ("limitBytes", str(request.limit)),
        ("timestamps", "true"),
    )
    return (*asked, ("previous", "true")) if request.previous else asked
