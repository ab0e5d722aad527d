"""R3.3: the database is backed up before the first change, and the backup is proved.

The backup's id is what its Job says last; a Job of the author's verifies it under that id. How old
it may be when the first change is due is asked by `phases.confirming`.
"""

from datetime import timedelta

from release_coordinator.api.base import parse_duration
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import Backup
from release_coordinator.engine import backups, jobs
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import DONE, Failed, Outcome

ID_LIMIT = 127
"""Characters of an id that the journal keeps whole."""


def advance(ctx: Context) -> Outcome:
    """Take the backup, then verify it."""
    backup = ctx.plan.spec.backup
    if backup is None:
        return DONE
    outcome = jobs.run(
        ctx, jobs.JobStep(backups.STEP, backup.job, Reason.BACKUP_FAILED, answers=True)
    )
    return outcome if outcome is not DONE else _verify(ctx, backup)


def expired(ctx: Context) -> str:
    """Why the backup is too old for a first change now; empty if it is not."""
    backup = ctx.plan.spec.backup
    step = ctx.step(backups.STEP)
    if backup is None or backup.max_age is None or step is None:
        return ""
    # From its beginning: what a dump holds is what was there then.
    age = ctx.now - step.started_at
    if age <= timedelta(seconds=parse_duration(backup.max_age)):
        return ""
    minutes = int(age.total_seconds() // 60)
    known = backups.id_of(ctx.attempt) or "without an id"
    return (
        f"the backup ({known}) was begun {minutes} min ago and spec.backup.maxAge is "
        f"{backup.max_age}"
    )


def _verify(ctx: Context, backup: Backup) -> Outcome:
    if backup.verify is None:
        return DONE
    known = backups.id_of(ctx.attempt)
    if not known:
        text = (
            "the backup Job succeeded but said no id, so that nothing can be verified; let it "
            "write the id as the last line of its termination message (/dev/termination-log)"
        )
        return Failed(Reason.BACKUP_FAILED, text)
    if len(known) > ID_LIMIT:
        text = f"the backup's id is longer than {ID_LIMIT} characters; let the Job write a name"
        return Failed(Reason.BACKUP_FAILED, f"{text}: {known}")
    step = jobs.JobStep(backups.VERIFY, backup.verify, Reason.BACKUP_FAILED, backup=known)
    return jobs.run(ctx, step)
