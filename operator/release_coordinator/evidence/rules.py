"""The alert rules that a metric source has loaded, asked for by the gates that judge alerts."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from release_coordinator.engine.evidence import AlertRuleFact, AlertRulesFact, AlertRulesWant
from release_coordinator.engine.watchfacts import AlertFact

from .metricsources import Source, metric_source
from .sources import Sources


async def look(sources: Sources, namespace: str, want: AlertRulesWant) -> AlertRulesFact:
    """All alert rules of the source; an outage of it is a `problem`.

    Where the source is narrowed, a rule that fires for others alone does not fire. Alerts that say
    nothing of whose they are count for all: the nodes of a cluster are everybody's concern.
    """
    source = await metric_source(sources, namespace, want.source)
    if isinstance(source, str):
        return AlertRulesFact((), source)
    fact = await sources.metrics.rules(source.endpoint)
    return await _own(sources, source, fact) if source.matchers and fact.rules else fact


async def _own(sources: Sources, source: Source, rules: AlertRulesFact) -> AlertRulesFact:
    fact = await sources.metrics.firing(source.endpoint)
    if fact.problem:
        return AlertRulesFact((), fact.problem)
    own = [alert for alert in fact.alerts if not source.is_of_others(alert.labels)]
    fires = _Firing(own)
    firing = (replace(rule, firing=fires.is_of(rule)) for rule in rules.rules)
    return replace(rules, rules=tuple(firing))


class _Firing:
    """Alerts by name: thousands of them are asked for by tens of thousands of rules."""

    def __init__(self, alerts: Iterable[AlertFact]) -> None:
        self._severities: dict[str, set[str]] = defaultdict(set)
        for alert in alerts:
            self._severities[alert.name].add(alert.labels.get("severity", ""))

    def is_of(self, rule: AlertRuleFact) -> bool:
        """Rules of one name are told apart by their severity, unless only the alert knows it."""
        severities = self._severities.get(rule.name, set())
        return rule.severity in severities or ("{{" in rule.severity and bool(severities))
