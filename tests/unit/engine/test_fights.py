"""An image that is set back again and again: how often it is applied again, whatever the times."""

from datetime import datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import DAWN
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import PUT_BACK_LIMIT, Attempt, Step, StepState, Trigger
from release_coordinator.api.conditions import Reason
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine import fights, templates
from release_coordinator.engine.context import Context
from release_coordinator.engine.outcome import Note, Outcome
from release_coordinator.engine.runfacts import WorkloadFact, WriterFact, WriterWant
from release_coordinator.engine.writers import mend

STEP = "rollout/backend"
WORKLOAD = WorkloadRef(name="bookshop-backend")
IMAGES = fights.Images({"api": "shop:2"}, {"api": "shop:1"})
GAPS = st.lists(st.integers(0, 900), max_size=40)


def template(image: str, **more: Any) -> dict[str, Any]:
    return {"spec": {"containers": [{"name": "api", "image": image, **more}]}}


def fact(image: str, **more: Any) -> WorkloadFact:
    """The workload with an image, and perhaps other fields."""
    found = template(image, **more)
    return WorkloadFact(
        ref=WORKLOAD,
        uid="u",
        resource_version="1",
        images={"api": image},
        init=frozenset(),
        template_hash=templates.hash_of(found),
        labelled_for="bookshop",
        rolled_out=True,
        replicas=2,
        ready=2,
        trouble="",
        template=found,
    )


def seen(now: datetime, attempt: Attempt | None = None) -> Context:
    """The step has left its images; the tool is Argo CD."""
    ours = templates.hash_of(template("shop:2"))
    step = Step(id=STEP, state=StepState.SUCCEEDED, started_at=DAWN, hash=ours)
    facts = {WriterWant(WORKLOAD, "api"): WriterFact("argocd-controller", now)}
    made = context(facts=facts, steps=(step,), now=now)
    if attempt is None:
        return made
    # As after the step has been applied again.
    applied = attempt.model_copy(update={"steps": [step]})
    return Context(made.release, made.status, applied, made.plan, None, made.seen, now)


def after(outcome: Outcome) -> Attempt:
    assert isinstance(outcome, Note)
    assert outcome.status.attempt is not None
    return outcome.status.attempt


@given(GAPS)
def test_it_is_never_applied_a_third_time_within_five_minutes(gaps: list[int]) -> None:
    now, attempt = DAWN, None
    applied: list[datetime] = []
    for gap in gaps:
        now += timedelta(seconds=gap)
        attempt = after(fights.answer(seen(now, attempt), fact("shop:1"), STEP, IMAGES))
        if attempt.hold is not None:
            assert attempt.hold.reason is Reason.GITOPS_CONFLICT
            lately = [one for one in applied if now - one < fights.WITHIN]
            assert len(lately) == fights.TIMES - 1 or len(applied) == PUT_BACK_LIMIT
            break
        applied.append(now)
        assert attempt.steps[0].hash is None
        assert attempt.steps[0].state is StepState.RUNNING

    for one in applied:
        assert sum(one <= other < one + fights.WITHIN for other in applied) < fights.TIMES
    assert len(applied) <= PUT_BACK_LIMIT


@given(
    st.sampled_from(["shop:1", "shop:3", "shop:2"]),
    st.dictionaries(st.sampled_from(["args", "env"]), st.just(["x"]), max_size=2),
)
def test_only_the_image_from_before_is_overwritten(image: str, more: dict[str, Any]) -> None:
    """A third version, or any other field, is somebody's work that nobody here knows."""
    attempt = after(fights.answer(seen(DAWN), fact(image, **more), STEP, IMAGES))

    if image == "shop:1" and not more:
        assert attempt.hold is None
        assert [one.step for one in attempt.put_back] == [STEP]
    else:
        assert attempt.hold is not None
        assert attempt.hold.reason is Reason.CONFLICTING_WRITER
        assert not attempt.put_back


def test_the_message_names_who_what_and_the_mend() -> None:
    now, attempt = DAWN, None
    for _ in range(fights.TIMES):
        attempt = after(fights.answer(seen(now, attempt), fact("shop:1"), STEP, IMAGES))

    assert attempt is not None
    assert attempt.hold is not None
    assert attempt.hold.step == STEP
    for words in (
        "Argo CD (argocd-controller)",
        "container api of Deployment bookshop-backend",
        "ignoreDifferences",
        "RespectIgnoreDifferences=true",
        "out of Git",
        "docs/gitops/layouts.md",
    ):
        assert words in attempt.hold.message


def test_each_time_has_a_mark_of_its_own() -> None:
    """So a request that comes late finds the workload changed, and no write looks like the last."""
    ctx = seen(DAWN)
    first = fights.mark(ctx, STEP)
    again = after(fights.answer(ctx, fact("shop:1"), STEP, IMAGES))

    assert first == "1/rollout/backend"
    assert fights.mark(seen(DAWN, again), STEP) == "1/rollout/backend/again-1"


def test_on_the_way_back_nobody_is_told_to_roll_back() -> None:
    """Neither for a fight nor for what is held at once."""
    trigger = Trigger(reason=Reason.MANUAL_ROLLBACK, message="", at=DAWN)
    for image, times in (("shop:1", fights.TIMES), ("shop:3", 1)):
        attempt = seen(DAWN).attempt.model_copy(update={"trigger": trigger})
        for _ in range(times):
            attempt = after(fights.answer(seen(DAWN, attempt), fact(image), STEP, IMAGES))

        assert attempt.hold is not None
        assert "resume" in attempt.hold.message
        assert "roll back" not in attempt.hold.message


def test_who_is_known_is_told_how_to_stop_also_where_it_holds_at_once() -> None:
    attempt = after(fights.answer(seen(DAWN), fact("shop:3"), STEP, IMAGES))

    assert attempt.hold is not None
    assert attempt.hold.reason is Reason.CONFLICTING_WRITER
    assert "RespectIgnoreDifferences=true" in attempt.hold.message
    assert attempt.hold.message.endswith("then resume (our images are applied again) or roll back")


def test_what_the_release_carries_is_not_to_be_carried_by_it() -> None:
    assert "carry the workload" in mend("argocd-controller")
    assert "carry the workload" not in mend("argocd-controller", inline=True)
