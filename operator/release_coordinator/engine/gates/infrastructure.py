"""Gate R2.15: nodes are ready, quotas leave room for the rollout, and nothing critical fires.

Components are rolled out one after the other, so each quota needs room for the surge of one at a
time. Every part is looked at, whatever another says: who mends the cluster sees all of it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.engine.context import Context
from release_coordinator.engine.evidence import (
    AlertRulesWant,
    NodesFact,
    NodesWant,
    QuotaFact,
    QuotasWant,
    SurgeFact,
    SurgeWant,
)
from release_coordinator.engine.wording import quantity, some

from .verdict import GateVerdict, failed, passed, unknown

NAME = GateName.INFRASTRUCTURE
OWNER = Role.PLATFORM
CRITICAL = "critical"
"""Value of the label `severity` of rules that stop a release."""


@dataclass(frozen=True, slots=True)
class _Finding:
    good: str = ""
    bad: str = ""
    unclear: str = ""


def evaluate(ctx: Context) -> GateVerdict:
    """Look at nodes, quotas and critical alerts, and say all that is wrong."""
    sources = _sources(ctx)
    components = ctx.plan.spec.components
    ctx.seen.gather(
        NodesWant(),
        QuotasWant(),
        *(SurgeWant(one.target, one.is_blue_green) for one in components),
        *(AlertRulesWant(source) for source in sources),
    )
    findings = [_nodes(ctx.seen.nodes()), *_quotas(ctx), *_alerts(ctx, sources)]
    bad = [finding.bad for finding in findings if finding.bad]
    unclear = [finding.unclear for finding in findings if finding.unclear]
    if bad:
        return failed(NAME, OWNER, "; ".join(bad + unclear))
    if unclear:
        return unknown(NAME, OWNER, "; ".join(unclear))
    return passed(NAME, OWNER, "; ".join(finding.good for finding in findings if finding.good))


def _nodes(fact: NodesFact) -> _Finding:
    if fact.problem:
        return _Finding(unclear=f"the nodes are not known: {fact.problem}")
    if fact.unready:
        return _Finding(
            bad=f"not Ready: node {some(fact.unready)}; repair, cordon or remove what is not Ready"
        )
    if not fact.ready:
        return _Finding(bad="no node is Ready and takes new pods; add or uncordon one")
    return _Finding(good=f"all nodes Ready ({len(fact.ready)})")


def _quotas(ctx: Context) -> Iterator[_Finding]:
    quotas = ctx.seen.quotas()
    surges = {
        component.name: surge
        for component in ctx.plan.spec.components
        if (surge := ctx.seen.surge(component.target, beside=component.is_blue_green)) is not None
    }
    problems = [*(one.problem for one in quotas), *(one.problem for one in surges.values())]
    for problem in filter(None, problems):
        yield _Finding(unclear=f"room for the rollout is not known: {problem}")
    short = [text for quota in quotas for text in _short(quota, surges)]
    if short:
        yield _Finding(bad=f"{some(short, 2)}: raise the quota or free room")
    elif quotas:
        yield _Finding(good=f"room in ResourceQuota {some([quota.name for quota in quotas])}")
    else:
        yield _Finding(good="no ResourceQuota limits the rollout")


def _short(quota: QuotaFact, surges: Mapping[str, SurgeFact]) -> Iterator[str]:
    """What the largest surge lacks, for each resource of the quota."""
    for resource, left in quota.left.items():
        needs = ((_needed(surge, resource), name) for name, surge in surges.items())
        needed, name = max(needs, default=(0, ""))
        if needed > left:
            yield (
                f"ResourceQuota {quota.name}: {resource} {quantity(resource, left)} left, the "
                f"rollout of {name} needs {quantity(resource, needed)} beside what runs"
            )


def _needed(surge: SurgeFact, resource: str) -> float:
    if resource in {"pods", "count/pods"}:
        return surge.pods
    # A quota may say cpu for requests.cpu.
    return surge.resources.get(resource, surge.resources.get(f"requests.{resource}", 0))


def _alerts(ctx: Context, sources: tuple[str, ...]) -> Iterator[_Finding]:
    firing = []
    for source in sources:
        fact = ctx.seen.alert_rules(source)
        if fact.problem:
            yield _Finding(unclear=f"critical alerts are not known: {fact.problem}")
        firing += [r.name for r in fact.rules if r.firing and r.severity == CRITICAL]
    if firing:
        yield _Finding(bad=f"critical alerts fire: {some(sorted(set(firing)))}; end the cause")
    elif sources:
        yield _Finding(good=f"no critical alert fires in MetricSource {some(sources)}")
    else:
        yield _Finding(good="alerts not looked at: neither spec.alerts nor spec.watch names any")


def _sources(ctx: Context) -> tuple[str, ...]:
    """The metric source of the alerts, else those of the watch."""
    spec = ctx.plan.spec
    if spec.alerts is not None:
        return (spec.alerts.source,)
    return tuple(sorted({metric.source for metric in spec.watch.metrics} if spec.watch else ()))
