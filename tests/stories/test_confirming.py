"""The last moment: gates that shut while a release is prepared, or before what was held goes on."""

from collections.abc import Callable

import pytest
from tests.fakes.story import Story, told
from tests.releases import Body, bookshop

from release_coordinator.api.checklist import GateName
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import JOB, POLICY
from release_coordinator.engine import checklist
from release_coordinator.engine.evidence import AlertRuleFact, AlertRulesFact
from release_coordinator.engine.gates import GATES
from release_coordinator.errors import Denied

UP = "migrate/0007-add-isbn"
QA = [{"role": "qa"}]
INFRASTRUCTURE = [
    {"name": name, "enforcement": "Required"}
    for name in ("Version", "Changelog", "Credentials", "RollbackTarget", "Alerts")
]


def with_backup(**spec: object) -> Body:
    """The bookshop's Release, whose preparation takes a while."""
    body = bookshop()
    body["spec"] |= {"backup": {"job": {"image": "example/backup:1"}}, **spec}
    return body


def at(step: str) -> Callable[[ReleaseObject], bool]:
    """Tell when the newest step is this one."""

    def reached(release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        return bool(attempt and attempt.steps and attempt.steps[-1].id == step)

    return reached


async def signed(title: str, body: Body) -> Story:
    story = await Story.begin(title)
    await story.require(signOffs=QA)
    await story.apply(body)
    await story.look()
    await story.say("quinn", "Approved", role="qa")
    return story


def refuses(story: Story, denied: Callable[[Call], bool]) -> None:
    """From now on the API server denies these calls of the operator."""
    before = story.world.cluster.before

    async def deny(call: Call) -> None:
        if denied(call):
            raise Denied("exceeded quota")
        if before is not None:
            await before(call)

    story.world.cluster.before = deny


def creates(step: str) -> Callable[[Call], bool]:
    """Tell the call that creates the Job of a step."""

    def creating(call: Call) -> bool:
        annotations = (call.body or {}).get("metadata", {}).get("annotations", {})
        return call.verb == "create" and step in annotations.values()

    return creating


async def test_what_was_held_for_days_is_not_let_run_on_old_signatures() -> None:
    story = await signed(
        "The first change is denied for two days; meanwhile QA rejects", bookshop()
    )
    before = story.world.cluster.before
    refuses(story, creates(UP))
    await story.run()
    held = (await story.release()).status.attempt
    assert held is not None
    assert held.hold is not None

    story.world.cluster.before = before
    await story.world.advance(2 * 86_400)
    await story.say("quinn", "Rejected", role="qa", comment="found something")
    await story.annotate("resume", held.hold.id)
    await story.run()

    assert not story.ran(UP)
    await story.check("confirm_held_for_days")


async def test_a_job_that_waits_to_be_let_run_is_called_off_when_a_gate_has_shut() -> None:
    story = await signed("The Job may not be let run; an hour later QA has revoked", bookshop())
    before = story.world.cluster.before
    refuses(story, lambda call: call.verb == "patch" and call.ref.kind is JOB)
    await story.run()
    held = (await story.release()).status.attempt
    assert held is not None
    assert held.hold is not None

    story.world.cluster.before = before
    await story.world.advance(3_600)
    await story.say("quinn", "Revoked", role="qa", comment="found something")
    await story.annotate("resume", held.hold.id)
    await story.run()

    assert not story.ran(UP)
    assert (await story.release()).status.phase is Phase.GATING
    (job,) = await story.world.user.list(JOB, "shop")
    assert job["spec"]["suspend"]
    assert job["metadata"]["annotations"]["release-coordinator.io/withdrawn"] == "true"


async def test_a_policy_that_is_changed_during_the_backup_counts() -> None:
    story = await signed("The platform team asks for Security too while the backup runs",
                         with_backup())  # fmt: skip
    await story.run(at("prepare/backup"))

    await story.require(signOffs=[*QA, {"role": "security"}])
    await story.run()

    assert not story.ran(UP)
    await story.check("confirm_policy_changed")


async def test_a_freeze_that_the_watch_has_not_told_counts_before_the_first_change() -> None:
    gates = [*INFRASTRUCTURE[:4], {"name": "Window", "enforcement": "Required"}]
    story = await Story.begin("A freeze is declared during the backup, and the watch is late")
    await story.require(gates=gates)
    await story.apply(with_backup())
    hear = story.world.operator.hear
    await story.run(at("prepare/backup"))
    story.world.operator.hear = lambda kind, event, body: (  # type: ignore[method-assign]
        None if kind is POLICY else hear(kind, event, body)
    )
    freeze = {"name": "now", "start": "2026-11-23T12:00", "duration": "24h"}
    await story.require(gates=gates, freezes=[freeze])

    await story.run(told("freeze now"))

    assert not story.ran(UP)


async def test_a_gate_that_shuts_with_every_backup_is_not_tried_for_ever() -> None:
    story = await Story.begin("The backup itself makes an alert fire, every time")
    await story.require(gates=INFRASTRUCTURE)

    def rules() -> AlertRulesFact:
        bodies = story.world.cluster.everything()
        (release,) = [body for body in bodies if body["kind"] == "Release"]
        steps = release.get("status", {}).get("attempt", {}).get("steps", [])
        firing = any(step["id"] == "prepare/backup" for step in steps)
        return AlertRulesFact((AlertRuleFact("Slow", "ok", firing=firing, severity="warning"),))

    story.world.metrics.scripted = rules
    await story.apply(with_backup(alerts={"rules": ["Slow"]}))
    for _ in range(10):
        await story.run()
        await story.world.advance(60)
        story.world.wake()

    release = await story.release()
    assert release.status.attempt is not None
    assert (release.status.attempt.number, release.status.phase) == (3, Phase.FAILED)
    assert release.status.attempt.end is not None
    assert release.status.attempt.end.reason is Reason.GATES_NOT_PASSED
    assert story.ran("prepare/backup") == 3
    await story.check("confirm_shuts_every_time")


async def blind(title: str) -> Story:
    """All is prepared, and the alert rules cannot be asked any more."""
    story = await Story.begin(title)
    await story.require(gates=INFRASTRUCTURE)
    good = AlertRulesFact((AlertRuleFact("Slow", "ok", firing=False, severity=""),))
    story.world.metrics.alerts = good
    await story.apply(with_backup(alerts={"rules": ["Slow"]}))
    await story.run(at("prepare/backup"))
    story.world.metrics.alerts = AlertRulesFact((), "Prometheus is down")
    await story.run(told("To start over"))
    return story


async def test_a_gate_that_cannot_be_asked_any_more_is_waited_for_and_says_how_to_start_over() -> (
    None
):
    story = await blind("Prometheus is gone before the first change; a person starts over")

    await story.annotate("retry", "1")
    await story.look()

    attempt = (await story.release()).status.attempt
    assert attempt is not None
    assert attempt.number == 2
    await story.check("confirm_blind_retry")


async def test_a_spec_that_is_edited_before_the_first_change_starts_over() -> None:
    story = await blind("Prometheus is gone before the first change; the spec names no alerts now")
    await story.require()

    await story.apply(with_backup(), "without alerts")
    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.COMPLETED
    assert release.status.attempt is not None
    assert release.status.attempt.number == 2


async def test_a_fault_of_the_operator_in_one_gate_hides_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: object) -> None:
        raise KeyError("bool")

    monkeypatch.setattr(checklist, "GATES", {**GATES, GateName.CHANGELOG: broken})
    story = await Story.begin("A gate has a bug")
    await story.require(signOffs=QA)
    await story.apply(bookshop())

    await story.look()

    release = await story.release()
    assert release.status.attempt is not None
    shut = {gate.name: gate for gate in release.status.attempt.gates if not gate.opens}
    assert set(shut) == {"Changelog", "SignOff/qa"}
    assert "the operator failed to judge this (KeyError" in shut["Changelog"].message


async def test_a_policy_whose_removal_the_watch_has_not_told_is_gone_for_the_next_attempt() -> None:
    story = await Story.begin("The lax policy is deleted during the backup, and the watch is late")
    await story.apply(with_backup())
    hear = story.world.operator.hear
    await story.run(at("prepare/backup"))
    story.world.operator.hear = lambda kind, event, body: (  # type: ignore[method-assign]
        None if kind is POLICY else hear(kind, event, body)
    )
    await story.delete_object(POLICY, "default")

    await story.run(told("SignOff/qa"))

    attempt = (await story.release()).status.attempt
    assert attempt is not None
    assert (attempt.number, attempt.policy.name) == (2, None)
    assert not story.ran(UP)
