"""What the tests of `engine.signs` share: contexts in the middle of a rollout, and looks."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Measurement, Step, StepState, WatchState
from release_coordinator.engine import tracking, watchlist
from release_coordinator.engine.context import Context
from release_coordinator.engine.observation import NotSeen
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.subject import Subject

BACKEND, FRONTEND = "rollout/backend", "rollout/frontend"
CHANGED = DAWN
COMPLETE = DAWN + timedelta(seconds=20)


def rolled_out(step: str, *, done: bool = True) -> Step:
    """A component that has its new template, and its pods too."""
    state = StepState.SUCCEEDED if done else StepState.RUNNING
    finished = COMPLETE if done else None
    return Step(id=step, state=state, started_at=DAWN, finished_at=finished, hash="1")


def watching(
    watch: Mapping[str, Any],
    *steps: Step,
    at: float,
    entries: tuple[Measurement, ...] = (),
    spec: Mapping[str, Any] | None = None,
) -> Context:
    """So many seconds after the first change."""
    body = bookshop()
    body["spec"] |= {"watch": {"duration": "10m", **watch}, **(spec or {})}
    now = DAWN + timedelta(seconds=at)
    state = WatchState(changed_at=CHANGED)
    return context(body, steps=steps, now=now, watch=state, measurements=list(entries))


def subject(ctx: Context) -> Subject:
    """The only thing that is watched."""
    (found,) = watchlist.of(ctx.plan)
    return found


def look(ctx: Context, facts: Mapping[Any, Any], due: datetime | None = None) -> Finding | None:
    """What one look shows; facts by the type of the question, or by the question."""
    known: dict[Any, Any] = {}
    while True:
        try:
            seen = type(ctx.seen)(known)
            found = subject(ctx).look(ctx_with(ctx, seen), due or ctx.now)
        except NotSeen as question:
            known |= {want: facts.get(want, facts.get(type(want))) for want in question.wants}
            continue
        assert found is None or isinstance(found, Finding)
        return found


def ctx_with(ctx: Context, seen: Any) -> Context:
    """The context with other facts."""
    return Context(
        ctx.release, ctx.status, ctx.attempt, ctx.plan, ctx.revision, seen, ctx.now, ctx.fresh
    )


def entry_after(ctx: Context, found: Finding) -> Measurement:
    """The journal's entry after a look."""
    watch = ctx.plan.spec.watch
    assert watch is not None
    return tracking.updated(ctx, watch, subject(ctx), found)
