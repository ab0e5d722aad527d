"""What was kept for the rollbacks of a Release, and which copies live workloads name.

Secrets are read one by one, by the names that snapshots give: the operator may not list them.
"""

from typing import Any

from release_coordinator.api.snapshot import ConfigKind
from release_coordinator.cluster.port import CONFIG_MAP, CONTROLLER_REVISION, SECRET, Body, Ref
from release_coordinator.cluster.workloads import KINDS
from release_coordinator.engine import names, templates
from release_coordinator.engine.evidence import KeptObject, LeftoversFact, LeftoversWant
from release_coordinator.errors import Denied, NotFound

from .sources import Sources


async def look(sources: Sources, namespace: str, want: LeftoversWant) -> LeftoversFact:
    """Everything that carries the UID of the Release."""
    ours = {names.LABEL_UID: want.uid}
    try:
        revisions = await sources.cluster.list(CONTROLLER_REVISION, namespace, ours)
        copies = await sources.cluster.list(CONFIG_MAP, namespace, ours)
        secrets = await _secrets(sources, namespace, revisions, want.uid)
        used = await _used(sources, namespace)
    except Denied as error:
        return LeftoversFact(problem=f"the operator may not look what it has kept: {error}")
    return LeftoversFact(
        plans=tuple(_plan(body) for body in revisions if _is_plan(body)),
        snapshots=tuple(_snapshot(body) for body in revisions if not _is_plan(body)),
        copies=tuple(
            KeptObject(body["kind"], body["metadata"]["name"], body["metadata"]["uid"])
            for body in [*copies, *secrets]
            if body.get("immutable") is True
        ),
        used=frozenset(used),
    )


async def _secrets(sources: Sources, namespace: str, revisions: list[Body], uid: str) -> list[Body]:
    if not sources.keep_secrets:
        return []
    found = []
    for name in sorted({n for r in revisions for n in _kept(r, ConfigKind.SECRET)}):
        try:
            body = await sources.cluster.get(Ref(SECRET, namespace, name))
        except NotFound:
            continue
        if (body["metadata"].get("labels") or {}).get(names.LABEL_UID) == uid:
            found.append(body)
    return found


async def _used(sources: Sources, namespace: str) -> set[str]:
    bodies = [b for kind in KINDS.values() for b in await sources.cluster.list(kind, namespace)]
    return {
        name for body in bodies for _, name in templates.sources(body["spec"].get("template", {}))
    }


def _is_plan(body: Body) -> bool:
    return names.LABEL_ATTEMPT in body["metadata"]["labels"]


def _plan(body: Body) -> KeptObject:
    metadata = body["metadata"]
    number = metadata["labels"][names.LABEL_ATTEMPT]
    previous = _list(body, "previous")
    return KeptObject(
        body["kind"],
        metadata["name"],
        metadata["uid"],
        int(number) if number.isdecimal() else 0,
        frozenset(str(entry["snapshot"]) for entry in previous if entry.get("snapshot")),
    )


def _snapshot(body: Body) -> KeptObject:
    metadata = body["metadata"]
    needs = frozenset(name for kind in ConfigKind for name in _kept(body, kind))
    return KeptObject(body["kind"], metadata["name"], metadata["uid"], needs=needs)


def _kept(body: Body, kind: ConfigKind) -> list[str]:
    refs = _list(body, "config")
    return [str(r["keptAs"]) for r in refs if r.get("kind") == kind and r.get("keptAs")]


def _list(body: Body, key: str) -> list[dict[str, Any]]:
    """A list of objects in the data; whoever has put something else there has said nothing."""
    found = (body.get("data") or {}).get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
