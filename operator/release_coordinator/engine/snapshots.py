"""What components run, kept so that it can be restored: pod template and configuration.

Taken by `phases.preparing` before the first change and by `phases.keeping` when a version has
proved good; used by `workloads` on the way back and by `gates.rollback_target`, which says
beforehand what a rollback would do. Names say the content, so keeping the same again costs nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import RollbackConfiguration
from release_coordinator.api.snapshot import ConfigRef, Snapshot, Source

from . import creating, names, templates
from .action import CopyConfig, CreateSnapshots
from .context import Context
from .evidence import ConfigStateWant, KeptFact, KeptWant
from .outcome import Do, Failed
from .plan import canonical
from .runfacts import WorkloadFact


@dataclass(frozen=True, slots=True)
class Taken:
    """What a component runs, under the name it is kept by."""

    name: str
    snapshot: Snapshot


@dataclass(frozen=True, slots=True)
class Restoration:
    """What a workload is to be again."""

    template: templates.Template
    renamed: Mapping[Source, str] = field(default_factory=dict)
    """Copies of configuration that it names -> the original's name."""
    lacks: tuple[str, ...] = ()
    """Configuration that is not what it was, and of which there is no copy."""


def take(ctx: Context, component: str, fact: WorkloadFact) -> Taken | Do | Failed:
    """What a component runs, or the copy of its configuration that is to be made first.

    Kept under the original names, even while the pods name copies since a rollback.
    """
    template, content = _with_originals(fact)
    found = templates.sources(template)
    held = {source: content.get(source, source) for source in found}
    ctx.seen.gather(*(ConfigStateWant(*source) for source in held.values()))
    refs = {source: _ref(ctx, source, held[source]) for source in found}
    ctx.seen.gather(*(_want(ctx, ref) for ref in refs.values() if ref.kept_as))
    for source, ref in refs.items():
        missing = _missing(ctx, ref, held[source][1])
        if missing is not None:
            return missing
    snapshot = Snapshot(
        kind=fact.ref.kind,
        workload=fact.ref.name,
        uid=fact.uid,
        template=dict(template),
        config=list(refs.values()),
        **creating.recorded(ctx, component, fact),
    )
    return Taken(_name(ctx, component, snapshot), snapshot)


def completed(ctx: Context, component: str, fact: WorkloadFact, name: str) -> Taken | None:
    """A snapshot of a workload that was only named then, with what an inline one has besides.

    Its pods are still to be what they were; the rest is as it is before the plan changes it.
    None if nothing lacks, or the snapshot is gone.
    """
    snapshot = ctx.seen.snapshot(name)
    if snapshot is None or snapshot.document is not None or not creating.is_inline(ctx, component):
        return None
    whole = snapshot.model_copy(update=creating.recorded(ctx, component, fact))
    return Taken(_name(ctx, component, whole), whole)


def _name(ctx: Context, component: str, snapshot: Snapshot) -> str:
    content = canonical(snapshot.to_wire())
    return names.snapshot_name(ctx.release.name, ctx.release.uid, component, content)


def store(ctx: Context, taken: list[Taken]) -> Do | Failed | None:
    """Keep what is not kept yet; None when all is."""
    known = {one.name: ctx.seen.snapshot(one.name) for one in taken}
    foreign = [one.name for one in taken if known[one.name] not in (None, one.snapshot)]
    if foreign:
        text = f"ControllerRevision {', '.join(foreign)} is not ours; delete it and try again"
        return Failed(Reason.NAME_TAKEN, text)
    new = tuple((one.name, one.snapshot) for one in taken if known[one.name] is None)
    return Do(CreateSnapshots(new)) if new else None


def good(ctx: Context, component: str, fact: WorkloadFact) -> Taken | Do | None:
    """What the running images were found good with; None: nothing is known.

    A copy of its configuration that is gone is made again, as long as the original is what it was;
    if it is not, nothing is left of the good state and a rollback restores what runs now.
    """
    found = found_good(ctx, component, fact)
    if found is None:
        return None
    refs = [ref for ref in found.snapshot.config if ref.kept_as]
    ctx.seen.gather(*(_want(ctx, ref) for ref in refs))
    for ref in refs:
        if _is_kept(ctx, ref):
            continue
        state = ctx.seen.config_state((ref.kind, ref.name))
        missing = _missing(ctx, ref, ref.name)
        if state.version != ref.version or not isinstance(missing, Do):
            return None
        return missing
    snapshot = creating.kept(ctx, component, found.snapshot, fact)
    if snapshot == found.snapshot:
        return found
    return Taken(_name(ctx, component, snapshot), snapshot)


def found_good(ctx: Context, component: str, fact: WorkloadFact) -> Taken | None:
    """What the last good version ran, if the workload still runs its images."""
    if ctx.plan.spec.rollback.configuration is not RollbackConfiguration.LAST_GOOD:
        return None
    current = ctx.status.current
    name = current.snapshots.get(component) if current else None
    snapshot = ctx.seen.snapshot(name) if name else None
    if name is None or snapshot is None or snapshot.uid != fact.uid:
        return None
    if snapshot.document is None and creating.is_inline(ctx, component):
        return None  # it was taken over: what else has to be given back is not known yet
    was = {one["name"]: one.get("image") for one in templates.containers(snapshot.template)}
    return Taken(name, snapshot) if was == dict(fact.images) else None


def restored(ctx: Context, snapshot: Snapshot) -> Restoration:
    """What to go back to. Where configuration is not what it was, pods get the copy.

    What people or Git have written stays as it is.
    """
    changed = _changed(ctx, snapshot)
    ctx.seen.gather(*(_want(ctx, ref) for ref in changed if ref.kept_as))
    there = {(ref.kind, ref.name): str(ref.kept_as) for ref in changed if _is_kept(ctx, ref)}
    lacks = tuple(f"{ref.kind} {ref.name}" for ref in changed if not _is_kept(ctx, ref))
    originals = {(kind, copy): name for (kind, name), copy in there.items()}
    return Restoration(templates.renamed(snapshot.template, there), originals, lacks)


def outlook(ctx: Context, component: str, fact: WorkloadFact) -> list[str]:
    """What a rollback would bring besides the images that run now, for whoever decides about it."""
    found = found_good(ctx, component, fact)
    template, _ = _with_originals(fact)
    if found is None:
        return _not_kept(ctx, template)
    said = []
    version = ctx.status.current.version if ctx.status.current else ""
    if found.snapshot.template != template:
        said.append(f"the pod template of {fact.ref}")
    changed = _changed(ctx, found.snapshot)
    ctx.seen.gather(*(_want(ctx, ref) for ref in changed if ref.kept_as))
    said += [f"{ref.kind} {ref.name}" for ref in changed if _is_kept(ctx, ref)]
    gone = [f"{ref.kind} {ref.name}" for ref in changed if not _is_kept(ctx, ref)]
    notes = []
    if gone:
        notes.append(
            f"of {', '.join(gone)}, changed since {version} was found good, there is no copy: a "
            "rollback restores what runs now"
        )
    elif said:
        notes.append(
            f"changed since {version} was found good: {', '.join(said)}; a rollback gives the pods "
            "the former state (spec.rollback.configuration: AsFound keeps the present one)"
        )
    return notes + _not_kept(ctx, template)


def _not_kept(ctx: Context, template: templates.Template) -> list[str]:
    """Configuration that a rollback leaves as it is then."""
    found = templates.sources(template)
    ctx.seen.gather(*(ConfigStateWant(*source) for source in found))
    problems: dict[str, list[str]] = {}
    for kind, name in found:
        problem = ctx.seen.config_state((kind, name)).problem
        if problem:
            problems.setdefault(problem, []).append(f"{kind} {name}")
    return [f"not kept: {', '.join(named)} ({why})" for why, named in problems.items()]


def _with_originals(fact: WorkloadFact) -> tuple[templates.Template, dict[Source, Source]]:
    """The template under the names that people gave, and which of them have their content where."""
    named = templates.sources(fact.template)
    back = {
        (kind, copy): name
        for (kind, copy), name in fact.renamed.items()
        if (kind, copy) in named and (kind, name) not in named
    }
    content = {(kind, name): (kind, copy) for (kind, copy), name in back.items()}
    return templates.renamed(fact.template, back), content


def _changed(ctx: Context, snapshot: Snapshot) -> list[ConfigRef]:
    """What of the configuration was there and is no longer what it was."""
    known = [ref for ref in snapshot.config if ref.kept_as]
    ctx.seen.gather(*(ConfigStateWant(ref.kind, ref.name) for ref in known))
    return [
        ref for ref in known if ctx.seen.config_state((ref.kind, ref.name)).version != ref.version
    ]


def _ref(ctx: Context, source: Source, content: Source) -> ConfigRef:
    kind, name = source
    version = ctx.seen.config_state(content).version
    kept_as = names.copy_name(name, ctx.release.uid, kind, version) if version else None
    return ConfigRef(kind=kind, name=name, version=version, kept_as=kept_as)


def _want(ctx: Context, ref: ConfigRef) -> KeptWant:
    return KeptWant(ref.kind, ref.kept_as or "", ctx.release.uid, ref.version)


def _kept(ctx: Context, ref: ConfigRef) -> KeptFact | None:
    return ctx.seen.kept(_want(ctx, ref)) if ref.kept_as else None


def _is_kept(ctx: Context, ref: ConfigRef) -> bool:
    fact = _kept(ctx, ref)
    return fact is not None and fact.ours


def _missing(ctx: Context, ref: ConfigRef, content: str) -> Do | Failed | None:
    """How the copy of something is made; None if it is there, or not to be kept."""
    if ref.kept_as is None or _is_kept(ctx, ref):
        return None
    if _kept(ctx, ref) is None:
        return Do(CopyConfig(ref.kind, content, ref.version, ref.kept_as))
    text = (
        f"{ref.kind} {ref.kept_as} exists and is not the immutable copy of {ref.kind} {ref.name} "
        "that a rollback needs: somebody else has made or changed it; delete it and try again"
    )
    return Failed(Reason.NAME_TAKEN, text)
