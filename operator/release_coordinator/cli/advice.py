"""What a person can do now, as commands to copy. Pure; used by `cli.layout`."""

from dataclasses import dataclass

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.engine import names
from release_coordinator.engine.phases import confirming


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
    orders = _after_the_end(release, attempt) if attempt.end else _on_the_way(release, attempt)
    return [*orders, *_looks(release, attempt)]


def _on_the_way(release: ReleaseObject, attempt: Attempt) -> list[Action]:
    found = []
    if any(not gate.opens for gate in attempt.gates):
        text = f"kubectl release explain {release.name} -n {release.namespace}"
        found.append(Action("see what each gate needs, and how to satisfy it", text))
    if attempt.hold is not None:
        order = _annotate(release, names.ANNOTATION_RESUME, attempt.hold.id)
        found.append(Action("go on where it was held", order))
    elif not attempt.frozen or confirming.is_asking(attempt):
        order = _annotate(release, names.ANNOTATION_RETRY, str(attempt.number))
        found.append(Action("start this attempt again", order))
    if attempt.trigger is None or _is_barred(attempt):
        what = "roll back" if attempt.frozen else "call it off"
        order = _annotate(release, names.ANNOTATION_ROLLBACK, str(attempt.number))
        found.append(Action(what, order))
    return found


def _is_barred(attempt: Attempt) -> bool:
    """Whether the way back waits for a person to open it."""
    return attempt.hold is not None and attempt.hold.reason is Reason.IRREVERSIBLE_MIGRATION


def _after_the_end(release: ReleaseObject, attempt: Attempt) -> list[Action]:
    if attempt.end is None or attempt.end.outcome in (Phase.COMPLETED, Phase.SUPERSEDED):
        return []
    order = _annotate(release, names.ANNOTATION_RETRY, str(attempt.number))
    return [Action("try the same plan again", order)]


def _looks(release: ReleaseObject, attempt: Attempt) -> list[Action]:
    found = []
    if attempt.end is None or attempt.end.outcome is not Phase.COMPLETED:
        selector = f"{names.LABEL_RELEASE}={release.name},{names.LABEL_ATTEMPT}={attempt.number}"
        jobs = f"kubectl -n {release.namespace} get jobs,pods -l {selector}"
        found.append(Action("see its Jobs", jobs))
    if attempt.record is not None:
        read = f"kubectl -n {release.namespace} get releaserecord {attempt.record} -o yaml"
        found.append(Action("read its record", read))
    return found


def _annotate(release: ReleaseObject, annotation: str, value: str) -> str:
    where = f"-n {release.namespace} annotate release {release.name}"
    return f"kubectl {where} --overwrite {annotation}={value}"
