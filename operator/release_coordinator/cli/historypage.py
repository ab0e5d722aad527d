"""The release log as a table, and what its check has found. Pure; used by `commands.history`."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from release_coordinator.api.base import Model, format_time
from release_coordinator.api.record import RecordSpec
from release_coordinator.engine.ledger import Account

from .logbook import Entry, Logbook
from .tables import new_table
from .words import ago, duration, plain, word

_HEX = 12
"""Digits of a digest in a table."""


class FindingView(Model):
    """A fault of one record."""

    record: str
    attempt: int | None = None
    fault: str
    text: str


class ChainView(Model):
    """The log of one Release, checked."""

    uid: str = Field(description="UID of the Release.")
    live: bool = Field(description="It is the Release that exists now.")
    checked: int = Field(description="Records of the chain that were looked at.")
    findings: list[FindingView]
    notes: list[str] = Field(description="What cannot be told, and why.")


class VerificationView(Model):
    """The documented shape of `history --verify -o json`."""

    namespace: str
    release: str
    intact: bool
    chains: list[ChainView]


def verification(book: Logbook) -> VerificationView:
    """Check the whole log."""
    live = book.release.uid if book.release else None
    chains = [_chain(uid, account, live=uid == live) for uid, account in book.accounts().items()]
    return VerificationView(
        namespace=book.namespace,
        release=book.name,
        intact=not any(chain.findings for chain in chains),
        chains=chains,
    )


def _chain(uid: str, account: Account, *, live: bool) -> ChainView:
    findings = [
        FindingView(record=f.record, attempt=f.attempt, fault=f.fault, text=f.text)
        for f in account.findings
    ]
    return ChainView(
        uid=uid, live=live, checked=account.checked, findings=findings, notes=[*account.notes]
    )


def verified(view: VerificationView) -> RenderableType:
    """What the check says, for people."""
    parts: list[RenderableType] = []
    for chain in view.chains:
        of = "" if chain.live else f" of an earlier or deleted Release (UID {chain.uid})"
        whole = not chain.findings
        text = f"{chain.checked} records{of}: " + (
            "each is as it was written, and none is missing" if whole else "the log was changed"
        )
        parts.append(Text(text, style="green" if whole else "bold red"))
        parts += [_finding(one) for one in chain.findings]
        parts += [Text(f"  note: {plain(note).plain}", style="dim") for note in chain.notes]
    return Group(*parts)


def _finding(one: FindingView) -> Text:
    attempt = f" (attempt {one.attempt})" if one.attempt is not None else ""
    line = Text("  ").append(one.fault, style="red")
    return line.append(f"  {plain(one.record).plain}{attempt} {plain(one.text).plain}")


def page(book: Logbook, now: datetime, *, wide: bool) -> RenderableType:
    """The log as a table, and below it those of earlier Releases of this name."""
    own = book.own()
    parts: list[RenderableType] = [_table(own, now, wide=wide)]
    others = [entry for entry in book.entries if entry not in own]
    if others:
        title = Text("Of earlier Releases of this name", style="bold")
        parts += [Text(), title, _table(others, now, wide=wide)]
    return Group(*parts)


def _table(entries: Sequence[Entry], now: datetime, *, wide: bool) -> Table:
    more = ("REASON", "DOWNTIME", "HOLDS", "INCIDENT", "RECORD", "DIGEST") if wide else ()
    columns = ("ATTEMPT", "VERSION", "FROM", "TYPE", "OUTCOME", "ENDED", "TOOK")
    table = new_table(*columns, *more)
    for entry in entries:
        record = entry.page.record
        if record is None:
            cells = [str(entry.attempt), "", "", "", "Unreadable", "", ""]
            table.add_row(*cells, *([plain(entry.page.name)] if wide else []))
            continue
        table.add_row(*_row(record, now, wide=wide), *(_more(entry, record) if wide else ()))
    return table


def _row(record: RecordSpec, now: datetime, *, wide: bool) -> list[str | Text]:
    return [
        str(record.attempt),
        record.version,
        record.previous_version or "-",
        str(record.type or "-"),
        word(record.outcome),
        format_time(record.ended_at) if wide else ago(record.ended_at, now),
        duration(record.duration_seconds),
    ]


def _more(entry: Entry, record: RecordSpec) -> list[str | Text]:
    down = record.downtime.seconds if record.downtime else 0.0
    digest = (record.record_digest or "").removeprefix("sha256:")[:_HEX]
    return [
        record.reason,
        duration(down) if down else "-",
        str(record.holds or "-"),
        plain(record.incident or "-"),
        plain(entry.page.name),
        digest or "not chained",
    ]
