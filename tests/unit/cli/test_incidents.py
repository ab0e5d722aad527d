"""What the plugin writes of incidents, refuses with the command that helps, and shows."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from tests import goldens
from tests.releases import Body

from release_coordinator.api.codec import IncidentObject, parse_incident
from release_coordinator.api.incident import NOTES_LIMIT, IncidentSeverity, IncidentState
from release_coordinator.cli import incidentpage
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.incidents import Words, edited, noted, opened
from release_coordinator.render.postmortem import markdown

GOLDEN = Path(__file__).parent / "golden"
NOW = datetime(2026, 11, 23, 14, tzinfo=UTC)
AT = "2026-11-23T13:00:00Z"
STATUS: Body = {
    "observedGeneration": 2,
    "severity": "High",
    "decision": "Rollback",
    "cause": "RolledBack",
    "detectedAt": "2026-11-23T12:10:00.000Z",
    "version": "1.4.0",
    "previousVersion": "1.3.0",
    "outcome": "RolledBack",
    "reason": "MetricBreach",
    "message": "metric p95-latency: 0.1 is 5.00 times the baseline 0.02",
    "failedStep": "watch",
    "timeline": [
        {"at": "2026-11-23T12:00:00.000Z", "action": "Attempt 2 began", "owner": "operator"},
        {"at": "2026-11-23T13:30:00.000Z", "action": "Attempt 2 ended", "owner": "operator"},
    ],
    "record": "bookshop-2-77aa",
    "chart": "kubectl release chart bookshop -n shop --record bookshop-2-77aa",
    "followUp": {"state": "Open", "message": "name it in spec.fixes"},
}


def incident(status: Body | None = None, **spec: Any) -> IncidentObject:
    return parse_incident(
        {
            "metadata": {
                "name": "bookshop-2-0a1b",
                "namespace": "shop",
                "uid": "1-2-3",
                "resourceVersion": "17",
                "generation": 2,
                "creationTimestamp": "2026-11-23T12:10:01Z",
            },
            "spec": {"release": "bookshop", "attempt": 2, "title": "bookshop 1.4.0"} | spec,
            "status": STATUS if status is None else status,
        }
    )


def printed(page: Any) -> str:
    console = Console(width=120, highlight=False)
    with console.capture() as capture:
        console.print(page, crop=False)
    return "\n".join(line.rstrip() for line in capture.get().splitlines()) + "\n"


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        (Words(state=IncidentState.RESOLVED), "--root-cause TEXT --prevention TEXT"),
        (Words(state=IncidentState.RESOLVED, root_cause="x"), "bookshop-2-0a1b --prevention TEXT"),
        (Words(state=IncidentState.RESOLVED, root_cause=" ", prevention="x"), "--root-cause TEXT"),
    ],
)
def test_who_resolves_too_early_is_told_the_command_with_what_is_missing(
    words: Words, missing: str
) -> None:
    with pytest.raises(UnansweredError) as raised:
        edited(incident(), words)

    assert "kubectl release incident resolve bookshop-2-0a1b" in str(raised.value)
    assert str(raised.value).endswith(missing)


def test_what_was_said_before_need_not_be_said_again() -> None:
    patch = edited(
        incident(rootCause="a", prevention="b"), Words(state=IncidentState.RESOLVED, fix="c")
    )

    assert patch == {"metadata": {"uid": "1-2-3"}, "spec": {"state": "Resolved", "fix": "c"}}


def test_only_what_is_said_is_written() -> None:
    assert edited(incident(impact="much"), Words(severity=IncidentSeverity.MEDIUM))["spec"] == {
        "severity": "Medium"
    }


def test_what_cannot_be_stored_is_told_with_its_field() -> None:
    with pytest.raises(UnansweredError, match=r"spec\.impact: is longer than 1024 characters"):
        edited(incident(), Words(impact="x" * 1025))


def test_an_entry_is_added_to_the_timeline_as_it_was_seen() -> None:
    before = {"at": AT, "action": "looked", "owner": "ada"}

    patch = noted(incident(timeline=[before]), AT, "told the customers", "dana")

    after = {"at": AT, "action": "told the customers", "owner": "dana"}
    assert patch["spec"] == {"timeline": [before, after]}
    assert patch["metadata"] == {"uid": "1-2-3", "resourceVersion": "17"}


@pytest.mark.parametrize(
    ("at", "action", "words"),
    [
        ("yesterday", "looked", "RFC 3339"),
        (AT, "", r"spec\.timeline\[0\]\.action"),
    ],
)
def test_an_entry_that_cannot_be_read_is_not_added(at: str, action: str, words: str) -> None:
    with pytest.raises(UnansweredError, match=words):
        noted(incident(), at, action, "ada")


def test_a_full_timeline_says_where_else_to_write() -> None:
    full = [{"at": AT, "action": str(index)} for index in range(NOTES_LIMIT)]

    with pytest.raises(UnansweredError, match=r"is full .* kubectl release incident edit"):
        noted(incident(timeline=full), AT, "one more", "ada")


def test_one_that_people_open_has_a_name_that_a_release_can_name() -> None:
    body = opened("shop", "x" * 52, 3, Words(title="orders are sent twice"), NOW)

    assert len(body["metadata"]["name"]) == 63
    assert body["spec"] == {
        "release": "x" * 52,
        "title": "orders are sent twice",
        "attempt": 3,
    }


def test_the_page_of_one_that_is_being_worked_on() -> None:
    working = incident(
        state="Identified",
        impact="Checkout took five seconds.",
        timeline=[{"at": AT, "action": "told the \x1b[31mcustomers", "owner": "dana"}],
    )

    goldens.check(GOLDEN / "incident.txt", printed(incidentpage.page(working, NOW)))


def test_the_page_of_one_that_is_resolved() -> None:
    resolved = incident(
        STATUS | {"resolvedAt": "2026-11-23T13:45:00.000Z", "observedGeneration": 1},
        state="Resolved",
        rootCause="A query without an index.",
        prevention="Staging has as many rows.\nAn alert on slow queries.",
    )

    goldens.check(GOLDEN / "incident-resolved.txt", printed(incidentpage.page(resolved, NOW)))


def test_the_list() -> None:
    found = [incident(), incident({}, severity="Medium", title="opened by hand")]

    table = incidentpage.listing(found, NOW, everywhere=True, wide=True)

    goldens.check(GOLDEN / "incident-list.txt", printed(table))


def test_an_incident_that_cannot_be_read_is_shown_with_its_fault() -> None:
    broken = incident(title="")

    assert "spec.title: is too short" in printed(incidentpage.page(broken, NOW))
    assert "spec.title: is too short" in printed(incidentpage.listing([broken], NOW))
    with pytest.raises(UnansweredError, match="kubectl -n shop edit incident bookshop-2-0a1b"):
        edited(broken, Words(impact="x"))


def test_foreign_text_cannot_break_the_document() -> None:
    document = markdown(
        incident(
            title="a | b\n# c <script>",
            timeline=[{"at": AT, "action": "x | y\n| z |", "owner": "<b>"}],
        )
    )

    assert "# Incident: a \\| b # c &lt;script>\n" in document
    assert "| x \\| y \\| z \\| | &lt;b> |\n" in document
