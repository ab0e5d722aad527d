"""Gate R3.4: what runs now is whole and can be recorded as the way back.

Also the place where a Release meets the cluster for the first time: unknown workloads and
unknown container names are told here.
"""

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.release import Component
from release_coordinator.engine.context import Context
from release_coordinator.engine.names import LABEL_RELEASE
from release_coordinator.engine.observation import WorkloadWant

from .verdict import GateVerdict, failed, passed

NAME = GateName.ROLLBACK_TARGET
OWNER = Role.DEVOPS


def evaluate(ctx: Context) -> GateVerdict:
    """Look at every component's workload."""
    components = ctx.plan.spec.components
    ctx.seen.gather(*(WorkloadWant(c.target) for c in components))
    faults = [
        fault
        for index, component in enumerate(components)
        if (fault := _fault(ctx, index, component))
    ]
    if faults:
        return failed(NAME, OWNER, "; ".join(faults))
    version = ctx.attempt.previous_version or "the images that run now"
    return passed(NAME, OWNER, f"a rollback restores {version} of {len(components)} components")


def _fault(ctx: Context, index: int, component: Component) -> str:
    target = component.target
    fact = ctx.seen.workload(target)
    if fact is None:
        return (
            f"spec.components[{index}].workloadRef: there is no {target} in this "
            "namespace; create it or correct the name"
        )
    if fact.labelled_for not in {"", ctx.release.name}:
        return (
            f"spec.components[{index}].workloadRef: {target} belongs to Release "
            f"{fact.labelled_for}; give it to one Release only. If that Release is gone, remove "
            f"the label {LABEL_RELEASE} from the workload"
        )
    unknown = sorted(set(component.images) - set(fact.images))
    if unknown:
        return (
            f"spec.components[{index}].images: {target} has no container "
            f"{', '.join(unknown)}; it has {', '.join(sorted(fact.images))}"
        )
    if not fact.rolled_out and ctx.attempt.basis is None:
        return (
            f"{target} is not healthy before the release ({fact.trouble or 'rolling out'})"
            "; repair it first, so that there is a good state to go back to"
        )
    return ""
