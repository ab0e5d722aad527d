"""Which alerts that fire are a breach: those meant, and that the change may have caused."""

from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.world import DAWN
from tests.unit.engine.signs import BACKEND, entry_after, look, rolled_out, subject, watching

from release_coordinator.api.attempt import Measurement
from release_coordinator.api.conditions import Reason
from release_coordinator.api.control import RollbackCause
from release_coordinator.api.measurement import CARRIED_KNOWN, Verdict
from release_coordinator.api.watch import OnUnknown, Severity
from release_coordinator.engine.context import Context
from release_coordinator.engine.reading import Finding
from release_coordinator.engine.watchfacts import AlertFact, FiringFact, FiringWant

LATER = DAWN + timedelta(seconds=30)
EARLIER = DAWN - timedelta(minutes=5)
LABELS = {"app": "bookshop", "severity": "critical"}


def alert(name: str = "BookshopDown", since: Any = LATER, **labels: str) -> AlertFact:
    return AlertFact(name, {**LABELS, **labels}, since)


def sign(**more: Any) -> dict[str, Any]:
    return {"alerts": [{"name": "app", "alerts": ["BookshopDown"], **more}]}


def at(seconds: float, *entries: Measurement, **more: Any) -> Context:
    return watching(sign(**more), rolled_out(BACKEND), at=seconds, entries=entries)


def found(ctx: Context, *alerts: AlertFact, problem: str = "") -> Finding:
    finding = look(ctx, {FiringWant: FiringFact(alerts, problem)})
    assert finding is not None
    return finding


def test_an_alert_that_fires_since_the_change_is_a_breach() -> None:
    finding = found(at(60), alert())
    assert (finding.verdict, finding.value) == (Verdict.FAIL, 1.0)
    assert finding.message == "BookshopDown (severity=critical, since 12:00:30) fires"


def test_silence_is_good() -> None:
    finding = found(at(60))
    assert (finding.verdict, finding.value, finding.message) == (Verdict.PASS, 0.0, "none fires")


def test_other_alerts_do_not_matter() -> None:
    assert found(at(60), alert("Watchdog"), alert("bookshopdown")).verdict is Verdict.PASS


def test_an_alert_that_does_not_say_since_when_counts() -> None:
    assert found(at(60), alert(since=None)).verdict is Verdict.FAIL


@pytest.mark.parametrize("since", [EARLIER, DAWN])
def test_an_alert_from_before_the_change_is_told_and_does_not_count(since: Any) -> None:
    finding = found(at(60), alert(since=since))
    assert (finding.verdict, finding.value) == (Verdict.PASS, 0.0)
    assert finding.message.endswith("fires since before the change: not counted")


def test_of_two_alerts_the_new_one_counts() -> None:
    finding = found(at(60), alert(pod="a", since=EARLIER), alert(pod="b"))
    assert (finding.verdict, finding.value) == (Verdict.FAIL, 1.0)
    assert finding.message == (
        "BookshopDown (severity=critical, pod=b, since 12:00:30) fires; BookshopDown "
        "(severity=critical, pod=a, since 11:55:00) fires since before the change: not counted"
    )


def test_labels_select_with_their_placeholders_filled() -> None:
    more = {"alerts": [], "labels": {"namespace": "$(namespace)", "version": "v$(version)"}}
    ctx = at(60, **more)
    assert found(ctx, alert("Any", namespace="shop", version="v1.3.0")).verdict is Verdict.FAIL
    assert found(ctx, alert("Any", namespace="shop", version="v1.2.0")).verdict is Verdict.PASS
    assert found(ctx, alert("Any", namespace="shop")).verdict is Verdict.PASS


def test_names_and_labels_must_both_fit() -> None:
    ctx = at(60, labels={"app": "bookshop"})
    assert found(ctx, alert(app="other")).verdict is Verdict.PASS
    assert found(ctx, alert("Other")).verdict is Verdict.PASS
    assert found(ctx, alert()).verdict is Verdict.FAIL


def test_a_source_that_does_not_answer_says_nothing() -> None:
    finding = found(at(60), problem="does not answer")
    assert (finding.verdict, finding.value) == (Verdict.UNKNOWN, None)
    assert finding.message == "does not answer"


def test_nothing_is_said_before_the_answer_is_there() -> None:
    assert look(at(60), {}) is None


def test_a_source_that_was_started_anew_does_not_make_an_old_alert_a_new_one() -> None:
    """Without `for` it says of every alert that it has only begun."""
    first = at(10)
    entry = entry_after(first, found(first, alert(since=EARLIER)))
    gone = at(40, entry)
    entry = entry_after(gone, found(gone))
    again = at(70, entry)
    finding = found(again, alert(since=DAWN + timedelta(seconds=65)))
    assert finding.verdict is Verdict.PASS
    assert found(again, alert(pod="x")).verdict is Verdict.FAIL


def test_an_old_alert_that_has_ended_for_a_while_counts_when_it_fires_again() -> None:
    ctx = at(10)
    entry = entry_after(ctx, found(ctx, alert(since=EARLIER)))
    for second in (20, 80, 141):
        ctx = at(second, entry)
        entry = entry_after(ctx, found(ctx))
    assert found(at(150, entry), alert()).verdict is Verdict.FAIL


def test_an_outage_of_the_source_does_not_let_an_old_alert_be_forgotten() -> None:
    ctx = at(10)
    entry = entry_after(ctx, found(ctx, alert(since=EARLIER)))
    for second in (20, 80, 141, 300):
        ctx = at(second, entry)
        entry = entry_after(ctx, found(ctx, problem="does not answer"))
    assert found(at(310, entry), alert()).verdict is Verdict.PASS


def test_what_is_remembered_is_bounded() -> None:
    ctx = at(10)
    many = [alert(pod=str(number), since=EARLIER) for number in range(50)]
    entry = entry_after(ctx, found(ctx, *many))
    assert entry.carried is not None
    assert len(entry.carried.known) == CARRIED_KNOWN
    assert entry.message.endswith("and 47 more fire since before the change: not counted")
    Measurement.model_validate(entry.model_dump())


def test_a_message_repeats_no_more_of_an_alert_than_is_harmless() -> None:
    finding = found(at(60, alerts=[], labels={"app": "bookshop"}), alert("A\n\x1b[31m" * 100))
    assert "\n" not in finding.message
    assert "\x1b" not in finding.message
    assert len(finding.message) < 256


def test_severity_cause_and_what_silence_leads_to_are_those_of_the_entry() -> None:
    one = subject(at(60, cause="Security", severity="Hold", onUnknown="Rollback"))
    assert one.name == "alerts/app"
    assert (one.reason, one.cause) == (Reason.ALERT_FIRING, RollbackCause.SECURITY)
    assert (one.severity, one.on_unknown) == (Severity.HOLD, OnUnknown.ROLLBACK)
