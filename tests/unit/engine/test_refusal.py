"""Whom a refusal of the API server calls, by what the server says."""

import pytest
from tests.fakes.world import DAWN
from tests.unit.engine.contexts import context, running

from release_coordinator.api.conditions import Reason
from release_coordinator.engine.action import ResumeJob
from release_coordinator.engine.refusal import refused

RBAC = 'jobs.batch is forbidden: User "system:serviceaccount:rc:rc" cannot create resource "jobs"'
QUOTA = 'jobs.batch "migrate" is forbidden: exceeded quota: jobs, requested: count/jobs.batch=1'


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (RBAC, "Platform team: give its ServiceAccount the right, then resume"),
        (QUOTA, "Platform team: raise it, or free room, then resume"),
    ],
)
def test_a_403_of_a_quota_is_not_taken_for_a_missing_right(said: str, advice: str) -> None:
    status = context(steps=(running("migrate/0007"),)).status

    note = refused(status, ResumeJob("migrate", "u", "7"), Reason.API_DENIED, said, DAWN)

    assert note is not None
    assert note.status.attempt is not None
    hold = note.status.attempt.hold
    assert hold is not None
    assert hold.message.startswith(said)
    assert hold.message.endswith(advice)
    assert ("ServiceAccount the right" in hold.message) is (said is RBAC)
