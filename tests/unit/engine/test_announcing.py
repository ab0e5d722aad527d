"""Who is told what: news of a Release, subscriptions, and that nothing is lost or told twice."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.outbox import States, channel
from tests.fakes.story import Story, following
from tests.fakes.world import DAWN
from tests.policies import basic
from tests.releases import Body, bookshop

from release_coordinator.api.attempt import GateState, Role
from release_coordinator.api.channel import Audience, Event
from release_coordinator.api.codec import (
    parse_channel,
    parse_incident,
    parse_notification,
    parse_release,
)
from release_coordinator.api.conditions import Reason
from release_coordinator.api.notification import NOTES_LIMIT
from release_coordinator.api.record import RecordSpec
from release_coordinator.engine import news
from release_coordinator.engine.announcing import (
    KEPT_FOR,
    NEWS_FOR,
    Scene,
    Wanted,
    expires_at,
    wanted,
)
from release_coordinator.engine.describe import ADVICE, who_acts
from release_coordinator.render.message import text_of
from release_coordinator.render.notification import notification_body

HAPPENED = {
    Event.STARTED,
    Event.STEP_FAILED,
    Event.ROLLBACK_STARTED,
    Event.ROLLED_BACK,
    Event.COMPLETED,
    Event.FAILED,
}


def scene(*bodies: Body, records: list[Body] = [], incidents: list[Body] = []) -> Scene:  # noqa: B006
    """What is stored."""
    courses = [news.recorded("shop", RecordSpec.model_validate(one["spec"])) for one in records]
    present = [news.present(parse_release(body)) for body in bodies]
    return Scene(
        courses=(*courses, *(one for one in present if one)),
        incidents=tuple(map(parse_incident, incidents)),
        labels=bodies[0]["metadata"].get("labels", {}) if bodies else {},
    )


def told(found: Scene, *channels: Body, after: float = 0.0) -> list[Wanted]:
    """The messages, so many seconds after dawn."""
    return wanted(found, [parse_channel(one) for one in channels], DAWN + timedelta(seconds=after))


def events(messages: list[Wanted]) -> list[str]:
    return [str(one.spec.event) for one in messages]


@pytest.fixture(scope="module")
async def states() -> States:
    """1.3.0 completes, 1.4.0 fails a step and is taken back."""
    found = States()
    story = await Story.begin("a good version and a slow one")
    await found.play(story, bookshop(), following("1.4.0"))
    return found


@pytest.fixture(scope="module")
async def signing() -> Body:
    """A Release that waits for a signature and for its window."""
    found = States()
    story = await Story.begin("a version that waits")
    policy = basic(
        types=[{"type": "Minor", "signOffs": [{"role": "qa"}, {"role": "product-owner"}]}]
    )["spec"]
    await story.world.require(**policy)
    await found.play(story, bookshop())
    return found.releases[-1]


def test_without_a_channel_there_is_nothing(states: States) -> None:
    assert told(scene(states.releases[-1], records=states.records)) == []


def test_the_course_of_a_release_is_told_from_start_to_end(states: States) -> None:
    final = scene(states.releases[-1], records=states.records[:1])

    assert events(told(final, channel(), after=3600)) == [
        "Started",
        "Completed",
        "Started",
        "StepFailed",
        "RollbackStarted",
        "RolledBack",
    ]


def test_each_role_is_asked_for_its_sign_off_with_the_command(signing: Body) -> None:
    asked = [
        one.spec for one in told(scene(signing), channel()) if one.spec.event == "SignOffNeeded"
    ]

    assert [one.data.role for one in asked] == ["QA engineer", "Product owner"]
    assert asked[0].data.command == "kubectl release approve bookshop -n shop --role qa"


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        ({}, 2),
        ({"roles": ["qa"]}, 1),
        ({"namespaces": ["shop"]}, 2),
        ({"namespaces": ["other"]}, 0),
        ({"releases": {"names": ["bookshop"]}}, 2),
        ({"releases": {"names": ["other"]}}, 0),
        ({"releases": {"labels": {"team": "books"}}}, 2),
        ({"releases": {"labels": {"team": "other"}}}, 0),
        ({"types": ["Minor", "Major"]}, 2),
        ({"types": ["Major"]}, 0),
        ({"events": ["SignOffNeeded"]}, 2),
        ({"events": ["Completed"]}, 0),
    ],
)
def test_a_channel_is_told_what_it_subscribes_to(
    signing: Body, spec: dict[str, Any], count: int
) -> None:
    body = {**signing, "metadata": {**signing["metadata"], "labels": {"team": "books"}}}
    asked = [
        one for one in told(scene(body), channel(**spec)) if one.spec.event is Event.SIGN_OFF_NEEDED
    ]

    assert len(asked) == count


def test_the_window_is_announced_when_it_is_known(signing: Body) -> None:
    body = parse_release(signing)
    attempt = body.status.attempt
    assert attempt is not None
    gate = attempt.gates[0].model_copy(
        update={
            "name": "Window",
            "state": GateState.WAITING,
            "message": "opens soon",
            "next_check": DAWN + timedelta(hours=8),
            "waiver": None,
        }
    )
    course = news.present(body)
    assert course is not None
    waiting = Scene((replace(course, gates=(gate,)),), (), {})

    (first,) = told(waiting, channel())
    assert (first.spec.event, first.spec.data.opens_at) == (
        Event.WINDOW_ANNOUNCED,
        "2026-11-23 20:00 UTC",
    )
    assert told(waiting, channel(), after=9 * 3600) == [], "it has opened"
    later = gate.model_copy(update={"next_check": DAWN + timedelta(hours=32)})
    moved = Scene((replace(course, gates=(later,)),), (), {})
    assert told(moved, channel())[0].name != first.name, "a window that moves is told anew"


def test_whoever_acts_after_a_failure_is_a_role() -> None:
    assert {who_acts(reason) for reason in ADVICE} <= set(Role)
    assert who_acts(Reason.COMPLETED) == ""


def test_what_happened_before_the_channel_was_made_is_not_told(states: States) -> None:
    late = channel()
    late["metadata"]["creationTimestamp"] = "2026-11-24T00:00:00Z"

    assert told(scene(states.releases[-1], records=states.records), late, after=3600) == []


def test_what_happened_longer_ago_than_a_day_is_not_told(states: States) -> None:
    final = scene(states.releases[-1], records=states.records)

    assert told(final, channel(), after=NEWS_FOR.total_seconds() + 3600) == []


def test_a_rehearsal_that_went_well_alarms_nobody(states: States) -> None:
    (body,) = states.records[-1:]
    spec = {**body["spec"], "reason": "Rehearsed", "outcome": "RolledBack"}
    spec["rollback"] = {**spec["rollback"], "reason": "Rehearsal"}
    spec["timeline"] = [one for one in spec["timeline"] if one["state"] != "Failed"]

    found = events(told(scene(records=[{**body, "spec": spec}]), channel(), after=3600))

    assert found == ["Started", "Rehearsed"]


def test_published_notes_are_told_with_their_lines(states: States) -> None:
    body = states.records[0]
    notes = {"configMap": "notes", "key": "notes.md", "text": "## 1.3.0\n\n- ISBN\n" * 400}
    found = told(
        scene(records=[{**body, "spec": {**body["spec"], "notes": notes}}]), channel(), after=3600
    )

    assert events(found) == ["Started", "Completed", "NotesPublished"]
    text = found[-1].spec.data.notes
    assert text.startswith("## 1.3.0\n\n- ISBN")
    assert len(text) <= NOTES_LIMIT
    assert text.endswith("…")


def incident(
    state: str = "Investigating",
    observed: int = 1,
    status: Body = {},  # noqa: B006
    **spec: Any,
) -> Body:
    """An Incident of the second attempt."""
    return {
        "metadata": {
            "name": "bookshop-2-incident",
            "namespace": "shop",
            "uid": "uid-of-incident",
            "generation": 1,
            "resourceVersion": "5",
            "creationTimestamp": f"{DAWN:%Y-%m-%dT%H:%M:%SZ}",
        },
        "spec": {"release": "bookshop", "attempt": 2, "title": "slow", "state": state, **spec},
        "status": {"observedGeneration": observed, "severity": "High", **status},
    }


def test_an_incident_is_told_once_it_was_looked_at_and_then_each_new_state() -> None:
    assert told(scene(incidents=[incident(observed=-1)]), channel()) == []
    (opened,) = told(scene(incidents=[incident()]), channel())
    (identified,) = told(scene(incidents=[incident("Identified")]), channel())

    assert opened.spec.event is Event.INCIDENT_CHANGED
    assert (opened.spec.data.severity, opened.spec.data.state) == ("High", "Investigating")
    assert opened.name != identified.name


@pytest.mark.parametrize(
    ("changed", "fact", "value"),
    [
        (incident("Mitigating"), "state", "Mitigating"),
        (incident(status={"severity": "Critical"}), "severity", "Critical"),
        (incident(status={"decision": "Rollback"}), "decision", "Rollback"),
    ],
)
def test_an_incident_is_told_anew_with_what_has_changed(
    changed: Body, fact: str, value: str
) -> None:
    (opened,) = told(scene(incidents=[incident()]), channel())
    (again,) = told(scene(incidents=[changed]), channel())

    assert again.name != opened.name
    assert getattr(again.spec.data, fact) == value
    for audience in Audience:
        reader = parse_channel(channel(audience=audience)).spec
        assert reader is not None
        text = text_of("shop", again.spec, reader)
        assert value in text.title + text.body


def test_what_people_have_written_is_told_once_the_operator_has_looked_at_it() -> None:
    written = incident("Identified", decision="Pause")
    written["metadata"]["generation"] = 2

    assert told(scene(incidents=[written]), channel()) == []


def test_an_incident_that_is_opened_again_is_told_again() -> None:
    def turned(status: str, hour: int) -> Body:
        at = f"2026-11-23T{hour}:00:00Z"
        resolved = {"type": "Resolved", "status": status, "reason": "R", "lastTransitionTime": at}
        return {"conditions": [resolved], "resolvedAt": at if status == "True" else None}

    course = [
        incident(status=turned("False", 10)),
        incident("Resolved", status=turned("True", 11)),
        incident(status=turned("False", 12)),
        incident("Resolved", status=turned("True", 13)),
    ]
    names = {told(scene(incidents=[one]), channel(), after=3600)[0].name for one in course}

    assert len(names) == len(course)


def test_a_resolved_incident_is_told_for_a_day() -> None:
    ended = incident("Resolved", status={"resolvedAt": f"{DAWN:%Y-%m-%dT%H:%M:%SZ}"})
    day = NEWS_FOR.total_seconds()

    assert events(told(scene(incidents=[ended]), channel(), after=day - 1)) == ["IncidentChanged"]
    assert told(scene(incidents=[ended]), channel(), after=day + 1) == []


def test_names_are_labels_and_differ_between_channels(states: States) -> None:
    final = scene(states.releases[-1], records=states.records[:1])

    found = told(final, channel("one"), channel("two"), after=3600)

    assert len({one.name for one in found}) == len(found)
    assert all(len(one.name) <= 63 for one in found)


@given(data=st.data())
def test_whenever_it_is_asked_what_happened_is_told_and_told_once(
    states: States, data: st.DataObject
) -> None:
    """Any states may be missed, seen twice or late: the outbox is the same in the end."""
    looks = data.draw(st.lists(st.integers(0, len(states.releases) - 1), max_size=8))
    whole = told(scene(states.releases[-1], records=states.records), channel(), after=3600)
    must = {one.name for one in whole if one.spec.event in HAPPENED}

    made: dict[str, Wanted] = {}
    for index in [*sorted(looks), len(states.releases) - 1]:
        body = states.releases[index]
        ended = (body.get("status", {}).get("attempt") or {}).get("number", 0)
        past = [one for one in states.records if one["spec"]["attempt"] < ended]
        for one in told(scene(body, records=past), channel(), after=3600):
            made.setdefault(one.name, one)

    assert must <= made.keys()
    assert {one.name for one in made.values() if one.spec.event in HAPPENED} == must


def test_a_message_goes_two_days_after_its_end() -> None:
    (one,) = told(scene(incidents=[incident()]), channel())
    body = notification_body(one)
    pending = parse_notification(body)
    delivered = parse_notification(
        {**body, "status": {"phase": "Delivered", "deliveredAt": "2026-11-23T12:00:00Z"}}
    )

    assert expires_at(pending) is None
    assert expires_at(delivered) == DAWN + KEPT_FOR
    assert KEPT_FOR > NEWS_FOR, "or it would be told again"
