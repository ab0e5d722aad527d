"""Checks the release log of a Release: was a record changed, deleted, swapped or slipped in; pure.

Asked by the plugin (`kubectl release history --verify`), which needs no more than the right to
read. Three things must agree: what each record says of itself, what the next one says of it, and
what the status of the Release says: its history, and how far the log was shortened.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from release_coordinator.api.record import RecordRef, RecordSpec
from release_coordinator.api.status import HistoryEntry, PrunedRecords, ReleaseStatus

from . import chain, names


class Fault(StrEnum):
    """What is wrong with a record."""

    CHANGED = "Changed"  # it says something else than the operator wrote
    MISSING = "Missing"  # it was written, and is gone though the policy has not let it go
    FOREIGN = "Foreign"  # the operator has not written it, or the status knows nothing of it
    UNREADABLE = "Unreadable"  # this version cannot read it


@dataclass(frozen=True, slots=True)
class Page:
    """An object of the log."""

    name: str
    record: RecordSpec | None
    problem: str = ""
    """Why it cannot be read, or not wholly."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault of one record."""

    record: str
    attempt: int | None
    fault: Fault
    text: str


@dataclass(frozen=True, slots=True)
class Account:
    """What the check has come to."""

    checked: int
    """Records that are part of the chain and were looked at."""
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    """What cannot be told, and why; no fault."""


def check(release: str, uid: str, pages: Iterable[Page], status: ReleaseStatus | None) -> Account:
    """Check all records of the Release of that name and UID; no status: it is gone."""
    log = _Log(release, uid, list(pages), status)
    found: dict[tuple[str, Fault], Finding] = {}
    for finding in log.findings():
        found.setdefault((finding.record, finding.fault), finding)
    order = sorted(found.values(), key=lambda one: (one.attempt or 0, one.record))
    chained = [one for _, one in log.records if one.record_digest is not None]
    return Account(len(chained), tuple(order), tuple(log.notes()))


class _Log:
    """All that is known of one log."""

    def __init__(
        self, release: str, uid: str, pages: Sequence[Page], status: ReleaseStatus | None
    ) -> None:
        self._release = release
        self._uid = uid
        self._pages = pages
        self._status = status
        self._pruned = (status and status.pruned_records) or None
        read = [(page.name, page.record) for page in pages if page.record is not None]
        self.records: list[tuple[str, RecordSpec]] = sorted(
            read, key=lambda one: (one[1].attempt, one[0])
        )
        self._digests = {name: chain.digest_of(record) for name, record in self.records}
        self._by_name = dict(self.records)
        self._unread = {page.name for page in pages if page.record is None or page.problem}
        self._altered = {name for name, record in self.records if any(self._itself(name, record))}
        """What they say of others does not count."""

    def findings(self) -> Iterator[Finding]:
        """Everything that is wrong, perhaps more than once."""
        for page in self._pages:
            if page.problem or page.record is None:
                text = f"cannot be checked: {page.problem or 'it has no spec'}"
                yield Finding(page.name, _number(page), Fault.UNREADABLE, text)
        for name, record in self.records:
            yield from self._itself(name, record)
            yield from self._link(name, record)
        yield from self._neighbours()
        yield from self._history()
        yield from self._shortened()

    def notes(self) -> Iterator[str]:
        """What cannot be told."""
        loose = [name for name, one in self.records if one.record_digest is None]
        if loose:
            yield (
                "not chained, as an earlier version of the operator wrote them, or the definition "
                f"of ReleaseRecord was an earlier one: {_few(loose)}"
            )
        if self._status is None:
            yield "the Release is gone: whether its last records are missing cannot be told"
        if self._pruned is not None and self._pruned.through:
            kept = f", but for {_few([k.name for k in self._pruned.kept])}"
            yield (
                f"records up to attempt {self._pruned.through} were deleted as the policy says"
                f"{kept if self._pruned.kept else ''}"
            )

    def _itself(self, name: str, record: RecordSpec) -> Iterator[Finding]:
        own = names.record_name(self._release, self._uid, record.attempt)
        if name != own or (record.release, record.release_uid) != (self._release, self._uid):
            text = f"does not bear its own name: it says that it is attempt {record.attempt}"
            yield Finding(name, record.attempt, Fault.CHANGED, text)
        if not chain.is_whole(record) and name not in self._unread:
            text = "says something else than its own digest stands for"
            yield Finding(name, record.attempt, Fault.CHANGED, text)

    def _link(self, name: str, record: RecordSpec) -> Iterator[Finding]:
        """What a record says of the one before it."""
        before = record.previous
        if before is None or name in self._unread | self._altered:
            return
        if before.name in self._by_name or before.name in self._unread:
            yield from self._agrees(before, f"what {name} says of it")
        elif self._is_given_up(before.attempt, before.name):
            pruned = self._pruned
            last = pruned is not None and pruned.through == before.attempt
            if last and pruned and None not in {pruned.digest, before.digest}:
                yield from self._same_end(before, pruned, name)
        else:
            text = f"is gone; {name} follows it"
            yield Finding(before.name, before.attempt, Fault.MISSING, text)

    def _same_end(self, before: RecordRef, pruned: PrunedRecords, name: str) -> Iterator[Finding]:
        if before.digest != pruned.digest:
            text = f"was deleted as the policy says, but was not the record that {name} follows"
            yield Finding(before.name, before.attempt, Fault.CHANGED, text)

    def _neighbours(self) -> Iterator[Finding]:
        """Of two records that follow one another, the later one must name the earlier one."""
        through = self._pruned.through if self._pruned else 0
        told = [(name, one) for name, one in self.records if name not in self._altered]
        live = [(name, one) for name, one in told if one.attempt > through]
        for (name, record), (after, later) in pairwise(live):
            if later.record_digest is None or after in self._unread:
                continue  # an earlier version of the operator chained none
            follows = later.previous.attempt if later.previous else 0
            if follows < record.attempt or later.attempt == record.attempt:
                text = f"was not written by the operator: {after} does not follow it"
                yield Finding(name, record.attempt, Fault.FOREIGN, text)

    def _history(self) -> Iterator[Finding]:
        """What the status says of the last attempts."""
        if self._status is None:
            return
        for entry in self._status.history:
            yield from self._entry(entry)
        attempt, history = self._status.attempt, self._status.history
        newest = history[0].attempt if history else 0
        for name, record in self.records:
            # One that ends right now has its record before its entry.
            ends = attempt is not None and not attempt.recorded and attempt.number == record.attempt
            if record.attempt > newest and not ends and name not in self._altered:
                text = f"the status of the Release knows nothing of attempt {record.attempt}"
                yield Finding(name, record.attempt, Fault.FOREIGN, text)

    def _entry(self, entry: HistoryEntry) -> Iterator[Finding]:
        own = names.record_name(self._release, self._uid, entry.attempt)
        if entry.record is None:
            if own in self._by_name:
                text = "was not written by the operator: the status says there is none"
                yield Finding(own, entry.attempt, Fault.FOREIGN, text)
            return
        ref = RecordRef(name=entry.record, attempt=entry.attempt, digest=entry.digest)
        if entry.record in self._by_name or entry.record in self._unread:
            yield from self._agrees(ref, "the history in the status of the Release")
        elif not self._is_given_up(entry.attempt, entry.record):
            text = "is gone; the status of the Release names it"
            yield Finding(entry.record, entry.attempt, Fault.MISSING, text)

    def _shortened(self) -> Iterator[Finding]:
        """What was to be kept when the log was shortened."""
        for ref in self._pruned.kept if self._pruned else ():
            if ref.name in self._by_name or ref.name in self._unread:
                yield from self._agrees(ref, "what the status of the Release says of it")
            else:
                text = "is gone, though it was to be kept when the log was shortened"
                yield Finding(ref.name, ref.attempt, Fault.MISSING, text)

    def _agrees(self, ref: RecordRef, with_what: str) -> Iterator[Finding]:
        if ref.name in self._unread or ref.digest in {None, self._digests[ref.name]}:
            return
        text = f"does not agree with {with_what}"
        yield Finding(ref.name, ref.attempt, Fault.CHANGED, text)

    def _is_given_up(self, attempt: int, name: str) -> bool:
        pruned = self._pruned
        if pruned is None or attempt > pruned.through:
            return False
        return all(one.name != name for one in pruned.kept)


def _number(page: Page) -> int | None:
    return page.record.attempt if page.record else None


def _few(found: list[str]) -> str:
    shown = 3
    more = f" and {len(found) - shown} more" if len(found) > shown else ""
    return f"{', '.join(found[:shown])}{more}"
