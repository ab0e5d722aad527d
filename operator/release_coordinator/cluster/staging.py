"""Which Releases wait for a staging Release; pure, from the watch cache.

`handlers` asks it when a staging Release has ended an attempt, so that nobody polls for that.
"""

from collections.abc import Iterator

from release_coordinator.api.policy import DEFAULT_POLICY

from .port import POLICY, RELEASE, Body, Ref
from .store import Store


def waiting_on(store: Store, staging: Body) -> list[tuple[str, str]]:
    """Namespace and name of every Release whose policy names this one as its staging.

    None while the staging Release has no ended attempt: then there is no new record.
    """
    attempt = (staging.get("status") or {}).get("attempt") or {}
    if not attempt.get("recorded"):
        return []
    metadata = staging["metadata"]
    proved = metadata["namespace"], metadata["name"]
    return sorted({key for policy in store.select(POLICY) for key in _of(store, policy, proved)})


def _of(store: Store, policy: Body, proved: tuple[str, str]) -> Iterator[tuple[str, str]]:
    """The Releases a policy counts for, if this is the staging it names for them."""
    named = (policy.get("spec") or {}).get("staging") or {}
    if named.get("namespace") != proved[0] or named.get("exported"):
        return
    namespace, own = policy["metadata"]["namespace"], policy["metadata"]["name"]
    for release in store.select(RELEASE, namespace):
        name = release["metadata"]["name"]
        counts = own == name or (
            own == DEFAULT_POLICY and store.get(Ref(POLICY, namespace, name)) is None
        )
        key = namespace, name
        if counts and (named.get("release") or name) == proved[1] and key != proved:
            yield key
