"""The window gate: says whether it is open, until when, and when it opens next."""

from datetime import datetime
from typing import Any

import pytest
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import GateState, Role
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.engine.evidence import PolicyFact, PolicyWant
from release_coordinator.engine.gates import window
from release_coordinator.engine.gates.verdict import GateVerdict

WEEKDAYS = {
    "name": "weekdays",
    "start": "2026-01-05T09:00",
    "duration": "4h",
    "timeZone": "Europe/Berlin",
    "recurrence": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
}
SALE = {
    "name": "sale",
    "start": "2026-11-23T00:00",
    "duration": "120h",
    "timeZone": "Europe/Berlin",
    "reason": "Black Friday",
}


def evaluate(
    policy: Body | None, now: str = "2026-11-23T12:00Z", not_before: str | None = None
) -> GateVerdict:
    """The verdict at a moment; by default on a Monday at 13:00 in Berlin."""
    spec = ReleasePolicySpec.model_validate(policy) if policy is not None else None
    return verdict(PolicyFact("default" if spec else None, spec), now, not_before)


def verdict(
    fact: PolicyFact, now: str = "2026-11-23T12:00Z", not_before: str | None = None
) -> GateVerdict:
    body = bookshop()
    if not_before:
        body["spec"]["schedule"] = {"notBefore": not_before}
    facts: dict[Any, Any] = {PolicyWant("bookshop"): fact}
    found = window.evaluate(context(body, facts=facts, now=datetime.fromisoformat(now)))
    assert found.watched
    return found


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_an_open_window_passes_and_says_until_when() -> None:
    gate = evaluate({"windows": [WEEKDAYS]}, "2026-11-23T09:30Z").gate

    assert (gate.state, gate.owner) == (GateState.PASSED, Role.RELEASE_MANAGER)
    assert gate.message == (
        "window weekdays is open: until 2026-11-23 12:00 UTC (2026-11-23 13:00 Europe/Berlin)"
    )
    assert gate.next_check == at("2026-11-23T12:00Z")
    assert gate.evidence == "ReleasePolicy default"


def test_without_windows_any_time_is_good() -> None:
    policies: list[Body | None] = [None, {}]
    for policy in policies:
        gate = evaluate(policy).gate
        assert gate.state is GateState.PASSED
        assert gate.message == "no windows are declared: any time"
        assert gate.next_check is None
    assert evaluate(None).gate.evidence == "built-in policy"


def test_without_windows_the_next_freeze_is_told() -> None:
    gate = evaluate({"freezes": [SALE]}, "2026-11-20T12:00Z").gate

    assert gate.state is GateState.PASSED
    assert gate.message == (
        "no windows are declared: any time, until 2026-11-22 23:00 UTC, when a freeze begins"
    )


def test_outside_a_window_the_gate_waits_for_the_next_opening() -> None:
    gate = evaluate({"windows": [WEEKDAYS]}).gate  # the moment at which it closes

    assert (gate.state, gate.owner) == (GateState.WAITING, Role.RELEASE_MANAGER)
    assert gate.message == (
        "no deployment window is open; window weekdays opens at 2026-11-24 08:00 UTC "
        "(2026-11-24 09:00 Europe/Berlin); wait, or ask the platform team to change "
        "ReleasePolicy default"
    )
    assert gate.next_check == at("2026-11-24T08:00Z")


def test_a_freeze_beats_an_open_window_and_is_told_with_its_reason_and_end() -> None:
    gate = evaluate({"windows": [WEEKDAYS], "freezes": [SALE]}, "2026-11-23T09:30Z").gate

    assert gate.state is GateState.WAITING
    assert gate.message == (
        "freeze sale (Black Friday) lasts until 2026-11-27 23:00 UTC (2026-11-28 00:00 "
        "Europe/Berlin); window weekdays opens at 2026-11-30 08:00 UTC (2026-11-30 09:00 "
        "Europe/Berlin); wait, or ask the platform team to change ReleasePolicy default"
    )
    assert gate.next_check == at("2026-11-30T08:00Z")


def test_a_freeze_without_windows_ends_the_wait_itself() -> None:
    gate = evaluate({"freezes": [SALE | {"reason": ""}]}).gate

    assert gate.state is GateState.WAITING
    assert "freeze sale lasts until 2026-11-27 23:00 UTC" in gate.message
    assert "deployments may begin at 2026-11-27 23:00 UTC" in gate.message
    assert gate.next_check == at("2026-11-27T23:00Z")


def test_a_freeze_without_an_end_in_sight_is_waited_for_without_a_moment() -> None:
    gate = evaluate({"freezes": [SALE | {"duration": "9999h99999m"}]}).gate

    assert gate.state is GateState.WAITING
    assert "no deployment may begin within 400 days" in gate.message
    assert gate.next_check is None


def test_windows_that_never_open_again_are_for_the_platform_team_to_mend() -> None:
    once = {"name": "once", "start": "2026-01-05T09:00", "duration": "4h"}

    gate = evaluate({"windows": [once]}).gate

    assert (gate.state, gate.owner) == (GateState.FAILED, Role.PLATFORM)
    assert gate.message == (
        "ReleasePolicy default: no window opens within 400 days; add one to spec.windows, or let "
        "one of them recur"
    )


def test_before_the_wanted_time_the_gate_waits_though_a_window_is_open() -> None:
    gate = evaluate({"windows": [WEEKDAYS]}, "2026-11-23T09:30Z", "2026-11-24T09:00:00Z").gate

    assert gate.state is GateState.WAITING
    assert gate.message == (
        "spec.schedule.notBefore asks to begin no earlier than 2026-11-24 09:00 UTC; wait, or "
        "change it"
    )
    assert gate.next_check == at("2026-11-24T09:00Z")


def test_a_wanted_time_outside_windows_is_moved_to_the_next_opening() -> None:
    gate = evaluate({"windows": [WEEKDAYS]}, "2026-11-23T09:30Z", "2026-11-23T20:00:00Z").gate

    assert gate.state is GateState.WAITING
    assert "but then no deployment window is open; window weekdays opens at" in gate.message
    assert gate.next_check == at("2026-11-24T08:00Z")


def test_from_the_wanted_time_on_windows_alone_count() -> None:
    assert evaluate({}, not_before="2026-11-23T12:00:00Z").gate.state is GateState.PASSED
    assert evaluate({}, not_before="2026-11-23T12:00:01Z").gate.state is GateState.WAITING


@pytest.mark.parametrize("offset", ["Z", "-12:00", "+14:00"])
def test_a_wanted_time_that_never_comes_is_waited_for(offset: str) -> None:
    gate = evaluate({"windows": [WEEKDAYS]}, not_before=f"9999-12-31T23:59:59{offset}").gate

    assert gate.state is GateState.WAITING
    assert gate.next_check is not None
    assert gate.to_wire()["nextCheck"].startswith("9999-12-31T")


def test_a_wanted_time_long_ago_is_no_obstacle() -> None:
    gate = evaluate(None, not_before="0001-01-01T00:00:00+14:00").gate

    assert gate.state is GateState.PASSED


def test_a_period_that_cannot_be_read_is_for_the_platform_team_to_mend() -> None:
    gate = evaluate({"windows": [WEEKDAYS | {"timeZone": "Europe/Berln"}]}).gate

    assert (gate.state, gate.owner) == (GateState.FAILED, Role.PLATFORM)
    assert gate.message == (
        "ReleasePolicy default: spec.windows[0].timeZone: Europe/Berln is not in the IANA time "
        "zone database; write a name of it, like Europe/Berlin"
    )


def test_a_policy_that_cannot_be_read_leaves_windows_and_freezes_unknown() -> None:
    fact = PolicyFact("default", None, "spec.windows[0].start: is missing; add it")

    gate = verdict(fact).gate

    assert (gate.state, gate.owner) == (GateState.UNKNOWN, Role.PLATFORM)
    assert "spec.windows[0].start: is missing; add it" in gate.message


def test_windows_are_those_of_now_not_those_of_the_plan() -> None:
    facts = {PolicyWant("bookshop"): PolicyFact("default", ReleasePolicySpec())}

    found = window.evaluate(context(facts=facts, policy={"freezes": [SALE]}))

    assert found.gate.state is GateState.PASSED
