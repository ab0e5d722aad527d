"""Migrations of the database, and the backup before them. Part of `api.release`."""

from enum import StrEnum
from typing import Annotated

from pydantic import ConfigDict, Field

from .base import Duration, Model, Name
from .evidence import SchemaVersion
from .job import JobTemplate, rules


class Reversibility(StrEnum):
    """What a migration allows a rollback to do."""

    REVERSIBLE = "Reversible"
    """`down` undoes it."""
    EXPAND_ONLY = "ExpandOnly"
    """The previous code runs on the new schema: a rollback leaves the schema."""
    IRREVERSIBLE = "Irreversible"
    """A rollback past it needs a person."""


Word = Annotated[str, Field(max_length=128)]


class DryRun(Model):
    """How the program of `up` tries the migration without changing anything; a gate runs it."""

    command: list[Word] = Field([], max_length=4, description="Entry point; that of up if empty.")
    args: list[Word] = Field(
        min_length=1, max_length=16, description="Arguments instead of those of up."
    )


class Migration(Model):
    """One database migration, run as a Job before the components."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "self.reversibility != 'Reversible' || has(self.down)",
                (
                    "a Reversible migration needs a down Job; declare it, or use ExpandOnly "
                    "(the old code runs on the new schema) or Irreversible"
                ),
            ),
            (
                "self.reversibility == 'Reversible' || !has(self.down)",
                (
                    "only a Reversible migration has a down Job; set reversibility: Reversible "
                    "or remove down"
                ),
            ),
            (
                "!has(self.downLosesData) || !self.downLosesData || has(self.down)",
                "downLosesData says what down does: declare down, or remove downLosesData",
            ),
        )
    )

    name: Name = Field(description="Name of the migration, like 0007-add-isbn.")
    reversibility: Reversibility = Field(
        Reversibility.IRREVERSIBLE, description="Undeclared means Irreversible."
    )
    schema_version: SchemaVersion | None = Field(
        None, description="What the Job spec.database.current says once this is applied."
    )
    up: JobTemplate
    down: JobTemplate | None = None
    down_loses_data: bool = Field(
        False,
        description=(
            "down destroys what was written since: a rollback asks first, unless role data-loss "
            "has approved."
        ),
    )
    dry_run: DryRun | None = None

    def dry_run_job(self) -> JobTemplate | None:
        """The Job of its dry run, None if there is none."""
        if self.dry_run is None:
            return None
        own = {"args": self.dry_run.args}
        if self.dry_run.command:
            own["command"] = self.dry_run.command
        return self.up.model_copy(update=own)


class Backup(Model):
    """The Job that takes a database backup before anything changes.

    The last line of its termination message becomes the backup's id in the record.
    """

    job: JobTemplate
    verify: JobTemplate | None = Field(
        None, description="Job that proves the backup; RELEASE_BACKUP_ID names it."
    )
    max_age: Duration | None = Field(
        None, description="A backup that is older when the first change is due is taken again."
    )
