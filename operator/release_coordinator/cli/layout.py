"""A Release as a person reads it: one pure function from the object to something rich can print.

Used by `cli.screen`. Tables of the parts are in `cli.tables`; golden files pin the whole.
"""

from collections.abc import Iterator
from datetime import datetime

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from release_coordinator.api.attempt import Attempt, PolicyRef
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.engine import wording

from . import tables
from .advice import actions_of
from .words import ago, duration, plain, word


def layout(
    release: ReleaseObject, now: datetime, *, wide: bool = False, live: bool = False
) -> RenderableType:
    """Everything the status says; sections with nothing to say are left out.

    Args:
        release: as it is now.
        now: for durations.
        wide: with times, digests and records.
        live: it is followed: with a bar for each phase, without what only matters later, so that
            it fits on a screen.
    """
    parts: list[RenderableType] = [_header(release, now, wide=wide)]
    for title, body in _sections(release, now, wide=wide, live=live):
        parts += [Text(), Text(title, style="bold"), _indented(body)]
    return Group(*parts)


def _indented(body: RenderableType) -> RenderableType:
    """Tables move to the right; lists of commands do so themselves, or they would be folded."""
    return Padding(body, (0, 0, 0, 2)) if isinstance(body, Table) else body


def _sections(
    release: ReleaseObject, now: datetime, *, wide: bool, live: bool
) -> Iterator[tuple[str, RenderableType]]:
    status = release.status
    attempt = status.attempt
    if attempt is not None:
        yield "Phases", tables.phases(release, now, wide=wide, followed=live)
        if attempt.gates:
            yield "Gates", tables.gates(attempt)
        if attempt.measurements:
            yield "Measurements", tables.measurements(attempt, release.spec)
    if status.conditions and not live:
        yield "Conditions", tables.conditions(status, now, wide=wide)
    actions = actions_of(release)
    if actions:
        yield "What you can do", tables.actions(actions)
    if status.history and not live:
        yield "History", tables.history(status, now, wide=wide)


def _header(release: ReleaseObject, now: datetime, *, wide: bool) -> Table:
    status = release.status
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("Application", plain(f"{release.namespace}/{release.name}"))
    grid.add_row("Version", plain(version_words(release)))
    if status.attempt is not None:
        grid.add_row("Policy", plain(policy_words(status.attempt.policy)))
    grid.add_row("Phase", phase_words(release, now))
    if status.attempt is not None and (words := downtime_words(status.attempt, now)):
        grid.add_row("Downtime", plain(words))
    grid.add_row("Message", plain(release.journal_fault or status.message or _not_seen(release)))
    if status.observed_generation not in (-1, release.generation):
        grid.add_row("", Text("The operator has not seen the last edit yet.", style="yellow"))
    if wide:
        for label, value in _details(release):
            grid.add_row(label, plain(value))
    return grid


def version_words(release: ReleaseObject) -> str:
    """From which version to which, and which is wanted next."""
    attempt = release.status.attempt
    wanted = release.spec.version if release.spec else "unreadable"
    if attempt is None:
        return wanted
    text = f"{attempt.previous_version or 'nothing'} -> {attempt.version}"
    if attempt.type:
        text += f" ({attempt.type})"
    return text if wanted == attempt.version else f"{text}, {wanted} is wanted next"


def policy_words(policy: PolicyRef) -> str:
    """Which policy applies, and where it asks for less than the built-in one."""
    name = f"ReleasePolicy {policy.name}" if policy.name else "built-in"
    return f"{name}; relaxed: {'; '.join(policy.relaxed)}" if policy.relaxed else name


def phase_words(release: ReleaseObject, now: datetime) -> Text:
    """The phase, the attempt, and since when."""
    status = release.status
    text = word(status.phase)
    attempt = status.attempt
    if attempt is None:
        return text
    if attempt.end is not None:
        took = duration((attempt.end.at - attempt.started_at).total_seconds())
        when = f"took {took}, ended {ago(attempt.end.at, now)}"
    else:
        when = f"began {ago(attempt.started_at, now)}"
    return text.append(f"  attempt {attempt.number}, {when}", style="default")


def downtime_words(attempt: Attempt, now: datetime) -> str:
    """How long nobody served; empty as long as that is not worth a word."""
    found = attempt.downtime
    words = wording.downtime(found and found.until(now)).removeprefix("; downtime: ")
    still = found is not None and found.since is not None
    return f"{words}, and it goes on" if words and still else words


def _not_seen(release: ReleaseObject) -> str:
    if release.status.observed_generation == -1 and release.status.phase is Phase.PENDING:
        return "No operator has looked at it yet; is release-coordinator running?"
    return ""


def _details(release: ReleaseObject) -> Iterator[tuple[str, str]]:
    status = release.status
    yield "Generation", f"{release.generation}, observed {status.observed_generation}"
    attempt: Attempt | None = status.attempt
    if attempt is not None:
        yield "Plan", attempt.digest
        yield "Revision", attempt.revision or "not recorded yet"
    if status.current is not None:
        yield "Last good", f"{status.current.version} {status.current.revision or ''}".strip()
