"""What components run, kept so that it can be restored: pod template and configuration.

Taken by `phases.preparing` before the first change and by `phases.keeping` when a version has
proved good; used by `phases.rolling_out` on the way back. Names say the content, so keeping the
same again costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Component, RollbackConfiguration
from release_coordinator.api.snapshot import ConfigRef, Snapshot

from . import names, templates
from .action import CopyConfig, CreateSnapshots
from .context import Context
from .evidence import ConfigStateWant, KeptWant
from .observation import Source, WorkloadFact
from .outcome import Do, Failed
from .plan import canonical


@dataclass(frozen=True, slots=True)
class Taken:
    """What a component runs, under the name it is kept by."""

    name: str
    snapshot: Snapshot


def take(ctx: Context, component: Component, fact: WorkloadFact) -> Taken | Do | Failed:
    """What a component runs, or the copy of its configuration that is to be made first."""
    found = templates.sources(fact.template)
    ctx.seen.gather(*(ConfigStateWant(*source) for source in found))
    refs = [_ref(ctx, source, fact) for source in found]
    ctx.seen.gather(*(KeptWant(r.kind, r.kept_as, ctx.release.uid) for r in refs if r.kept_as))
    for ref in refs:
        missing = _missing(ctx, ref)
        if missing is not None:
            return missing
    snapshot = Snapshot(
        kind=fact.ref.kind,
        workload=fact.ref.name,
        uid=fact.uid,
        template=dict(fact.template),
        config=refs,
    )
    release, content = ctx.release, canonical(snapshot.to_wire())
    return Taken(names.snapshot_name(release.name, release.uid, component.name, content), snapshot)


def store(ctx: Context, taken: list[Taken]) -> Do | Failed | None:
    """Keep what is not kept yet; None when all is."""
    known = {one.name: ctx.seen.snapshot(one.name) for one in taken}
    foreign = [one.name for one in taken if known[one.name] not in (None, one.snapshot)]
    if foreign:
        text = f"ControllerRevision {', '.join(foreign)} is not ours; delete it"
        return Failed(Reason.NAME_TAKEN, text)
    new = tuple((one.name, one.snapshot) for one in taken if known[one.name] is None)
    return Do(CreateSnapshots(new)) if new else None


def good(ctx: Context, component: Component, fact: WorkloadFact) -> str | None:
    """The snapshot with which the running images were found good; None: there is none."""
    if ctx.plan.spec.rollback.configuration is not RollbackConfiguration.LAST_GOOD:
        return None
    current = ctx.status.current
    name = current.snapshots.get(component.name) if current else None
    snapshot = ctx.seen.snapshot(name) if name else None
    if snapshot is None or snapshot.uid != fact.uid:
        return None
    was = {one["name"]: one.get("image") for one in templates.containers(snapshot.template)}
    return name if was == dict(fact.images) else None


def restored(ctx: Context, snapshot: Snapshot) -> tuple[templates.Template, Mapping[Source, str]]:
    """The template to go back to, and which of the objects it names are copies of which.

    Where configuration is not what it was, pods get the copy: what people or Git have written
    stays as it is.
    """
    ctx.seen.gather(*(ConfigStateWant(ref.kind, ref.name) for ref in snapshot.config))
    copies = {
        (ref.kind, ref.name): ref.kept_as
        for ref in snapshot.config
        if ref.kept_as and ctx.seen.config_state((ref.kind, ref.name)).version != ref.version
    }
    uid = ctx.release.uid
    ctx.seen.gather(*(KeptWant(kind, copy, uid) for (kind, _), copy in copies.items()))
    there = {
        (kind, name): copy
        for (kind, name), copy in copies.items()
        if (kept := ctx.seen.kept(kind, copy, uid)) is not None and kept.ours
    }
    originals = {(kind, copy): name for (kind, name), copy in there.items()}
    return templates.renamed(snapshot.template, there), originals


def _ref(ctx: Context, source: Source, fact: WorkloadFact) -> ConfigRef:
    kind, name = source
    version = ctx.seen.config_state(source).version
    kept_as = None
    if version and source not in fact.renamed:  # a copy of ours needs none
        kept_as = names.copy_name(name, ctx.release.uid, kind, version)
    return ConfigRef(kind=kind, name=name, version=version, kept_as=kept_as)


def _missing(ctx: Context, ref: ConfigRef) -> Do | Failed | None:
    if ref.kept_as is None:
        return None
    kept = ctx.seen.kept(ref.kind, ref.kept_as, ctx.release.uid)
    if kept is None:
        return Do(CopyConfig(ref.kind, ref.name, ref.version, ref.kept_as))
    if not kept.ours:
        text = f"{ref.kind} {ref.kept_as} is not ours; delete it"
        return Failed(Reason.NAME_TAKEN, text)
    return None
