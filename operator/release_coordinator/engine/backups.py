"""The backup of an attempt, as its journal tells it; read by whoever advises to restore it."""

from release_coordinator.api.attempt import Attempt, StepState

STEP = "prepare/backup"
VERIFY = "prepare/verify-backup"


def id_of(attempt: Attempt) -> str:
    """Id of the backup that was taken before the first change; empty if there is none."""
    step = next((step for step in attempt.steps if step.id == STEP), None)
    return step.message if step is not None and step.state is StepState.SUCCEEDED else ""


def advice(attempt: Attempt) -> str:
    """A sentence that names the backup for whom must repair the database; empty without one."""
    known = id_of(attempt)
    return f"Backup from before the first change: {known}. " if known else ""
