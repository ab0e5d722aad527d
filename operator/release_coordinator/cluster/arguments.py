"""What both clusters refuse before they do anything: calls that would do something else.

Each check closes a trap of the real API: it would list instead of read, create instead of
change, or overwrite what somebody else has just written.
"""

from release_coordinator.cluster.bodies import ref_of, version_of
from release_coordinator.cluster.port import Body, Kind, Ref
from release_coordinator.errors import Invalid


def check_name(name: str) -> None:
    """An empty name would address the whole list, and ".." (clients resolve it) another object."""
    if name in {"", ".", ".."} or "/" in name or "%" in name:
        raise Invalid(f"{name!r} cannot be the name of an object")


def split_api_version(api_version: str) -> tuple[str, str]:
    """Group ("" for the core) and version, neither of which leads to another path."""
    group, slash, version = api_version.rpartition("/")
    for part in (group, version) if slash else (version,):
        check_name(part)
    return group, version


def check_ref(ref: Ref) -> None:
    """Without its namespace a namespaced object has another URL."""
    check_name(ref.name)
    if ref.kind.namespaced:
        check_name(ref.namespace or "")


def check_create(kind: Kind, body: Body) -> None:
    """With a version the server would answer 500, which reads like a passing trouble."""
    if kind.namespaced:
        check_name(ref_of(kind, body).namespace or "")
    if version_of(body):
        raise Invalid("an object to create has no metadata.resourceVersion")


def check_replace(body: Body) -> None:
    """Without a version the server would overwrite built-in kinds silently."""
    if not version_of(body):
        raise Invalid("replacing needs metadata.resourceVersion")


def check_delete(uid: str) -> None:
    """Without a UID the server would delete whatever has the name now."""
    if not uid:
        raise Invalid("delete needs the UID")
