"""Inline workloads before anything is changed: whether they would be taken, and what comes of them.

Used by gate RollbackTarget. The API server is asked itself, by dry runs (`evidence.trials`).
"""

from collections.abc import Iterator

from release_coordinator.api.release import Component

from . import documents, inline
from .context import Context
from .evidence import TrialFact, TrialWant
from .plan import canonical
from .wording import some


def wants(ctx: Context) -> list[TrialWant]:
    """One question for each inline workload."""
    return [_want(component) for component in ctx.plan.spec.components if component.workload]


def unguarded(ctx: Context) -> str:
    """Why nobody knows whether who wrote an inline workload may create it; empty if that is known.

    The operator creates it with its own rights: without the API server's check anybody who edits
    Releases could run any pod.
    """
    if not any(component.workload for component in ctx.plan.spec.components):
        return ""
    seen = ctx.seen.admission().problem
    return (
        f"components[].workload is not believed: who writes it is not checked: {seen}"
        if seen
        else ""
    )


def problem(ctx: Context) -> str:
    """Why a trial could not be made for now; empty if all could."""
    return next((fact.problem for fact in _facts(ctx) if fact.problem), "")


def fault(ctx: Context, index: int, component: Component) -> str:
    """Why an inline workload would not be taken, or not be rolled out; empty if it would."""
    fact = ctx.seen.trial(_want(component))
    field = f"spec.components[{index}].workload"
    if kept_back := documents.kept_back(inline.document(component)["spec"]):
        return f"{field}.spec: {component.target} would not be updated: {kept_back}"
    if fact.refusal:
        return (
            f"{field}: the API server refuses {component.target}: {fact.refusal}; correct the "
            "spec, or have the platform team change what refuses it"
        )
    if fact.lost:
        return (
            f"{field}: the API server would not store {some(fact.lost)} of {component.target} as "
            "declared; it does not know the field, or an admission webhook changes it: correct it"
        )
    return ""


def outlook(ctx: Context) -> str:
    """What is created, taken over or left, as more sentences of the verdict."""
    return "".join(f"; {text}" for text in _outlook(ctx))


def absent(ctx: Context) -> list[str]:
    """Inline workloads that do not exist yet."""
    return [
        str(one.target)
        for one in ctx.plan.spec.components
        if one.workload and ctx.seen.workload(one.target) is None
    ]


def _outlook(ctx: Context) -> Iterator[str]:
    new, taken = absent(ctx), _taken_over(ctx)
    if new:
        yield f"a rollback removes {some(new)}, which does not exist yet"
    if taken:
        yield f"taken over: {some(taken)}, which no Release has declared before"
    if left := _left(ctx):
        yield f"left as it is: {some(left)}, no longer in the spec"
    yield from (fact.note for fact in _facts(ctx) if fact.note)
    yield from _scaled(ctx)


def _taken_over(ctx: Context) -> list[str]:
    facts = (ctx.seen.workload(one.target) for one in ctx.plan.spec.components if one.workload)
    return [str(fact.ref) for fact in facts if fact is not None and not fact.declared]


def _scaled(ctx: Context) -> Iterator[str]:
    """Numbers of replicas that are declared, though somebody else is to have the say."""
    for index, one in enumerate(ctx.plan.spec.components):
        number = one.workload.spec.get("replicas") if one.workload else None
        if number is None:
            continue
        field = f"spec.components[{index}].workload.spec.replicas"
        scaled = ctx.seen.autoscalers()
        if scaled.problem:
            yield f"{field}: whether {one.target} is scaled automatically: {scaled.problem}"
        for name, target in scaled.targets:
            if target == one.target:
                yield (
                    f"{field}: HorizontalPodAutoscaler {name} scales {target}, and the release "
                    f"sets it to {number}; leave replicas out, so that the autoscaler has the say"
                )


def _left(ctx: Context) -> list[str]:
    """Workloads that the last good version has carried and this one does not name."""
    current = ctx.status.current
    recorded = ctx.seen.revision(current.revision) if current and current.revision else None
    here = {one.target for one in ctx.plan.spec.components}
    before = recorded.spec.components if recorded else []
    return [str(one.target) for one in before if one.workload and one.target not in here]


def _want(component: Component) -> TrialWant:
    return TrialWant(component.target, canonical(inline.document(component)))


def _facts(ctx: Context) -> list[TrialFact]:
    return [ctx.seen.trial(want) for want in wants(ctx)]
