"""The tables of one Release. Pure; used by `cli.layout`."""

from collections.abc import Sequence
from datetime import datetime

from rich.console import Group
from rich.table import Table
from rich.text import Text

from release_coordinator.api.attempt import Attempt, Gate, GateState, Measurement, Step
from release_coordinator.api.base import format_time
from release_coordinator.api.checklist import Enforcement
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.status import ReleaseStatus

from .advice import Action
from .limits import limit_of, limits_of
from .progress import bar_of
from .story import rows_of, seconds_of
from .watchrows import ratio
from .words import ago, duration, number, plain, word


def new_table(*columns: str, words: str = "") -> Table:
    """A table without lines; the column `words` gets the width that is left and folds."""
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for name in columns:
        table.add_column(name, no_wrap=name != words, overflow="fold")
    return table


def phases(release: ReleaseObject, now: datetime, *, wide: bool, followed: bool = False) -> Table:
    """The story, phase by phase, with the steps of each; with bars while a Release is followed."""
    attempt = release.status.attempt
    assert attempt is not None  # noqa: S101 - else there is no story
    suspended = release.status.phase is Phase.SUSPENDED
    extra = ("STARTED",) if wide else ()
    table = new_table("PHASE", "STATE", "TIME", *extra, "FOUND", words="FOUND")
    for row in rows_of(attempt, now, suspended=suspended):
        started = [format_time(row.steps[0].started_at)] if row.steps else [""]
        cells = [word(row.state), duration(row.seconds), *(started if wide else ())]
        bar = bar_of(row, release, now) if followed else Text()
        table.add_row(Text(row.phase, style="bold"), *cells, bar)
        for step in row.steps:
            table.add_row(*_step(step, attempt, now, wide=wide))
    return table


def _step(step: Step, attempt: Attempt, now: datetime, *, wide: bool) -> list[str | Text]:
    cells: list[str | Text] = [
        Text(f"  {_short(step.id)}"),
        word(step.state),
        duration(seconds_of(step, attempt, now)),
    ]
    return [*cells, *((format_time(step.started_at),) if wide else ()), plain(step.message)]


def _short(step_id: str) -> str:
    """A step's id without what its phase says already."""
    return step_id.removeprefix("undo/").partition("/")[2] or step_id


def gates(attempt: Attempt) -> Table:
    """Every gate, with who must act."""
    table = new_table("GATE", "STATE", "OWNER", "FOUND", words="FOUND")
    for gate in attempt.gates:
        table.add_row(gate.name, _gate_state(gate), gate.owner, plain(_gate_words(gate)))
    return table


def _gate_state(gate: Gate) -> Text:
    """The verdict, or that the gate was waived; what holds nothing up says so."""
    waived = gate.waiver is not None and gate.state is not GateState.PASSED
    state = word("Waived" if waived else gate.state)
    if gate.enforcement is Enforcement.ADVISORY:
        state.append(" (advisory)", style="dim")
    return state


def _gate_words(gate: Gate) -> str:
    if gate.waiver is None or gate.state is GateState.PASSED:
        return gate.message
    why = f": {gate.waiver.comment}" if gate.waiver.comment else ""
    return f"by {gate.waiver.by}{why} ({gate.state}: {gate.message})"


def measurements(attempt: Attempt, spec: ReleaseSpec | None) -> Table:
    """What that which is watched shows; limits are those of the spec, also if it was edited."""
    table = new_table(
        "WATCHED", "BASELINE", "VALUE", "RATIO", "LIMIT", "VERDICT", "FOUND", words="FOUND"
    )
    limits = limits_of(spec)
    for entry in attempt.measurements:
        table.add_row(
            entry.metric,
            number(entry.baseline),
            number(entry.value),
            ratio(entry),
            limit_of(entry, limits).words,
            _verdict(entry),
            plain(entry.message),
        )
    return table


def _verdict(entry: Measurement) -> Text:
    """What was found, and whether a person has gone on in spite of it."""
    verdict = word(entry.verdict)
    return verdict.append(" (accepted)", style="dim") if entry.accepted else verdict


def conditions(status: ReleaseStatus, now: datetime, *, wide: bool) -> Table:
    """The conditions that other tools read."""
    extra = ("MESSAGE",) if wide else ()
    table = new_table("TYPE", "STATUS", "REASON", "SINCE", *extra, words="MESSAGE")
    for entry in status.conditions:
        cells: list[str | Text] = [
            entry.type,
            word(entry.status),
            entry.reason,
            ago(entry.last_transition_time, now),
        ]
        table.add_row(*cells, *((plain(entry.message),) if wide else ()))
    return table


def actions(found: Sequence[Action]) -> Group:
    """Commands, each on one line of its own however long, so that they can be copied."""
    lines = []
    for action in found:
        lines.append(Text(f"  {action.what}"))
        lines.append(Text(f"    {action.command}", style="cyan", no_wrap=True, overflow="ignore"))
    return Group(*lines)


def history(status: ReleaseStatus, now: datetime, *, wide: bool) -> Table:
    """The last attempts, newest first."""
    table = new_table("ATTEMPT", "VERSION", "OUTCOME", "ENDED", *(("RECORD",) if wide else ()))
    for entry in status.history:
        ended = format_time(entry.ended_at) if wide else ago(entry.ended_at, now)
        cells: list[str | Text] = [str(entry.attempt), entry.version, word(entry.outcome), ended]
        table.add_row(*cells, *((entry.record or "",) if wide else ()))
    return table
