"""Asking the database: what counts as an answer, how often it is asked, and what a hold tells."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import DAWN
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context, running
from tests.unit.engine.gate_jobs import ended, failed

from release_coordinator.api.attempt import Step
from release_coordinator.cluster.facts import pod_fact
from release_coordinator.engine import holds, schema
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import Note, Wait
from release_coordinator.engine.schema import Answer

MINUTE = timedelta(minutes=1)


def asking(*steps: Step, later: timedelta = timedelta()) -> Context:
    body: Body = bookshop()
    body["spec"]["database"] = {"current": {"image": "example/bookshop-migrate:1.3.0"}}
    return context(body, steps=steps, now=DAWN + later)


def begun(outcome: object) -> str:
    assert isinstance(outcome, Note)
    assert outcome.status.attempt is not None
    return outcome.status.attempt.steps[-1].id


def test_an_answer_is_what_the_job_said() -> None:
    assert schema.ask(asking(ended("schema/x", "0007")), "x") == Answer("0007", "", "schema/x")


def test_a_job_that_says_nothing_is_asked_again() -> None:
    found = schema.ask(asking(ended("schema/x"), later=MINUTE), "x")
    assert begun(found) == "schema/x/2"


def test_a_failed_question_is_put_again_after_a_pause() -> None:
    step = failed("schema/x", "connection refused")

    assert schema.ask(asking(step), "x") == Wait(DAWN + schema.PAUSE)
    assert begun(schema.ask(asking(step, later=schema.PAUSE), "x")) == "schema/x/2"


def test_a_question_that_was_never_answered_ends_with_the_reason() -> None:
    steps = [failed(f"schema/x{end}", "connection refused") for end in ("", "/2", "/3")]
    found = schema.ask(asking(*steps, later=MINUTE), "x")

    assert found == Answer("", "connection refused", "schema/x/3")
    assert str(found) == "the database gave no answer (connection refused)"


def test_a_question_that_took_too_long_is_not_put_again() -> None:
    slow = failed("schema/x", "did not end").model_copy(
        update={"finished_at": DAWN + schema.PATIENCE}
    )
    assert schema.ask(asking(slow, later=schema.PATIENCE), "x") == Answer(
        "", "did not end", "schema/x"
    )


def test_an_old_answer_is_none_where_it_must_be_fresh() -> None:
    step = ended("schema/x", "0007")
    assert schema.ask(asking(step, later=59 * timedelta(seconds=1)), "x", MINUTE) == Answer(
        "0007", "", "schema/x"
    )
    assert begun(schema.ask(asking(step, later=MINUTE), "x", MINUTE)) == "schema/x/2"


def test_an_attempt_has_room_for_so_many_questions() -> None:
    steps = [ended(f"schema/{number}", "0007") for number in range(schema.LIMIT)]
    found = schema.ask(asking(*steps), "x")
    assert isinstance(found, Answer)
    assert found.trouble == f"it was asked {schema.LIMIT} times in this attempt; look yourself"


def test_what_a_person_has_settled_is_an_answer_without_a_version() -> None:
    found = schema.ask(asking(ended("schema/x", schema.BY_A_PERSON)), "x")
    assert found == Answer("", "", "schema/x", settled=True)
    assert schema.answered(asking(ended("schema/x", schema.BY_A_PERSON)), "x") == ""


def test_a_database_that_is_not_declared_gives_no_answer() -> None:
    found = schema.ask(context(), "x")
    assert isinstance(found, Answer)
    assert found.trouble == "spec.database.current is not declared"


@given(st.text(max_size=2000), st.integers(min_value=1, max_value=3))
def test_the_commands_of_a_hold_are_never_cut_off(facts: str, count: int) -> None:
    body = bookshop()
    body["metadata"]["name"] = "x" * 52
    ctx = context(body, steps=(running("a"),), number=99999, holds=99)
    ways = [
        holds.resume(ctx, "If the migration is applied"),
        holds.roll_back(ctx, "if it is not"),
        holds.leave_schema(ctx, "to leave it"),
    ][:count]

    text = holds.text(facts, *ways)

    assert len(text) <= holds.MESSAGE
    assert all(way.command in text for way in ways)


def pod(code: int | None, *conditions: str) -> Body:
    state: Any = {} if code is None else {"terminated": {"exitCode": code, "message": "words"}}
    return {
        "metadata": {"name": "p"},
        "status": {
            "containerStatuses": [{"name": "job", "state": state}],
            "conditions": [{"type": one, "status": "True"} for one in conditions],
        },
    }


@pytest.mark.parametrize(
    ("body", "killed", "ended"),
    [
        (pod(None), False, False),
        (pod(0), False, True),
        (pod(1), False, True),
        (pod(255), False, True),
        (pod(137), True, True),
        (pod(143), True, True),
        (pod(1, "DisruptionTarget"), True, True),
        (pod(None, "DisruptionTarget"), True, False),
    ],
)
def test_a_program_that_was_ended_from_outside_is_told_from_one_that_ended(
    body: Body, *, killed: bool, ended: bool
) -> None:
    fact = pod_fact(body)
    assert (fact.killed, fact.ended) == (killed, ended)
