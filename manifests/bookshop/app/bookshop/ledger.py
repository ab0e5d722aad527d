"""The migration ledger: what was really done to this database, in which release and attempt."""

import os
from typing import Any

import sqlalchemy as sa
from alembic.runtime.migration import MigrationInfo

_METADATA = sa.MetaData()
_TABLE = sa.Table(
    "migration_ledger",
    _METADATA,
    sa.Column("id", sa.BigInteger, sa.Identity(), primary_key=True),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),  # up, down, up-noop, down-noop
    sa.Column("release_uid", sa.Text, nullable=False),
    sa.Column("attempt", sa.Text, nullable=False),
    sa.Column("step", sa.Text, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)


class Ledger:
    """Writes into the transaction of the migration that it tells about."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        self.recorded = 0
        _METADATA.create_all(connection)

    def record(self, revision: str, direction: str) -> None:
        """Add a row, with the release it was done for."""
        self._connection.execute(
            _TABLE.insert().values(
                revision=revision,
                direction=direction,
                release_uid=os.environ.get("RELEASE_UID", ""),
                attempt=os.environ.get("RELEASE_ATTEMPT", ""),
                step=os.environ.get("RELEASE_STEP", ""),
            )
        )
        self.recorded += 1

    def record_step(self, *, step: MigrationInfo, **_: Any) -> None:
        """Add a row for one revision that Alembic applied or took back."""
        self.record(str(step.up_revision_id), "up" if step.is_upgrade else "down")

    @staticmethod
    def read(connection: sa.Connection) -> list[dict[str, Any]]:
        """Return all rows, oldest first; none when no migration ever ran."""
        if not sa.inspect(connection).has_table(_TABLE.name):
            return []
        rows = connection.execute(sa.select(_TABLE).order_by(_TABLE.c.id)).mappings()
        return [{**row, "at": row["at"].isoformat()} for row in rows]
