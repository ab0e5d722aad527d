"""Gate R2.9: the alert rules that guard the application are loaded and healthy, and none fires.

A rule that cannot be evaluated never fires, and after the release its silence would be taken for
health. Several rules may share a name: one that is ill or fires is enough.
"""

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.evidence import AlertRules
from release_coordinator.engine.context import Context, shorten
from release_coordinator.engine.evidence import AlertRuleFact
from release_coordinator.engine.wording import some

from .verdict import GateVerdict, failed, passed, unknown, waiting

NAME = GateName.ALERTS
OWNER = Role.DEVOPS


def evaluate(ctx: Context) -> GateVerdict:
    """Compare the rules that `spec.alerts` names with those the metric source has loaded."""
    wanted = ctx.plan.spec.alerts
    if wanted is None:
        return failed(
            NAME,
            OWNER,
            "spec.alerts is missing; name in spec.alerts.rules the alert rules that guard "
            f"{ctx.release.name}, and in spec.alerts.source the MetricSource that has them",
        )
    source = f"MetricSource {wanted.source}"
    fact = ctx.seen.alert_rules(wanted.source)
    if fact.problem:
        return unknown(
            NAME, Role.PLATFORM, f"the alert rules are not known: {fact.problem}", evidence=source
        )
    return _judge(wanted, source, fact.rules)


def _judge(wanted: AlertRules, source: str, loaded: tuple[AlertRuleFact, ...]) -> GateVerdict:
    troubles = _troubles(wanted, source, loaded)
    if troubles:
        return failed(NAME, OWNER, "; ".join(troubles), evidence=source)
    young = [
        name
        for name in wanted.rules
        if any(rule.health == "unknown" for rule in _named(name, loaded))
    ]
    if young:
        return waiting(
            NAME,
            OWNER,
            f"{source} has loaded but not evaluated yet: {some(young)}; it will by and by",
            evidence=source,
        )
    return passed(
        NAME,
        OWNER,
        f"{source} has loaded and evaluates, and does not fire: {some(wanted.rules)}",
        evidence=source,
    )


def _troubles(wanted: AlertRules, source: str, loaded: tuple[AlertRuleFact, ...]) -> list[str]:
    missing, ill, firing = [], [], []
    for name in wanted.rules:
        rules = _named(name, loaded)
        broken = next((rule for rule in rules if rule.health == "err"), None)
        if not rules:
            missing.append(name)
        elif broken is not None:
            ill.append(f"{name} ({shorten(broken.problem, 120) or 'without words'})")
        elif any(rule.firing for rule in rules):
            firing.append(name)
    found = (
        (missing, f"not loaded: {some(missing)}; add it to the alert rules of {source}"),
        (ill, f"cannot be evaluated: {some(ill, 2)}; correct the rule"),
        (firing, f"fires now: {some(firing)}; end what it warns of, the release then goes on"),
    )
    return [text for names, text in found if names]


def _named(name: str, loaded: tuple[AlertRuleFact, ...]) -> list[AlertRuleFact]:
    return [rule for rule in loaded if rule.name == name]
