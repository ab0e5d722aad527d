"""What an attempt takes over from an earlier one whose rollback failed: `attempt.basis`.

What was to be restored then is still the good state, but only of the very workloads it was
recorded of. Used by `phases.preparing`, which records the way back, and by gate RollbackTarget,
which lets nothing begin that this way back does not cover.
"""

from collections.abc import Iterator

from release_coordinator.api.attempt import PreviousComponent, Revision
from release_coordinator.api.release import Component

from . import plan, switchable
from .context import Context
from .runfacts import WorkloadFact, WorkloadWant


def of(ctx: Context, component: Component, fact: WorkloadFact) -> PreviousComponent | None:
    """What a rollback was to make of the component's workload; None if nothing of this one.

    Not there was only what that attempt has created. A workload that somebody else has made since
    is taken over as it is: a rollback that removed it would delete what was never ours.
    """
    revision = _recorded(ctx)
    entries = revision.previous if revision else []
    known = next((entry for entry in entries if entry.ref == component.target), None)
    if known is None:
        return None
    return None if known.absent and fact.created_for != ctx.release.uid else known


def lost(ctx: Context) -> str:
    """Why nobody knows any more what the failed rollback was to restore; empty if it is known."""
    if ctx.attempt.basis is None or _recorded(ctx) is not None:
        return ""
    return (
        f"ControllerRevision {ctx.attempt.basis}, with what the failed rollback was to restore, is "
        "gone or was changed; restore it from a backup, or bring the workloads into a good state "
        "and delete and create the Release"
    )


def obstacles(ctx: Context) -> list[str]:
    """What a rollback would leave running of the version that was to go, a sentence each."""
    revision = _recorded(ctx)
    if revision is None:
        return [text] if (text := lost(ctx)) else []
    switched = {one.target for one in ctx.plan.spec.components if one.is_blue_green}
    former = [one for one in revision.spec.components if one.is_blue_green]
    left = [one for one in former if one.target not in switched]
    return [*_switched(ctx), *_dropped(ctx, revision), *switchable.left(ctx, left)]


def _recorded(ctx: Context) -> Revision | None:
    """None if nothing is inherited, or it is gone or was changed."""
    name, digest = ctx.attempt.basis, ctx.attempt.basis_digest
    revision = ctx.seen.revision(name, digest=digest) if name else None
    return revision if plan.is_recorded(revision, digest) else None


def _switched(ctx: Context) -> Iterator[str]:
    """Pods that run beside others are kept for the way back, so they must be known to be good."""
    for index, component in enumerate(ctx.plan.spec.components):
        if component.is_blue_green:
            yield (
                f"spec.components[{index}].strategy: a rollback has failed, so the pods of "
                f"{component.target} may be those that were to go, and are no way back; release "
                "once with strategy Rolling"
            )


def _dropped(ctx: Context, revision: Revision) -> Iterator[str]:
    """Workloads that no component names any more, and that are not as they were to be again."""
    named = {component.target for component in ctx.plan.spec.components}
    left = [entry for entry in revision.previous if entry.ref not in named]
    ctx.seen.gather(*(WorkloadWant(entry.ref, ctx.fresh) for entry in left))
    for entry in left:
        fact = ctx.seen.workload(entry.ref, fresh=ctx.fresh)
        if _is_back(ctx, entry, fact):
            continue
        images = ", ".join(f"{name}={image}" for name, image in sorted(entry.images.items()))
        how = "delete it" if entry.absent else f"bring it back ({images})"
        yield (
            f"component {entry.name}: a rollback has failed and left {entry.ref} as it should not "
            "be, and without a component nothing takes it back; keep the component with this "
            f"workload until an attempt has ended well, or {how}"
        )


def _is_back(ctx: Context, entry: PreviousComponent, fact: WorkloadFact | None) -> bool:
    """Whether nothing of the version that was to go runs there."""
    if fact is None:
        return True
    if entry.absent:
        return fact.created_for != ctx.release.uid
    return fact.rolled_out and fact.names_images(entry.images)
