"""R3.3: the database is backed up before the first change."""

from release_coordinator.api.conditions import Reason
from release_coordinator.engine import jobs
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import DONE, Outcome

STEP = "prepare/backup"


def advance(ctx: Context) -> Outcome:
    """Take the backup."""
    backup = ctx.plan.spec.backup
    if backup is None:
        return DONE
    return jobs.run(ctx, jobs.JobStep(STEP, backup.job, Reason.BACKUP_FAILED))
