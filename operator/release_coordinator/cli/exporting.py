"""What a staging Release has proved, read with the caller's own rights and signed with his key.

Between `commands.export` and `place`: logbook (the log, checked) -> engine.exporting -> signed.
"""

import json
import os
import secrets
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from release_coordinator.api.export import ENTRIES_LIMIT, PAYLOAD_LIMIT, PAYLOAD_TYPE, StagingExport
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import Component
from release_coordinator.cluster import configured
from release_coordinator.cluster.port import DEPLOYMENT
from release_coordinator.engine import exporting
from release_coordinator.engine.ledger import Account
from release_coordinator.signed import dsse

from .failure import UnansweredError
from .logbook import Logbook, read
from .place import Session

PASSWORD = "RELEASE_KEY_PASSWORD"  # noqa: S105 - the name of a variable
"""Environment variable with the password of an encrypted private key."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be exported."""

    release: str
    version: str | None
    """None: that of the newest attempt."""
    configuration: bool


@dataclass(frozen=True, slots=True)
class Made:
    """An export that is not signed yet."""

    export: StagingExport
    notes: tuple[str, ...]
    """What a person should know before production sees it."""


async def gathered(session: Session, wish: Wish, now: datetime) -> Made:
    """Read all that the export says, which is made now. Raises UnansweredError."""
    book, account = await _checked(session, wish.release)
    records = _records(book)
    known = list(dict.fromkeys(one.version for one in reversed(records)))
    version = wish.version or known[0]
    if version not in known:
        raise UnansweredError(
            f"no attempt of release {wish.release!r} to {version} has ended in namespace "
            f"{book.namespace!r}; versions with a record: {', '.join(known)}"
        )
    export = exporting.export_of(book.namespace, records, version, now)
    if wish.configuration:
        export = await _configured(session, export, records)
    return Made(export, (*account.notes, *_notes(export), *_unfinished(book)))


def statement(export: StagingExport) -> bytes:
    """The payload; old records are left out as far as it would be too large.

    Raises UnansweredError if even the newest one does not fit.
    """
    while True:
        said = exporting.statement_of(export)
        payload = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
        if len(payload) <= PAYLOAD_LIMIT:
            return payload
        if len(export.records) == 1:
            text = (
                f"the export has {len(payload):,} bytes, and {PAYLOAD_LIMIT:,} fit into the object "
                "that carries it\n"
            )
            raise UnansweredError(text + _smaller(export))
        export = exporting.shortened(export)


def envelope(payload: bytes, key_file: Path) -> str:
    """Sign a payload. Raises UnansweredError."""
    from release_coordinator.signed.keys import (  # noqa: PLC0415 - slow, and few need it
        LockedKeyError,
        PrivateKey,
        UnusableKeyError,
    )

    try:
        key = PrivateKey.read(content(key_file), os.environ.get(PASSWORD))
    except LockedKeyError as error:
        raise UnansweredError(f"{key_file}: {error}\nput it into {PASSWORD}") from error
    except UnusableKeyError as error:
        # Another file: the one that was named may be a key that is needed elsewhere.
        text = f"{key_file}: {error}\nmake one: openssl genpkey -algorithm ed25519 -out staging.pem"
        raise UnansweredError(text) from error
    signature = key.sign(dsse.signed_bytes(PAYLOAD_TYPE, payload))
    return dsse.write(PAYLOAD_TYPE, payload, signature, key.public.id)


def _smaller(export: StagingExport) -> str:
    """What to do about one record that does not fit."""
    if export.configuration is not None:
        return "leave the configuration out: --no-configuration"
    name = export.records[0].name
    return f"ReleaseRecord {name} alone is too large; waive the gates in production for it"


def content(file: Path) -> bytes:
    """Read a file of the caller. Raises UnansweredError."""
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnansweredError(f"{file} cannot be read: {error.strerror}") from error


async def _checked(session: Session, name: str) -> tuple[Logbook, Account]:
    """The log, if nobody has changed it; read twice, as the operator may have written meanwhile."""
    book, account = await _read(session, name)
    if account.findings:
        book, account = await _read(session, name)
    if account.findings:
        told = "\n".join(f"  {one.fault}: {one.record} {one.text}" for one in account.findings)
        raise UnansweredError(
            f"the release log was changed, so nothing is exported:\n{told}\n"
            f"see: kubectl release history {name} -n {book.namespace} --verify"
        )
    return book, account


async def _read(session: Session, name: str) -> tuple[Logbook, Account]:
    book = await read(session, name)
    if not book.own():
        raise UnansweredError(f"no attempt of release {name!r} has ended yet: nothing is proved")
    return book, book.accounts()[book.own()[0].uid]


def _records(book: Logbook) -> list[RecordSpec]:
    found = [one.page.record for one in book.own() if one.page.record is not None]
    return sorted(found, key=lambda one: one.attempt)


async def _configured(
    session: Session, export: StagingExport, records: list[RecordSpec]
) -> StagingExport:
    """The export with how the workloads are configured that were deployed last."""
    components = _components(records)
    salt = secrets.token_hex(16)
    found = []
    for one in components:
        async with session.explained(DEPLOYMENT):
            entries = await configured.read(session.cluster, export.namespace, one.target)
        if entries is None:
            raise UnansweredError(
                f"there is no {one.target} in namespace {export.namespace!r}, so its configuration "
                "cannot be exported\nleave it out, and turn gate StagingConfig off in production: "
                "--no-configuration"
            )
        if len(entries) > ENTRIES_LIMIT:
            raise UnansweredError(
                f"{one.target} has {len(entries):,} entries of configuration, and "
                f"{ENTRIES_LIMIT:,} can be exported\nleave it out: --no-configuration"
            )
        found.append(exporting.workload_of(one.name, one.target, entries, salt))
    return export.model_copy(update={"salt": salt, "configuration": found})


def _components(records: list[RecordSpec]) -> list[Component]:
    plans = (record.plan for record in reversed(records) if record.plan)
    return next((plan.components for plan in plans), [])


def _notes(export: StagingExport) -> list[str]:
    last = export.records[-1].spec
    notes = [f"attempt {last.attempt} to {last.version} ended {last.outcome}"]
    if export.head.attempt != last.attempt:
        notes.append(f"the newest attempt there is {export.head.attempt}, to another version")
    return notes


def _unfinished(book: Logbook) -> list[str]:
    """What whoever exports may believe to be told, and is not: that attempt has no record yet."""
    attempt = book.release.status.attempt if book.release else None
    if book.release is None or attempt is None or attempt.recorded:
        return []
    phase = book.release.status.phase
    return [
        (
            f"attempt {attempt.number} to {attempt.version} has not ended ({phase}) and is no part "
            "of this: export again when it has"
        )
    ]
