"""Paths of the REST API, from `Kind` and `Ref` alone: no discovery, so no discovery cache."""

from urllib.parse import quote

from release_coordinator.cluster.port import Kind, Ref
from release_coordinator.errors import Invalid


def collection_path(kind: Kind, namespace: str | None) -> str:
    """Return the path of all objects of a kind, of one namespace or of all (None)."""
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    scope = f"/namespaces/{_segment(namespace)}" if kind.namespaced and namespace else ""
    return f"{root}{scope}/{kind.plural}"


def object_path(ref: Ref) -> str:
    """Return the path of one object; raises Invalid for what no object can be called."""
    if ref.kind.namespaced and not ref.namespace:
        raise Invalid(f"a {ref.kind.kind} needs a namespace")
    return f"{collection_path(ref.kind, ref.namespace)}/{_segment(ref.name)}"


def _segment(name: str) -> str:
    # An empty name would read the whole list and "..", which clients resolve, another object.
    if name in {"", ".", ".."} or "/" in name:
        raise Invalid(f"{name!r} cannot be the name of an object")
    return quote(name, safe="")
