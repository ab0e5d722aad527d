"""Where the Service of a component sends its traffic: what the journal has of it, and one move.

The Service's selector stays as its owner wrote it; to it comes one label, by which it finds the
pods of one version only. A move is one write. Used by `bluegreen`, `returning` and
`phases.promoting`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Component, WorkloadRef

from . import names
from .action import MoveTraffic
from .context import Context
from .outcome import DONE, Do, Outcome
from .plan import canonical, short_hash
from .trafficfacts import ServiceFact

STEPS = "traffic/"
"""What the steps of the way forward have in common that aim the Service."""
PIN = "traffic/pin/"
"""The Service is kept with the pods of the previous version, before there are others."""
OPEN = "traffic/open/"
"""The pods of the previous version were replaced meanwhile: the Service is not pinned any more."""
TWIN = "rollout/"
"""The new version runs beside the previous one."""
SWITCH = "traffic/switch/"
"""The Service goes to the new version."""
PROMOTE = "promote/"
"""The component's own Deployment gets the new version."""
HANDOVER = "traffic/handover/"
"""The Service goes from the second Deployment back to the component's own."""
RETIRE = "retire/"
"""The second Deployment is deleted, and the selector is again as its owner wrote it."""
UNDO_TRAFFIC = "undo/traffic/"
UNDO_RETIRE = "undo/retire/"

FINALIZERS = "what keeps it is in its metadata.finalizers"

Pin = Mapping[str, str]
"""The label that we have added to a selector; empty: none."""
_KEYS = (names.LABEL_TEMPLATE, names.LABEL_SLOT)


@dataclass(frozen=True, slots=True)
class Found:
    """What a component was found with before its Service was pinned; the hash of that step."""

    pods: str
    """Label by which Kubernetes tells the pods of the previous template."""
    selector: str
    """Hash of the Service's selector, as its owner wrote it."""
    template: str
    """Hash of the previous template."""

    def __str__(self) -> str:
        return f"{self.pods}.{self.selector}.{self.template}"


def found(ctx: Context, component: Component) -> Found | None:
    """What was found; None if nothing was changed yet."""
    step = ctx.step(PIN + component.name)
    return Found(*step.hash.split(".")) if step is not None and step.hash else None


def slot(ctx: Context, component: Component) -> str:
    """Label value of the pods of the second Deployment."""
    return names.slot(ctx.release.uid, ctx.attempt.number, component.name)


def twin(ctx: Context, component: Component) -> WorkloadRef:
    """The second Deployment."""
    name = names.twin_name(component.target.name, slot(ctx, component))
    return WorkloadRef(name=name)


def to_twin(ctx: Context, component: Component) -> Pin:
    """The label that leads to the second Deployment."""
    return {names.LABEL_SLOT: slot(ctx, component)}


def to_template(pods: str) -> Pin:
    """The label that leads to the pods of one template of the component's own Deployment."""
    return {names.LABEL_TEMPLATE: pods}


def pin_of(fact: ServiceFact) -> dict[str, str]:
    """What we have added to the selector."""
    return {key: value for key, value in fact.selector.items() if key in _KEYS}


def hash_of(fact: ServiceFact) -> str:
    """Hash of the selector as its owner wrote it."""
    own = {key: value for key, value in fact.selector.items() if key not in _KEYS}
    return short_hash(canonical(own))


def pods_of(ctx: Context, component: Component) -> frozenset[str]:
    """Labels of the templates that ready pods of the component's own Deployment have."""
    pods = ctx.seen.workload_pods(component.target)
    return frozenset(p.template for p in pods if p.ready and p.template and not p.terminating)


def look(ctx: Context, component: Component) -> ServiceFact | Outcome:
    """The Service, if its owner has left it as it was found."""
    name = component.strategy.service or ""
    fact = ctx.seen.service(name)
    before = found(ctx, component)
    if fact is None:
        text = f"Service {name} was deleted during the attempt; create it again as it was"
        return ctx.hold(Reason.CONFLICTING_WRITER, f"{text}, then resume")
    if fact.problem:
        return ctx.hold(Reason.API_DENIED, f"Service {name}: {fact.problem}, then resume")
    if before is not None and hash_of(fact) != before.selector:
        text = (
            f"spec.selector of Service {name} was changed by somebody else during the attempt (it "
            f"is {_shown(fact.selector)}); stop the other writer and put it back, then resume"
        )
        return ctx.hold(Reason.CONFLICTING_WRITER, text)
    return fact


def move(ctx: Context, component: Component, step_id: str, pin: Pin) -> Outcome:
    """Bring the Service to a pin by one write; DONE when it is there."""
    fact = look(ctx, component)
    if not isinstance(fact, ServiceFact):
        return fact
    mark = f"{ctx.attempt.number}/{step_id}"
    if fact.mark == mark and pin_of(fact) == pin:
        return DONE
    if ctx.attempt.trigger is None and pin_of(fact) not in _expected(ctx, component):
        return conflict(ctx, component, fact)
    return Do(MoveTraffic(fact.name, fact.uid, fact.resource_version, dict(pin), mark))


def drift(ctx: Context, component: Component) -> Outcome:
    """Hold when the Service does not send its traffic where the journal says."""
    if not ctx.succeeded(PIN + component.name) or ctx.succeeded(RETIRE + component.name):
        return DONE
    fact = look(ctx, component)
    if not isinstance(fact, ServiceFact):
        return fact
    if pin_of(fact) not in _expected(ctx, component):
        return conflict(ctx, component, fact)
    return DONE


def conflict(ctx: Context, component: Component, fact: ServiceFact) -> Outcome:
    """Hold: somebody else has changed where the Service sends its traffic."""
    wanted = _expected(ctx, component)[0]
    own = {key: value for key, value in fact.selector.items() if key not in _KEYS}
    text = (
        f"spec.selector of Service {fact.name} was changed by somebody else during the attempt: it "
        f"is {_shown(fact.selector)} and must be {_shown({**own, **wanted})}; stop the other "
        "writer (a GitOps tool must leave this field alone) and put it back, then resume, or roll "
        "back"
    )
    return ctx.hold(Reason.CONFLICTING_WRITER, text)


def _expected(ctx: Context, component: Component) -> list[Pin]:
    """Where the journal says that the Service is, and where a move that was begun takes it."""
    before = found(ctx, component)
    handed = ctx.step(HANDOVER + component.name)
    course: list[tuple[str, Pin]] = [
        (PIN, to_template(before.pods) if before else {}),
        (SWITCH, to_twin(ctx, component)),
        (HANDOVER, to_template(handed.hash) if handed and handed.hash else {}),
        (RETIRE, {}),
    ]
    reached: Pin = {}
    for prefix, pin in course:
        if not ctx.succeeded(prefix + component.name):
            begun = ctx.step(prefix + component.name) is not None
            # A handover that begins anew has opened the Service before.
            opened: list[Pin] = [{}] if prefix == HANDOVER else []
            return [reached, pin, *opened] if begun else [reached]
        reached = pin
    return [reached]


def _shown(selector: Mapping[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(selector.items())) or "empty"
