"""The release log as the plugin reads it, with the caller's own rights; also of a deleted Release.

Between `commands.history`, `commands.diff` and `place`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.faults import faults_of
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.port import RECORD, RELEASE, Body, Ref
from release_coordinator.engine import names
from release_coordinator.engine.ledger import Account, Page, check
from release_coordinator.errors import NotFound

from .difference import dropped
from .failure import UnansweredError
from .place import Session


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the log."""

    body: Body
    page: Page

    @property
    def uid(self) -> str:
        """UID of its Release."""
        return str((self.body.get("spec") or {}).get("releaseUid", ""))

    @property
    def attempt(self) -> int:
        """Number of its attempt, 0 if it does not say."""
        number = (self.body.get("spec") or {}).get("attempt")
        return number if isinstance(number, int) else 0


@dataclass(frozen=True, slots=True)
class Logbook:
    """All records of the Releases that have had this name."""

    namespace: str
    name: str
    release: ReleaseObject | None
    """None: it is gone."""
    entries: tuple[Entry, ...]
    """Newest first; those of an earlier Release of this name come last."""

    def own(self) -> tuple[Entry, ...]:
        """Those of the Release, or of the last one that had this name."""
        uid = self.release.uid if self.release else self.entries[0].uid if self.entries else ""
        return tuple(entry for entry in self.entries if entry.uid == uid)

    def of_attempt(self, number: int) -> Entry:
        """The record of an attempt. Raises UnansweredError."""
        found = next((one for one in self.own() if one.attempt == number), None)
        if found is None:
            known = ", ".join(str(one.attempt) for one in reversed(self.own())) or "none"
            raise UnansweredError(
                f"there is no record of attempt {number} of release {self.name!r}; attempts with "
                f"a record: {known}"
            )
        return found

    def accounts(self) -> dict[str, Account]:
        """What the check of each chain comes to, by the UID of the Release."""
        live = self.release.uid if self.release else None
        uids = dict.fromkeys([*([live] if live else []), *(one.uid for one in self.entries)])
        return {
            uid: check(
                self.name,
                uid,
                (one.page for one in self.entries if one.uid == uid),
                self.release.status if self.release and uid == live else None,
            )
            for uid in uids
        }


async def read(session: Session, name: str) -> Logbook:
    """Read the log of a Release. Raises UnansweredError if there was never one."""
    namespace = session.namespace or ""
    release = await _release(session, name)  # first: a record is there before its status says so
    bodies = await session.list(RECORD, {names.LABEL_RELEASE: name})
    if release is None and not bodies:
        raise UnansweredError(
            f"there is no release {name!r} in namespace {namespace!r}, nor a record of one; see: "
            f"kubectl -n {namespace} get releases,releaserecords"
        )
    entries = [Entry(body, page_of(body)) for body in bodies]
    uid = release.uid if release else ""
    entries.sort(key=lambda one: (one.uid == uid, _written(one.body), one.attempt), reverse=True)
    return Logbook(namespace, name, release, tuple(entries))


def page_of(body: Mapping[str, Any]) -> Page:
    """A record to be checked; one that says more than this version reads is not checked."""
    name, said = body["metadata"]["name"], body.get("spec")
    try:
        record = RecordSpec.model_validate(said)
    except ValidationError as error:
        fault = faults_of(error, "spec")[0]
        return Page(name, None, f"{fault.path} {fault.problem}")
    unknown = dropped(said, record.to_wire())
    if unknown:
        more = ", ".join(f"spec.{path}" for path in unknown[:3])
        return Page(name, record, f"a newer operator wrote it ({more}); use its kubectl-release")
    return Page(name, record)


async def _release(session: Session, name: str) -> ReleaseObject | None:
    async with session.explained():
        try:
            found = await session.cluster.get(Ref(RELEASE, session.namespace, name))
        except NotFound:
            return None
    release = parse_release(found)
    if release.journal_fault:
        raise UnansweredError(
            f"the status of the Release cannot be read, and the log not be checked without it: "
            f"{release.journal_fault}"
        )
    return release


def _written(body: Body) -> str:
    return str((body.get("spec") or {}).get("endedAt") or body["metadata"]["creationTimestamp"])
