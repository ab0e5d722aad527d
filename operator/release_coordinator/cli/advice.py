"""What a person can do now, as commands to copy. Pure; used by `cli.layout`."""

from dataclasses import dataclass

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.engine import incidents, names, ordering, orders
from release_coordinator.engine.rehearsal import was_good

from .ordering import HOLD_AGAIN


@dataclass(frozen=True, slots=True)
class Action:
    """Something a person can do, and the command for it."""

    what: str
    command: str


def actions_of(release: ReleaseObject) -> list[Action]:
    """What is missing, every order that the operator would obey now, and where to look further."""
    attempt = release.status.attempt
    if attempt is None:
        return []
    ways = _after_the_end(release, attempt) if attempt.end else _on_the_way(release, attempt)
    return [*ways, *_looks(release, attempt)]


def _on_the_way(release: ReleaseObject, attempt: Attempt) -> list[Action]:
    found = []
    if any(not gate.opens for gate in attempt.gates):
        text = f"kubectl release explain {release.name} -n {release.namespace}"
        found.append(Action("see what each gate needs, and how to satisfy it", text))
    suspended = ordering.suspended(release) is not None
    if attempt.hold is not None and attempt.hold.reason not in HOLD_AGAIN:
        found.append(Action("go on where it was held", _order(release, "resume")))
    elif suspended:
        found.append(Action("go on", _order(release, "resume")))
    if attempt.hold is None and orders.may_retry_early(attempt):
        found.append(Action("start this attempt again", _order(release, "retry")))
    if orders.may_turn(attempt):
        verb = "rollback" if attempt.frozen else "abort"
        what = "roll back" if attempt.frozen else "call it off"
        found.append(Action(what, _order(release, verb)))
    if not suspended and attempt.hold is None:
        found.append(Action("begin nothing more", _order(release, "suspend")))
    return found


def _after_the_end(release: ReleaseObject, attempt: Attempt) -> list[Action]:
    if attempt.end is None or attempt.end.outcome in (Phase.COMPLETED, Phase.SUPERSEDED):
        return []
    if was_good(attempt):
        return []
    return [Action("try the same plan again", _order(release, "retry"))]


def _looks(release: ReleaseObject, attempt: Attempt) -> list[Action]:
    found = []
    if attempt.end is None or attempt.end.outcome is not Phase.COMPLETED:
        selector = f"{names.LABEL_RELEASE}={release.name},{names.LABEL_ATTEMPT}={attempt.number}"
        jobs = f"kubectl -n {release.namespace} get jobs,pods -l {selector}"
        found.append(Action("read the logs of its Jobs and pods", _order(release, "logs")))
        found.append(Action("see its Jobs", jobs))
    if incidents.is_opened(release.status, attempt):
        name = names.incident_name(release.name, release.uid, attempt.number)
        show = f"kubectl release incident show {name} -n {release.namespace}"
        found.append(Action("see its incident, and write what you know", show))
    if attempt.record is not None:
        read = f"kubectl -n {release.namespace} get releaserecord {attempt.record} -o yaml"
        found.append(Action("read its record", read))
    return found


def _order(release: ReleaseObject, verb: str) -> str:
    return f"kubectl release {verb} {release.name} -n {release.namespace}"
