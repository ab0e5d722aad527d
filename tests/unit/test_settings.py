"""What the chart sets reaches the operator."""

import pytest

from release_coordinator import settings


def test_logs_are_read_unless_the_platform_team_says_no() -> None:
    assert settings.from_environment({}).read_logs
    assert not settings.from_environment({"RELEASE_COORDINATOR_READ_LOGS": "false"}).read_logs


def test_a_value_that_is_none_is_told_with_those_that_are() -> None:
    with pytest.raises(settings.BadSettings, match="READ_LOGS is 'no'; use one of true, false"):
        settings.from_environment({"RELEASE_COORDINATOR_READ_LOGS": "no"})
