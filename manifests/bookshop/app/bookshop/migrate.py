"""Move the database between Alembic revisions, one program at a time, and keep a ledger of it.

    migrate upgrade 0007     up to a revision (always an explicit one: there are several heads)
    migrate downgrade 0006   back down to a revision
    migrate dry-run 0007     print the SQL of that upgrade and change nothing
    migrate current          print the revision, when no migration runs any more
    migrate ledger           print the ledger as JSON

A change and its ledger row are one transaction: the row is there if and only if the change is.
Running a migration twice leaves a second row, on purpose: the ledger counts what really happened.
The ready revision, or the error, is left as the pod's termination message.
"""

import argparse
import io
import json
import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from bookshop import settings
from bookshop.ledger import Ledger

log = logging.getLogger(__name__)

LOCK = 20260706  # any number that no other program of this database uses


def main(arguments: list[str]) -> int:
    """Run one command; what it prints is also its termination message."""
    options = _parse(arguments)
    try:
        with _database() as connection:
            result = _run(connection, options.command, getattr(options, "revision", ""))
    except Exception as trouble:
        log.exception("%s failed", options.command)
        settings.leave_message(f"{options.command} failed: {_first_line(trouble)}")
        return 1
    print(result, flush=True)
    settings.leave_message(result[-4000:])
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bookshop-migrate")
    commands = parser.add_subparsers(dest="command", required=True)
    for name in ("upgrade", "downgrade", "dry-run"):
        commands.add_parser(name).add_argument("revision", choices=sorted(_revisions()))
    commands.add_parser("current")
    commands.add_parser("ledger")
    return parser.parse_args(arguments)


def _run(connection: sa.Connection, name: str, revision: str) -> str:
    if name == "current":
        with _alone(connection):  # what a killed migration has left running may still commit
            return current(connection)
    if name == "ledger":
        return json.dumps(Ledger.read(connection))
    if name == "dry-run":
        return dry_run(connection, revision)
    with _alone(connection):
        migrate(connection, name, revision)
        return current(connection)


def migrate(connection: sa.Connection, direction: str, revision: str) -> None:
    """Go to a revision in one transaction, with a ledger row per step, or one that says no-op."""
    with connection.begin():
        ledger = Ledger(connection)
        config = _config()
        config.attributes["connection"] = connection
        config.attributes["on_version_apply"] = ledger.record_step
        {"upgrade": command.upgrade, "downgrade": command.downgrade}[direction](config, revision)
        if not ledger.recorded:
            ledger.record(revision, "up-noop" if direction == "upgrade" else "down-noop")
        _pause()


def dry_run(connection: sa.Connection, revision: str) -> str:
    """Print the SQL of an upgrade from where the database is now (Alembic's --sql); run none of it.

    Finds what is wrong with the path of revisions and with the programs of the migrations; what
    the data makes of the SQL, only the migration itself finds.
    """
    begin = current(connection)
    connection.rollback()
    sql = io.StringIO()
    config = _config(sql)
    config.attributes["connection"] = connection
    config.attributes["on_version_apply"] = ()
    start = "base" if begin == "none" else begin
    command.upgrade(config, f"{start}:{revision}", sql=True)
    print(sql.getvalue(), flush=True)
    return f"{begin} -> {revision}: {sql.getvalue().count(';')} statements, none was run"


def current(connection: sa.Connection) -> str:
    """Return the revision the database is at; several when branches were applied."""
    heads = MigrationContext.configure(connection).get_current_heads()
    return ",".join(sorted(heads)) or "none"


@contextmanager
def _alone(connection: sa.Connection) -> Iterator[None]:
    """Wait until no other migration runs. The lock ends with the session, even a killed one."""
    log.info("waiting for the migration lock")
    connection.execute(sa.text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
    connection.rollback()  # ends the transaction, not the session that owns the lock
    yield


@contextmanager
def _database() -> Iterator[sa.Connection]:
    """Connect, patiently: at the installation the database may start later than this program."""
    url = sa.make_url(settings.database_url()).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 3})
    deadline = time.monotonic() + float(os.environ.get("CONNECT_SECONDS", "30"))
    while True:
        try:
            connection = engine.connect()
            break
        except sa.exc.OperationalError as trouble:
            if time.monotonic() > deadline:
                raise
            log.info("no database yet: %s", _first_line(trouble))
            time.sleep(0.5)
    with connection:
        yield connection


def _config(sql: io.StringIO | None = None) -> Config:
    config = Config(output_buffer=sql)
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _revisions() -> set[str]:
    return {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}


def _pause() -> None:
    """Stay inside the transaction for a while, for tests that pull the plug there."""
    seconds = float(os.environ.get("PAUSE_BEFORE_COMMIT_SECONDS", "0"))
    if seconds:
        log.info("pausing %g s before the commit", seconds)
        time.sleep(seconds)


def _first_line(trouble: Exception) -> str:
    return str(trouble).partition("\n")[0] or repr(trouble)
