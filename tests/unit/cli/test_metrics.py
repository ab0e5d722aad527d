"""The pages and documents of `kubectl release metrics`."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from tests import goldens, records
from tests.fakes.world import DAWN
from tests.unit.cli.pages import text_of

from release_coordinator.api.attempt import Gate, GateState, Role, Trigger
from release_coordinator.api.conditions import Reason
from release_coordinator.api.measurement import Downtime
from release_coordinator.api.policy import ReleasePolicySpec, StagingRules, Targets
from release_coordinator.api.record import RecordSpec
from release_coordinator.cli import metricspage
from release_coordinator.cli.metricsview import view_of
from release_coordinator.engine.deployments import Ended, ended
from release_coordinator.engine.releasereport import ReleaseReport, report

GOLDEN = Path(__file__).parent / "golden"
NOW = DAWN + timedelta(days=45)
POLICY = ReleasePolicySpec(
    targets=Targets(time_to_deploy="5m", downtime="1m"),
    staging=StagingRules(namespace="shop-staging"),
)


def deployed(attempt: int, *, namespace: str = "shop", minutes: int = 10) -> Ended:
    """A good deployment: as many hours after dawn as its number says."""
    at = DAWN + timedelta(hours=attempt)
    waited = [
        Gate(name=name, state=GateState.PASSED, owner=Role.QA, waited_seconds=seconds)
        for name, seconds in (("SignOff/qa", 7200.0), ("CI", 45.0))
    ]
    record = records.completed(
        attempt,
        version=f"1.{attempt}.0",
        changed_at=at - timedelta(minutes=minutes),
        downtime=Downtime(seconds=12.0),
        gates=waited,
    )
    return ended(namespace, record)


def broken(attempt: int, **more: Any) -> RecordSpec:
    """One that was taken back within three minutes."""
    at = DAWN + timedelta(hours=attempt, minutes=-3)
    trigger = Trigger(reason=Reason.SMOKE_TEST_FAILED, message="checkout answers 500", at=at)
    return records.broken(attempt, rollback=trigger, **more)


def shown() -> ReleaseReport:
    """Half of it a month and a half ago, half of it this week."""
    long_ago = [deployed(n, minutes=4) for n in range(1, 5)]
    lately = [deployed(24 * 44 + n) for n in range(3)]
    bad = ended("shop", broken(24 * 44 + 5, downtime=Downtime(seconds=400.0)))
    changed = DAWN + timedelta(days=43, minutes=-3)
    other = ended("shop", records.completed(24 * 43, release="docs", changed_at=changed))
    staging = ended("shop-staging", broken(24 * 44))
    policies = {("shop", "default"): POLICY}
    return report([*long_ago, *lately, bad, other, staging], policies, NOW)


def test_all_applications_read_as_in_the_golden_file() -> None:
    page = metricspage.every(shown(), ["A note."], everywhere=True, wide=True)

    goldens.check(GOLDEN / "metrics-all.txt", text_of(page, width=200))


def test_one_application_reads_as_in_the_golden_file() -> None:
    found = shown()
    single = {("shop", "bookshop"): found.applications["shop", "bookshop"]}

    page = metricspage.single(ReleaseReport(found.overall, single), [])

    goldens.check(GOLDEN / "metrics-one.txt", text_of(page))


def test_an_application_in_staging_has_no_targets() -> None:
    found = shown()
    single = {("shop-staging", "bookshop"): found.applications["shop-staging", "bookshop"]}

    text = text_of(metricspage.single(ReleaseReport(found.overall, single), []))

    assert "met" not in text.replace("METRIC", "")
    assert "missed" not in text


def test_programs_read_shares_and_seconds() -> None:
    document = view_of(shown(), [], NOW).to_wire()

    (bookshop,) = [
        one
        for one in document["releases"]
        if (one["namespace"], one["release"]) == ("shop", "bookshop")
    ]
    month = bookshop["windows"]["30d"]
    assert month["successRatio"] == 0.75
    assert month["timeToDeployMedianSeconds"] == 600.0
    assert bookshop["targets"]["time_to_deploy"] == {
        "target": 300.0,
        "value": 600.0,
        "missed": True,
        "before": 240.0,
    }
    assert document["overall"]["windows"]["all"]["deployments"] == 9
    assert "namespace" not in document["overall"]
