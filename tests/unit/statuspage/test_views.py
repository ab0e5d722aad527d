"""What pages say of releases, records and incidents, before it is HTML."""

import dataclasses
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli import releases, watched
from tests.unit.cli.releases import at
from tests.unit.statuspage.scenes import NOW, body_of, incident_body, known, record_body, scene

from release_coordinator.api.codec import ReleaseObject, parse_incident, parse_release
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.cli import curves
from release_coordinator.cluster.port import RELEASE
from release_coordinator.statuspage.views import charts, incident, overview, record, release
from release_coordinator.statuspage.views.course import attempt_of, course_of
from release_coordinator.statuspage.views.overview import PAGE, Asked, Show, overview_of
from release_coordinator.statuspage.views.summary import Summary, summary_of
from release_coordinator.statuspage.views.wording import Moment, Tone, phase_badge

SUMMARIES = [summary_of(parse_release(body)) for body in scene()[RELEASE]]


def summary(made: ReleaseObject, **names: str) -> Summary:
    return summary_of(parse_release(body_of(made, **names)))


def unseen(made: ReleaseObject) -> ReleaseObject:
    """Edited, and the operator has not looked at it."""
    return dataclasses.replace(made, generation=made.generation + 1)


def test_every_phase_has_a_badge_and_only_one_of_them_is_green() -> None:
    green = [phase for phase in Phase if phase_badge(phase).tone is Tone.GOOD]

    assert green == [Phase.COMPLETED]
    assert all(phase_badge(phase).text for phase in Phase)


@pytest.mark.parametrize("state", releases.STATES)
def test_what_the_operator_has_not_looked_at_is_never_green(state: str) -> None:
    made = releases.STATES[state]()

    assert summary_of(unseen(made)).badge.tone is not Tone.GOOD
    if made.status.observed_generation >= 0:
        assert "edited" in summary_of(unseen(made)).note


def test_nothing_is_said_to_run_in_a_release_that_is_suspended() -> None:
    page = release.page_of(releases.suspended(), (), (), NOW)
    segments = [one.badge.text for one in summary_of(releases.suspended()).segments]

    assert page.course is not None
    (current,) = [one for one in page.course.phases if one.is_current]
    assert (current.name, current.badge.text) == ("Preparing", "suspended")
    assert segments[:3] == ["done", "suspended", "to come"]


def test_what_is_not_valid_or_cannot_be_read_needs_somebody() -> None:
    broken = body_of(releases.completed())
    broken["status"]["attempt"]["journalSchema"] = 99
    assert summary_of(parse_release(broken)).badge.text == "Unreadable"
    assert summary_of(parse_release(broken)).is_urgent

    status = ReleaseStatus(
        observed_generation=2,
        conditions=[
            {
                "type": "Valid",
                "status": "False",
                "reason": "InvalidSpec",
                "lastTransitionTime": "2026-11-10T09:00:00.000Z",
            }
        ],
    )
    wrong = body_of(releases.completed()) | {"status": status.to_wire()}
    assert summary_of(parse_release(wrong)).badge.text == "Not valid"


def test_who_must_act_is_told_at_the_gates_and_after_a_failure() -> None:
    assert summary(releases.gating()).must_act == "Developer (Changelog)"
    assert summary(releases.gating()).badge.text == "Waiting"
    assert summary(releases.rolled_back()).must_act.startswith("Developer: find the cause")
    assert summary(releases.rolling_out()).must_act == "Nobody: it goes on by itself"


def test_since_is_when_the_present_phase_began() -> None:
    assert summary(releases.rolling_out()).since == at(15)
    assert summary(releases.held()).since == at(70)
    assert summary(releases.completed()).since == at(130)
    assert summary(releases.untouched()).since is None


def test_progress_counts_the_phases_that_are_behind() -> None:
    assert summary(releases.rolling_out()).progress == "3 of 7 phases done"
    assert summary(releases.completed()).progress == "7 of 7 phases done"
    assert summary(releases.untouched()).progress == "nothing has begun"


def test_the_name_of_an_application_is_that_of_the_annotation() -> None:
    assert summary(releases.held()).title == "bookshop"
    assert summary(releases.held(), title="The Bookshop").title == "The Bookshop"
    assert summary(releases.held(), title="\u202egpj.exe\n").title == "gpj.exe"


def test_what_needs_somebody_comes_first() -> None:
    page = overview_of(SUMMARIES, Asked(), NOW)

    tones = [row.summary.badge.tone for row in page.rows]
    order = [Tone.BAD, Tone.WAIT, Tone.BUSY, Tone.CALM, Tone.GOOD]
    assert tones == sorted(tones, key=order.index)
    assert [tab.count for tab in page.tabs] == [8, 5, 2, 1]


def test_a_search_finds_words_of_name_version_and_state() -> None:
    def found(search: str) -> list[str]:
        page = overview_of(SUMMARIES, Asked.of("all", search, "1"), NOW)
        return [row.summary.name for row in page.rows]

    assert found("LOGISTICS held") == ["dispatch"]
    assert found("route plan") == ["routing"]
    assert found("1.4.0 completed") == ["login"]
    assert found("nothing like it") == []


def test_five_hundred_releases_are_shown_in_pages() -> None:
    one = summary(releases.rolling_out())
    many = [dataclasses.replace(one, name=f"r{number}") for number in range(501)]

    page = overview_of(many, Asked.of("all", "", "3"), NOW)
    last = overview_of(many, Asked.of("all", "", "999"), NOW)

    assert (len(page.rows), page.first, page.last, page.found) == (PAGE, 101, 150, 501)
    assert (len(last.rows), last.asked.page, last.pages) == (1, 11, 11)


@given(st.text(), st.text(), st.text())
def test_any_query_is_read(show: str, search: str, page: str) -> None:
    asked = Asked.of(show, search, page)

    assert asked.show in list(Show)
    assert len(asked.search) <= overview.SEARCH
    assert asked.page >= 1
    overview_of(SUMMARIES, asked, NOW)


@pytest.mark.parametrize("state", watched.STATES)
def test_everything_of_a_chart_is_inside_of_it(state: str) -> None:
    chart = curves.of_release(watched.STATES[state]()) if state != "unchanged" else None
    for picture in charts.pictures_of(chart, NOW) if chart else ():
        for place in (*picture.dots, *picture.crosses):
            assert charts.LEFT <= place.x <= charts.WIDTH - charts.RIGHT
            assert charts.TOP <= place.y <= charts.HEIGHT - charts.BOTTOM
        for line in (*picture.limits, *picture.ticks):
            assert charts.TOP <= line.y <= charts.HEIGHT - charts.BOTTOM


@given(st.lists(st.none() | st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_any_values_can_be_drawn(values: list[float | None]) -> None:
    entry = watched.metric(values[:60], value=None)
    chart = curves.of_release(watched.release(watched.attempt(entry)))

    (picture,) = charts.pictures_of(chart, NOW)

    known_values = [value for value in values[:60] if value is not None]
    assert len(picture.dots) + len(picture.crosses) == len(known_values)
    assert len(picture.samples) == len(values[:60])
    for place in (*picture.dots, *picture.crosses):
        assert charts.TOP <= place.y <= charts.HEIGHT - charts.BOTTOM


def test_a_line_has_a_gap_where_there_was_no_answer() -> None:
    entry = watched.metric([0.05, 0.06, None, 0.05, 0.3])
    chart = curves.of_release(watched.release(watched.attempt(entry)))

    (picture,) = charts.pictures_of(chart, NOW)

    assert [len(path.split()) for path in picture.paths] == [2, 2]
    assert len(picture.gaps) == 1
    assert len(picture.crosses) == 1
    assert picture.summary == "p95-latency: 5 looks, 1 beyond the limit, the last value is 0.3"


def test_limits_of_an_edited_spec_are_not_drawn_and_that_is_said() -> None:
    other = watched.spec(watched.WATCH | {"duration": "9m"})
    made = dataclasses.replace(watched.good(), spec=other)

    page = release.page_of(made, (), (), NOW)

    assert all(not picture.limits for picture in page.pictures)
    assert "edited" in page.about_charts


def test_a_release_without_values_says_so() -> None:
    assert release.page_of(releases.rolling_out(), (), (), NOW).about_charts == (
        "Nothing was measured yet."
    )
    assert "measured" in release.page_of(releases.rolled_back(), (), (), NOW).about_charts


def test_gates_that_are_shut_are_told_by_who_must_act() -> None:
    course = release.page_of(releases.gating(), (), (), NOW).course

    assert course is not None
    assert [owner for owner, _ in course.shut_owners] == ["Developer"]
    assert [gate.is_shut for gate in course.gates] == [True, False], "shut ones first"


def test_the_status_remembers_attempts_whose_records_are_gone() -> None:
    page = release.page_of(releases.completed(), (), (), NOW)

    assert [(row.attempt, row.badge.text) for row in page.history] == [
        (2, "Completed"),
        (1, "Completed"),
    ]


async def test_the_history_of_a_release_is_that_of_its_records_newest_first() -> None:
    objects = known()
    made = objects.release("logistics", "routing")
    assert made is not None

    rows = await objects.history(made, NOW)

    assert [(row.attempt, row.badge.text) for row in rows] == [(2, "Rolled back"), (1, "Completed")]


def test_a_record_tells_the_same_course_as_the_journal_did() -> None:
    found = watched.record()
    journal = watched.breached().status.attempt
    assert journal is not None

    told = course_of(attempt_of(found), NOW)
    live = course_of(journal, NOW)

    assert [step.id for step in told.timeline] == [step.id for step in live.timeline]
    assert [phase.name for phase in told.phases] == [phase.name for phase in live.phases]
    assert told.trigger == live.trigger


def test_a_slim_record_is_enough_for_a_line_of_the_history() -> None:
    body = record_body("shop", "bookshop", "r")
    for heavy in ("plan", "timeline", "measurements"):
        del body["spec"][heavy]

    spec = record.spec_of(body)

    assert spec is not None
    assert record.row_of(body, spec, NOW).badge.text == "Rolled back"
    assert record.spec_of({"spec": {"release": 7}}) is None


async def test_open_incidents_come_first() -> None:
    page = incident.list_of(await known().incidents(), NOW)

    assert [(row.name, row.is_open) for row in page.rows] == [
        ("routing-2-1c2d", True),
        ("login-7-aa01", False),
    ]
    assert (page.open, page.total) == (1, 2)


def test_an_incident_tells_what_must_be_written_before_it_is_resolved() -> None:
    page = incident.page_of(parse_incident(incident_body()), NOW)

    assert page.missing == ("prevention",)
    assert [entry.owner for entry in page.timeline] == ["operator", "operator", "dana@example.org"]
    resolved = incident_body(state="Resolved", prevention="more rows in staging")
    assert incident.page_of(parse_incident(resolved), NOW).missing == ()


def test_an_incident_that_cannot_be_read_is_no_good_news() -> None:
    body = incident_body()
    body["spec"]["state"] = "Forgotten"

    page = incident.page_of(parse_incident(body), NOW)

    assert page.row.state.tone is Tone.BAD
    assert page.row.is_open


def test_moments_are_told_with_their_distance() -> None:
    assert Moment(NOW, NOW + timedelta(seconds=3)).distance == "just now"
    assert Moment(NOW, NOW + timedelta(hours=2)).distance == "2h 00m ago"
    assert Moment(NOW + timedelta(minutes=5), NOW).distance == "in 5m 00s"


async def test_a_summary_is_made_once_for_each_state(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = known()
    first = await objects.summaries()
    monkeypatch.setattr(
        "release_coordinator.statuspage.known.parse_release", lambda _: pytest.fail("again")
    )

    assert await objects.summaries() == first


async def test_what_is_gone_is_forgotten() -> None:
    objects = known({RELEASE: scene()[RELEASE]})
    await objects.summaries()
    objects.mirror.store.replace_all(RELEASE, [], since=objects.mirror.store.mark())

    assert await objects.summaries() == []
    assert objects._summaries._known == {}


def test_a_record_that_ended_says_why() -> None:
    spec = watched.record(outcome=Phase.FAILED, reason=Reason.BACKUP_FAILED, rollback=None)

    page = record.page_of("shop", "r", spec, NOW, is_whole=True)

    assert page.badge.text == "Failed"
    assert page.message
