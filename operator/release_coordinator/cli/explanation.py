"""What keeps a Release, who owns it, and what would satisfy it. Pure; used by `cli.commands`.

The documented shape of `kubectl release explain -o json` and `-o yaml`.
"""

from collections.abc import Iterator, Sequence

from pydantic import Field

from release_coordinator.api.attempt import Attempt, Gate, GateState, Role
from release_coordinator.api.base import Model, Time
from release_coordinator.api.checklist import Enforcement
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.faults import Fault
from release_coordinator.engine.describe import ADVICE

from .advice import actions_of
from .remedies import remedies_of
from .scene import Remedy, Scene


class RemedyView(Model):
    """One thing to do."""

    what: str
    text: str = Field(description="The command to run, or the text to write.")


class Missing(Model):
    """One thing that keeps the Release."""

    name: str = Field(description="Gate, or field of the spec, or Hold, Operator, Journal.")
    state: str
    owner: str = Field(description="Role that must act.")
    message: str = Field(description="What is missing.")
    advisory: bool = Field(False, description="It holds nothing up.")
    next_check: Time | None = None
    remedies: list[RemedyView]


class Explanation(Model):
    """Everything that keeps a Release."""

    namespace: str
    release: str
    phase: str
    message: str
    missing: list[Missing]
    waived: list[str] = Field(description="Gates that do not pass and were waived, with by whom.")


def explain(
    release: ReleaseObject, scene: Scene | None, faults: Sequence[Fault] = ()
) -> Explanation:
    """What is missing. Without a usable spec there is no scene, but faults."""
    attempt = release.status.attempt
    waived = [
        f"{gate.name}, by {gate.waiver.by}: {gate.waiver.comment}".rstrip(": ")
        for gate in (attempt.gates if attempt else [])
        if gate.waiver and gate.state is not GateState.PASSED
    ]
    return Explanation(
        namespace=release.namespace,
        release=release.name,
        phase=release.status.phase,
        message=release.journal_fault or release.status.message,
        missing=list(_missing(release, scene, faults)),
        waived=waived,
    )


def _missing(
    release: ReleaseObject, scene: Scene | None, faults: Sequence[Fault]
) -> Iterator[Missing]:
    attempt = release.status.attempt
    yield from (_fault(release, fault) for fault in faults)
    if release.journal_fault:
        text = (
            f"{release.journal_fault}. Run the operator's version that wrote it, or restore "
            "status.attempt from a backup"
        )
        yield _item("Journal", "Unreadable", Role.PLATFORM, text, [_operator()])
    elif attempt is None and not faults:
        text = "no operator has looked at the Release yet"
        yield _item("Operator", "Waiting", Role.PLATFORM, text, [_operator()])
    if attempt is None:
        return
    if attempt.hold is not None:
        yield _item(
            "Hold", attempt.hold.reason, Role.RELEASE_MANAGER, attempt.hold.message,
            _actions(release),
        )  # fmt: skip
    elif attempt.end is not None:
        yield from _ended(release, attempt)
    elif scene is not None:
        gates = sorted(attempt.gates, key=lambda gate: gate.opens)  # advisory ones come last
        yield from (_gate(g, scene) for g in gates if _is_shut(g))


def _is_shut(gate: Gate) -> bool:
    return gate.state is not GateState.PASSED and gate.waiver is None


def _gate(gate: Gate, scene: Scene) -> Missing:
    missing = _item(gate.name, gate.state, gate.owner, gate.message, remedies_of(gate, scene))
    advisory = gate.enforcement is Enforcement.ADVISORY
    return missing.model_copy(update={"advisory": advisory, "next_check": gate.next_check})


def _ended(release: ReleaseObject, attempt: Attempt) -> Iterator[Missing]:
    end = attempt.end
    if end is None or end.outcome in {Phase.COMPLETED, Phase.SUPERSEDED}:
        return
    owner, _, advice = ADVICE.get(end.reason, "").partition(": ")
    text = f"{end.message}. {advice[0].upper()}{advice[1:]}" if advice else end.message
    yield _item(
        f"Attempt {attempt.number}", end.outcome, owner or Role.RELEASE_MANAGER, text,
        _actions(release),
    )  # fmt: skip


def _fault(release: ReleaseObject, fault: Fault) -> Missing:
    text = f"kubectl -n {release.namespace} edit release {release.name}"
    what = f"{fault.problem}; {fault.remedy}"
    return _item(fault.path, "Invalid", Role.RELEASE_MANAGER, what, [Remedy("correct it", text)])


def _actions(release: ReleaseObject) -> list[Remedy]:
    return [Remedy(action.what, action.command) for action in actions_of(release)]


def _operator() -> Remedy:
    labels = "app.kubernetes.io/name=release-coordinator"
    return Remedy("see whether the operator runs", f"kubectl get pods -A -l {labels}")


def _item(name: str, state: str, owner: str, message: str, remedies: Sequence[Remedy]) -> Missing:
    views = [RemedyView(what=remedy.what, text=remedy.text) for remedy in remedies]
    return Missing(name=name, state=str(state), owner=str(owner), message=message, remedies=views)
