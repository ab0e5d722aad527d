"""Gate R3.4: what runs now is whole and can be recorded as the way back.

Also the place where a Release meets the cluster for the first time: unknown workloads and
unknown container names are told here.
"""

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.release import Component
from release_coordinator.engine import inheritance, locks, rehearsal, snapshots, switchable, trials
from release_coordinator.engine.context import Context
from release_coordinator.engine.lockfacts import RivalsWant
from release_coordinator.engine.runfacts import WorkloadFact, WorkloadWant
from release_coordinator.engine.wording import some

from .verdict import GateVerdict, failed, passed, unknown

NAME = GateName.ROLLBACK_TARGET
OWNER = Role.DEVOPS


def evaluate(ctx: Context) -> GateVerdict:
    """Look at every component's workload, and whether the way back can be rehearsed."""
    if obstacle := rehearsal.obstacle(ctx):
        return failed(NAME, OWNER, obstacle)
    components = ctx.plan.spec.components
    targets = tuple(component.target for component in components)
    rivals = RivalsWant(ctx.release.name, targets)
    ctx.seen.gather(rivals, *trials.wants(ctx), *(WorkloadWant(target) for target in targets))
    faults = [
        fault
        for index, component in enumerate(components)
        if (fault := _fault(ctx, index, component))
    ]
    faults += [*switchable.obstacles(ctx), *inheritance.obstacles(ctx)]
    if faults:
        return failed(NAME, OWNER, "; ".join(faults))
    if unguarded := trials.unguarded(ctx):
        return unknown(NAME, Role.PLATFORM, unguarded, watched=True)
    if problem := trials.problem(ctx):
        return unknown(NAME, OWNER, problem)
    version = ctx.attempt.previous_version or "the images that run now"
    count = len(components) - len(trials.absent(ctx))
    text = f"a rollback restores {version} of {count} components{trials.outlook(ctx)}"
    text += _shared(ctx)
    text += _besides(ctx)
    return passed(NAME, OWNER, text)


def _shared(ctx: Context) -> str:
    """What is also released by somebody else; told early, because one will wait for the other."""
    targets = tuple(component.target for component in ctx.plan.spec.components)
    rivals = ctx.seen.rivals(ctx.release.name, targets)
    named = [f"{rival.workload} (Release {rival.release})" for rival in rivals]
    if not named:
        return ""
    return f"; also named by another Release, so one waits for the other: {some(named)}"


def _besides(ctx: Context) -> str:
    """What a rollback brings back, or does not, besides the images that run now."""
    facts = ((c.name, ctx.seen.workload(c.target)) for c in ctx.plan.spec.components)
    said = [note for name, fact in facts if fact for note in snapshots.outlook(ctx, name, fact)]
    return "".join(f"; {note}" for note in dict.fromkeys(said))


def _in_other_hands(ctx: Context, fact: WorkloadFact) -> bool:
    """Whether another Release is at work on it: its lock is waited for, then all is asked again."""
    owner = fact.labelled_for
    return owner not in {"", ctx.release.name} and locks.is_released_now(owner, ctx.seen)


def _fault(ctx: Context, index: int, component: Component) -> str:
    target = component.target
    fact = ctx.seen.workload(target)
    if component.workload is not None and (fault := trials.fault(ctx, index, component)):
        return fault
    if fact is None and component.workload is not None:
        return ""
    if fact is None:
        return (
            f"spec.components[{index}].workloadRef: there is no {target} in this "
            "namespace; create it or correct the name"
        )
    unknown = sorted(set(component.images) - set(fact.images))
    if unknown and component.workload is None:
        return (
            f"spec.components[{index}].images: {target} has no container "
            f"{', '.join(unknown)}; it has {', '.join(sorted(fact.images))}"
        )
    if fact.kept_back:
        return f"{target} would not be updated: {fact.kept_back}"
    if not fact.rolled_out and ctx.attempt.basis is None and not _in_other_hands(ctx, fact):
        return (
            f"{target} is not healthy before the release ({fact.trouble or 'rolling out'})"
            "; repair it first, so that there is a good state to go back to"
        )
    return ""
