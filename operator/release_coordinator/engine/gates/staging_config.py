"""Gate R3.2: staging is configured like production, but for what the policy lets differ.

Compared is what the workloads' pods are configured with (`cluster.configuration`); images and
the number of replicas are not. Nothing tells us of a changed ConfigMap that is not ours: the gate
is asked again by and by. How a staging in another cluster was configured is part of its export.
"""

from dataclasses import replace

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.export import StagingExport
from release_coordinator.api.policy import DEFAULT_POLICY, RequiredStaging
from release_coordinator.api.release import Component
from release_coordinator.engine import configuration, exported, staged
from release_coordinator.engine.context import Context
from release_coordinator.engine.evidence import ConfigFact, ConfigWant, RecordsFact
from release_coordinator.engine.exported import Obstacle
from release_coordinator.engine.exporting import revealed

from .verdict import GateVerdict, failed, obstructed, passed, unknown

NAME = GateName.STAGING_CONFIG
OWNER = Role.DEVOPS

FIRST = 3
"""Differences that are shown; of the others the number."""


def evaluate(ctx: Context) -> GateVerdict:
    """Compare every component's workload with its counterpart."""
    place = staged.place(ctx)
    if isinstance(place, str):
        return failed(NAME, Role.PLATFORM, place)
    staging = ctx.plan.requirements.staging
    if staging is not None and staging.elsewhere:
        return _exported(ctx, place, staging)
    records = ctx.seen.records(place.namespace, place.release)
    if records.problem:
        return unknown(NAME, Role.PLATFORM, records.problem)
    pairs = _pairs(ctx, place, records)
    shared = [str(there.workload) for there, here in pairs.values() if _same(ctx, there, here)]
    if shared:
        return failed(NAME, OWNER, _one_and_the_same(place, shared))
    known = _looked_up(ctx, place, [want for pair in pairs.values() for want in pair])
    if isinstance(known, GateVerdict):
        return known
    found = {name: (known[there], known[here]) for name, (there, here) in pairs.items()}
    return _compare(ctx, place, found)


def _exported(ctx: Context, place: staged.Place, staging: RequiredStaging) -> GateVerdict:
    """Compare what was exported with what is here."""
    found = exported.read(ctx, staging)
    if isinstance(found, Obstacle):
        return obstructed(NAME, found)
    there = {one.component: one for one in found.export.configuration or ()}
    here = {one.name: ConfigWant(one.target) for one in ctx.plan.spec.components}
    absent = [name for name in here if name not in there]
    if absent:
        return failed(NAME, OWNER, _untold(found.export, absent, exported.again(ctx, staging)))
    known = _looked_up(ctx, place, list(here.values()))
    if isinstance(known, GateVerdict):
        return known
    pairs = {}
    for name, want in here.items():
        fact = known[want]
        pairs[name] = (ConfigFact(revealed(there[name], found.export.salt, fact.entries)), fact)
    verdict = _compare(ctx, place, pairs)
    gate = verdict.gate.model_copy(update={"next_check": found.until})
    return replace(verdict, gate=gate)


def _untold(export: StagingExport, absent: list[str], again: str) -> str:
    if export.configuration is None:
        return (
            "the export was made with --no-configuration, so nothing can be compared; "
            f"{again}, without that option, or have the platform team turn this gate off"
        )
    return (
        f"the export tells no configuration of {', '.join(absent)}; deploy it there, then {again}"
    )


def _looked_up(
    ctx: Context, place: staged.Place, wants: list[ConfigWant]
) -> dict[ConfigWant, ConfigFact] | GateVerdict:
    """All of them, or the verdict if one is not there or cannot be read."""
    ctx.seen.gather(*wants)
    facts = {want: ctx.seen.config(want.workload, want.namespace) for want in wants}
    missing = next((want for want in wants if facts[want] is None), None)
    if missing is not None:
        return failed(NAME, OWNER, _absent(missing, place))
    known = {want: fact for want, fact in facts.items() if fact is not None}
    problem = next((fact.problem for fact in known.values() if fact.problem), "")
    return unknown(NAME, Role.PLATFORM, problem) if problem else known


def _pairs(
    ctx: Context, place: staged.Place, records: RecordsFact
) -> dict[str, tuple[ConfigWant, ConfigWant]]:
    """Component -> its workload in staging, as deployed there last, and here."""
    plans = (record.plan for record in reversed(records.records) if record.plan)
    components: list[Component] = next((plan.components for plan in plans), [])
    there = {component.name: component.target for component in components}
    here = {c.name: c.target for c in ctx.plan.spec.components}
    return {
        name: (ConfigWant(there.get(name, workload), place.namespace), ConfigWant(workload))
        for name, workload in here.items()
    }


def _same(ctx: Context, there: ConfigWant, here: ConfigWant) -> bool:
    return there == ConfigWant(here.workload, ctx.release.namespace)


def _one_and_the_same(place: staged.Place, workloads: list[str]) -> str:
    return (
        f"{', '.join(workloads)} of this Release cannot be compared with itself; give "
        f"Release {place} workloads of its own and deploy it"
    )


def _absent(want: ConfigWant, place: staged.Place) -> str:
    where = f"namespace {want.namespace}" if want.namespace else "this namespace"
    return (
        f"there is no {want.workload} in {where}, so the configuration of {place} "
        "cannot be compared; create it"
    )


def _compare(
    ctx: Context, place: staged.Place, found: dict[str, tuple[ConfigFact, ConfigFact]]
) -> GateVerdict:
    staging = ctx.plan.requirements.staging
    allowed = staging.differences if staging else []
    told = [
        f"{name} {difference}"
        for name, (there, here) in found.items()
        for difference in configuration.differences(name, there.entries, here.entries, allowed)
    ]
    if not told:
        count = sum(len(here.entries) for _, here in found.values())
        text = f"{len(found)} components are configured as in {place} ({count} entries)"
        return passed(NAME, OWNER, f"{text}{_but(allowed)}", evidence=f"workloads of {place}")
    more = f"; and {len(told) - FIRST} more" if len(told) > FIRST else ""
    policy = f"ReleasePolicy {ctx.attempt.policy.name or DEFAULT_POLICY}"
    text = (
        f"{'; '.join(told[:FIRST])}{more}. Make them agree, or have the platform team allow it in "
        f"spec.staging.differences of {policy}"
    )
    return failed(NAME, OWNER, text, evidence=f"workloads of {place}")


def _but(allowed: list[str]) -> str:
    return f", but for {', '.join(allowed)}" if allowed else ""
