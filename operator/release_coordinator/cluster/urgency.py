"""Which Releases go first when there is more to do than workers; pure, from the watch cache.

The way back: an attempt that is being rolled back, or that a person wants to be.
"""

from release_coordinator.engine import names

from .port import Body

WAY_BACK = (names.ANNOTATION_ROLLBACK, names.ANNOTATION_ABORT)
"""Orders that name the attempt they are for."""


def is_urgent(release: Body | None) -> bool:
    """Whether the present attempt of a Release is on its way back; None: the Release is gone."""
    status = (release or {}).get("status") or {}
    attempt = status.get("attempt") or {}
    if release is None or not attempt or attempt.get("recorded"):
        return False
    if attempt.get("trigger"):
        return True
    metadata = release["metadata"]
    ordered = metadata.get("annotations") or {}
    number = str(attempt.get("number"))
    return "deletionTimestamp" in metadata or any(ordered.get(key) == number for key in WAY_BACK)
