"""Whether configuration is what it was, and what was kept of it; never its content.

Secrets are looked at only where the platform team lets the operator keep copies of them
(`Settings.keep_secrets`); elsewhere a rollback leaves them as they are.
"""

from pydantic import ValidationError

from release_coordinator.api.snapshot import ConfigKind, Snapshot
from release_coordinator.cluster.configuration import KINDS, version_of
from release_coordinator.cluster.port import CONTROLLER_REVISION, Ref
from release_coordinator.engine import names
from release_coordinator.engine.evidence import (
    ConfigStateFact,
    ConfigStateWant,
    KeptFact,
    KeptWant,
    SnapshotWant,
)
from release_coordinator.errors import Denied, NotFound
from release_coordinator.render.objects import read_snapshot

from .sources import Sources

_ISSUED = {"kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"}
"""Types of Secret that only the cluster itself can fill."""


async def state(sources: Sources, namespace: str, want: ConfigStateWant) -> ConfigStateFact:
    """The present version of a ConfigMap or Secret."""
    if want.kind is ConfigKind.SECRET and not sources.keep_secrets:
        return ConfigStateFact("", "the operator keeps no copies of Secrets here")
    try:
        body = await sources.cluster.get(Ref(KINDS[want.kind], namespace, want.name))
    except NotFound:
        return ConfigStateFact("")
    except Denied:
        return ConfigStateFact("", f"the operator may not read {KINDS[want.kind].plural}")
    if body.get("type") in _ISSUED:
        return ConfigStateFact("", "the cluster issues it, a copy would be worth nothing")
    return ConfigStateFact(version_of(body))


async def kept(sources: Sources, namespace: str, want: KeptWant) -> KeptFact | None:
    """A copy of configuration. It never changes, but may be deleted: it is read live."""
    try:
        body = await sources.cluster.get(Ref(KINDS[want.kind], namespace, want.name))
    except (NotFound, Denied):
        return None
    labels = body["metadata"].get("labels") or {}
    made_for_it = labels.get(names.LABEL_UID) == want.uid and body.get("immutable") is True
    same = want.kind is ConfigKind.SECRET or version_of(body) == want.version
    return KeptFact(made_for_it and same, body["metadata"]["uid"])


async def snapshot(sources: Sources, namespace: str, want: SnapshotWant) -> Snapshot | None:
    """What a component ran, read live: somebody may have deleted it. Spoilt is as good as gone."""
    try:
        body = await sources.cluster.get(Ref(CONTROLLER_REVISION, namespace, want.name))
    except NotFound:
        return None
    if not names.is_named_for(body):
        return None
    try:
        return read_snapshot(body)
    except ValidationError:
        return None
