"""Which workloads run the new version by now, and since when: whose pods and logs are looked at.

Used by `engine.signs.pods` and `engine.signs.logs`. A pod is the new version's if its images are.
Until its workload is rolled out it must also be younger than the change, for a release need not
change an image; afterwards every pod of the workload is.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from release_coordinator.api.attempt import StepState
from release_coordinator.api.release import Component, WorkloadRef

from . import bluegreen, traffic
from .context import Context

CHANGES = (traffic.TWIN, traffic.PIN)
"""Steps of which the first is the first that changes anything for users."""
SKEW = timedelta(seconds=5)
"""By so much our clock and the API server's may differ: see `servertime`."""


@dataclass(frozen=True, slots=True)
class Renewed:
    """A component's workload that runs the new version, or begins to."""

    component: Component
    workload: WorkloadRef
    complete: datetime | None
    """When all its pods were the new version's and ready; None: not yet."""
    created: datetime
    """Pods that were created before are not the change's."""
    images: frozenset[str]


def workloads(ctx: Context, component: str | None = None) -> list[Renewed]:
    """All of them, or that of one component, in the order of the rollout."""
    since = changed_at(ctx) - SKEW
    return [
        found
        for one in ctx.plan.order
        if component in {None, one.name} and (found := _renewed(ctx, one, since)) is not None
    ]


def _renewed(ctx: Context, component: Component, since: datetime) -> Renewed | None:
    step = ctx.step(traffic.TWIN + component.name)
    if step is None or step.hash is None:
        return None  # our change has not been seen to be there
    where = bluegreen.beside(ctx, component) if component.is_blue_green else component
    done = step.finished_at if step.state is StepState.SUCCEEDED else None
    images = frozenset(component.images.values())
    return Renewed(component, where.target, done, since, images)


def changed_at(ctx: Context) -> datetime:
    """When the first change was about to be made, or a moment before."""
    watch = ctx.attempt.watch
    if watch is not None and watch.changed_at is not None:
        return watch.changed_at
    before = ctx.attempt.started_at
    for step in ctx.attempt.steps:
        if step.id.startswith(CHANGES):
            return before
        before = step.finished_at or step.started_at
    return ctx.now
