"""Small pure helpers on API bodies, shared by both clusters and by the watch cache."""

import sys
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, TypeVar

from release_coordinator.cluster.port import CONFIG_MAP, RECORD, Body, Kind, Ref
from release_coordinator.engine.names import LABEL_EXPORT

_Json = TypeVar("_Json")


def clone(value: _Json) -> _Json:
    """Copy a JSON value; several times faster than `copy.deepcopy`, which expects anything."""
    result: Any = value
    if isinstance(value, dict):
        result = {key: clone(item) for key, item in value.items()}
    elif isinstance(value, list):
        result = [clone(item) for item in value]
    return result  # type: ignore[no-any-return]  # the same type as `value`, leaf by leaf


_IDENTITY = ("name", "uid", "resourceVersion")
_SAID = (
    *("attempt", "message", "startedAt", "endedAt", "changedAt", "durationSeconds"),
    "recordDigest",
)
"""What is asked of all records all the time; who needs the rest of one reads it."""
_SHARED = (
    *("release", "releaseUid", "version", "previousVersion", "type", "digest", "artifactDigest"),
    *("outcome", "reason"),
)
"""The same in many records, so that one copy of each does."""
_GATE = ("name", "state", "owner", "waitedSeconds")
_DOWNTIME = ("seconds", "measuredSeconds")
_MESSAGE = 513
"""Characters; one more than anybody shows, so that it is seen that it goes on."""


class _Slim(dict[str, Any]):
    """An object of which the rest was left out already."""

    __slots__ = ()


def kept(kind: Kind, body: Body) -> Body:
    """Return what a cache keeps of an object; of what it has returned the same.

    There is a record for each attempt that ever ended, so that of them it is little: what retention
    (`engine.retention`), the release metrics (`engine.deployments`), incidents and lists ask. It
    still reads as a record, with gates only as far as something has waited at them.
    """
    if isinstance(body, _Slim):
        return body
    if kind is CONFIG_MAP and LABEL_EXPORT in (body.get("metadata", {}).get("labels") or {}):
        return _Slim(metadata=_identity(body))  # large, and read when a gate asks for it
    if kind is not RECORD:
        return lean(body)
    return _Slim(metadata=_identity(body), spec=_said(body.get("spec", {})))


def _identity(body: Body) -> Body:
    metadata = body.get("metadata", {})
    identity = {key: metadata[key] for key in _IDENTITY if key in metadata}
    identity |= _part(metadata, ("namespace",))
    identity["labels"] = _labels(tuple((metadata.get("labels") or {}).items()))
    return identity


def _said(spec: Body) -> Body:
    said = {key: spec[key] for key in _SAID if key in spec}
    said |= {key: _shared(spec[key]) for key in _SHARED if key in spec}
    if len(said.get("message", "")) > _MESSAGE:
        said["message"] = said["message"][:_MESSAGE]
    waited = [_part(gate, _GATE) for gate in spec.get("gates", ()) if gate.get("waitedSeconds")]
    if waited:
        said["gates"] = waited
    if spec.get("fixes"):
        said["fixes"] = spec["fixes"]
    if spec.get("held"):
        said["held"] = spec["held"][-1:]
    if spec.get("rollback"):
        said["rollback"] = spec["rollback"]
    if spec.get("downtime"):
        said["downtime"] = _part(spec["downtime"], _DOWNTIME)
    return said


def _part(value: Body, keys: tuple[str, ...]) -> Body:
    return {key: _shared(value[key]) for key in keys if key in value}


@lru_cache(maxsize=1024)
def _labels(labels: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The same object for all records of a Release."""
    return dict(labels)


def _shared(value: Any) -> Any:
    return sys.intern(value) if type(value) is str else value


def lean(body: Body) -> Body:
    """Return the body without `metadata.managedFields`, often half of an object's size."""
    metadata = body.get("metadata", {})
    if "managedFields" not in metadata:
        return body
    kept = {key: value for key, value in metadata.items() if key != "managedFields"}
    return {**body, "metadata": kept}


def ref_of(kind: Kind, body: Body) -> Ref:
    """Return which object a body describes."""
    metadata = body.get("metadata", {})
    namespace = metadata.get("namespace") if kind.namespaced else None
    return Ref(kind, namespace, metadata.get("name", ""))


def uid_of(body: Body) -> str:
    """Return the UID, or "" when the body has none."""
    return str(body.get("metadata", {}).get("uid") or "")


def version_of(body: Body) -> str:
    """Return the resourceVersion, or "" when the body has none."""
    return str(body.get("metadata", {}).get("resourceVersion") or "")


def has_labels(body: Body, wanted: Mapping[str, str]) -> bool:
    """Tell whether the labels of the object include the wanted ones."""
    labels = body.get("metadata", {}).get("labels") or {}
    return all(labels.get(key) == value for key, value in wanted.items())
