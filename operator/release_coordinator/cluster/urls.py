"""Paths of the REST API, from `Kind` and `Ref` alone. What we use ourselves is not discovered."""

from release_coordinator.cluster.arguments import check_name, check_ref
from release_coordinator.cluster.port import Kind, Ref


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
