"""Whatever the world does and whenever the operator dies, the promises to the user hold."""

# ruff: noqa: D102 - rules and invariants are sentences

import copy
from collections import Counter
from typing import Any

from hypothesis import Phase as HypothesisPhase
from hypothesis import event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.releases import bookshop
from tests.unit.engine.abstract import UID, Abstract, Crash, Shell, later, policy_of

from release_coordinator.api.approval import Decision
from release_coordinator.api.attempt import Attempt, Step, StepState
from release_coordinator.api.conditions import ConditionType, Phase, Reason
from release_coordinator.api.control import Suspend, Suspension
from release_coordinator.api.release import Reversibility, WorkloadRef
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine.action import Action, ApplyTemplate, CreateJob, ResumeJob
from release_coordinator.engine.ledger import Page, check
from release_coordinator.engine.phases import confirming
from release_coordinator.engine.runfacts import JobPhase, JobWant, WorkloadFact, WorkloadWant
from release_coordinator.engine.templates import containers, hash_of

REVERSIBILITY = st.sampled_from([Reversibility.REVERSIBLE] * 2 + list(Reversibility))
CHANCE = st.integers(min_value=0, max_value=7)
"""What would end most stories early happens in one case of eight."""
ENDS = st.sampled_from([JobPhase.SUCCEEDED, JobPhase.SUCCEEDED, JobPhase.FAILED])
DOOM = st.one_of(st.none(), st.none(), st.integers(min_value=0, max_value=9))
SIZE_LIMIT = 48 * 1024


def spec(version: str, kinds: list[Reversibility]) -> dict[str, Any]:
    """A Release of the bookshop with one migration of each of these kinds."""
    body: dict[str, Any] = copy.deepcopy(bookshop()["spec"])
    body["version"] = version
    for component, image in zip(body["components"], ("api", "web"), strict=True):
        component["images"] = {image: f"example/{image}:{version}"}
        component["progressDeadline"] = "5m"
    (template,) = body["migrations"]
    body["migrations"] = [
        {**template, "name": f"m{number}-{version.replace('.', '-')}", "reversibility": kind}
        for number, kind in enumerate(kinds)
    ]
    for migration in body["migrations"]:
        if migration["reversibility"] != Reversibility.REVERSIBLE:
            del migration["down"]
    body["watch"] |= {"duration": "1m", "interval": "15s", "unknownLimit": "1m"}
    return body


class Promises(RuleBasedStateMachine):
    """A random world; `watch` hears of every write and checks it."""

    def __init__(self) -> None:
        super().__init__()
        self.triggers: Counter[int] = Counter()
        self.terminal: dict[int, Attempt] = {}
        self.last: Attempt | None = None
        self.suspension: Suspension | None = None
        self.refused = False

    @initialize(kinds=st.lists(REVERSIBILITY, max_size=3))
    def begin(self, kinds: list[Reversibility]) -> None:
        self.world = Abstract(spec("1.1.0", kinds))
        for name, container in (("bookshop-backend", "api"), ("bookshop-frontend", "web")):
            images = {container: f"example/{container}:1.0.0"}
            template = {"spec": {"containers": [{"name": container, "image": images[container]}]}}
            self.world.workloads[name] = WorkloadFact(
                ref=WorkloadRef(name=name),
                uid=f"uid-{name}",
                resource_version="1",
                images=images,
                init=frozenset(),
                template=template,
                template_hash=hash_of(template),
                labelled_for="",
                rolled_out=True,
                replicas=2,
                ready=2,
                trouble="",
            )
        self.shell = Shell(self.world, self.watch)

    # the operator

    @rule(crash_at=DOOM)
    def look(self, crash_at: int | None) -> None:
        if self.world.gone:
            return
        self.shell.operations = 0
        try:
            self.shell.run(crash_at)
        except Crash:
            self.restart()
            return
        self.shell.operations = 0
        if not self.world.gone:
            self.shell.run()
            assert self.shell.operations == 0, "a second look at the same world writes"

    @rule(times=st.integers(min_value=1, max_value=12))
    def all_goes_well(self, times: int) -> None:
        """Without this most worlds would never get far."""
        self.world.slow = False
        for _ in range(times):
            self.quinn_signs()
            self.everything_succeeds()
            later(self.world, 15)
            self.look(None)

    @rule(times=st.integers(min_value=1, max_value=12), why=st.sampled_from(["metric", "order"]))
    def the_version_turns_out_bad(self, times: int, why: str) -> None:
        """It goes back, at least a part of the way."""
        self.all_goes_well(7)
        if why == "order":
            self.somebody_orders("rollback")
        self.world.sample = 9.0
        self.all_goes_well(times)
        self.world.sample = 1.0

    @rule()
    def restart(self) -> None:
        self.world.known.clear()
        self.shell = Shell(self.world, self.watch)

    # the world

    @rule(seconds=st.sampled_from([1, 15, 60, 700]))
    def time_passes(self, seconds: int) -> None:
        later(self.world, seconds)
        self.world.lagging.clear()

    @rule(end=ENDS, pick=st.integers(min_value=0))
    def a_job_ends(self, end: JobPhase, pick: int) -> None:
        running = [job for job in self.world.jobs.values() if job.fact.phase is JobPhase.RUNNING]
        if running:
            self.world.turn(running[pick % len(running)], end)

    @rule()
    def everything_succeeds(self) -> None:
        for job in self.world.jobs.values():
            if job.fact.phase is JobPhase.RUNNING:
                self.world.turn(job, JobPhase.SUCCEEDED)
        self.pods_follow()

    @rule()
    def pods_follow(self) -> None:
        for name, fact in self.world.workloads.items():
            self.world.workloads[name] = WorkloadFact(**{**_fields(fact), "rolled_out": True})

    @rule(slow=st.booleans())
    def answers_take_their_time(self, slow: bool) -> None:  # noqa: FBT001 - drawn
        self.world.slow = slow

    @rule()
    def watches_lag(self) -> None:
        for name in list(self.world.jobs):
            want = JobWant(name, confirm=True)
            self.world.lagging[want] = self.world.look(want)
        for name in self.world.workloads:
            about = WorkloadWant(WorkloadRef(name=name))
            self.world.lagging[about] = self.world.look(about)

    @precondition(lambda self: self.world.jobs)
    @rule(pick=st.integers(min_value=0), chance=CHANCE)
    def a_job_is_deleted(self, pick: int, chance: int) -> None:
        if chance == 0:
            self.world.jobs.pop(list(self.world.jobs)[pick % len(self.world.jobs)])

    @rule(name=st.sampled_from(["bookshop-backend", "bookshop-frontend"]), chance=CHANCE)
    def somebody_changes_a_workload(self, name: str, chance: int) -> None:
        if chance:
            return
        fact = self.world.workloads[name]
        (container,) = fact.images
        self.world.roll(fact, {container: "example/foreign:9"}, fact.labelled_for)

    @rule(chance=CHANCE)
    def a_workload_is_created_anew(self, chance: int) -> None:
        if chance:
            return
        fact = self.world.workloads["bookshop-backend"]
        fresh = {**_fields(fact), "uid": fact.uid + "x"}
        self.world.workloads[fact.ref.name] = WorkloadFact(**fresh)

    @rule(value=st.sampled_from([1.0, 1.0, 9.0, None]))
    def metrics_say(self, value: float | None) -> None:
        self.world.sample = value

    @rule(healthy=st.booleans())
    def endpoints_answer(self, healthy: bool) -> None:  # noqa: FBT001 - drawn
        self.world.healthy = healthy

    @rule(reason=st.sampled_from([Reason.API_DENIED, Reason.API_REJECTED]))
    def the_server_refuses_the_next_effect(self, reason: Reason) -> None:
        self.world.refusal = reason

    # people

    @rule()
    def quinn_signs(self) -> None:
        attempt = self.world.release().status.attempt
        self.world.unproved, self.world.unheard = "", 0
        if attempt is not None and not self.world.signed(attempt.digest):
            later(self.world, 1)
            self.world.say(Decision.APPROVED, attempt.digest)

    @rule(decision=st.sampled_from(list(Decision)), old=st.booleans(), heard=st.booleans())
    def quinn_says(self, decision: Decision, old: bool, heard: bool) -> None:  # noqa: FBT001
        """A word about this plan, or about another one; the watch may tell it late."""
        attempt = self.world.release().status.attempt
        if attempt is not None and decision is not Decision.WAIVED:
            self.world.say(decision, "sha256:" + "0" * 64 if old else attempt.digest)
            self.world.unheard = 0 if heard else 1

    @rule(signed=st.booleans())
    def the_policy_is_edited(self, signed: bool) -> None:  # noqa: FBT001 - drawn
        self.world.policy = policy_of(signed=signed)

    @rule(problem=st.sampled_from(["", "", "the policy is gone"]))
    def forgeries_are_tried(self, problem: str) -> None:
        self.world.unproved = problem

    @rule(number=st.integers(min_value=1, max_value=4), kinds=st.lists(REVERSIBILITY, max_size=2))
    def the_spec_is_edited(self, number: int, kinds: list[Reversibility]) -> None:
        edited = spec(f"1.{number}.0", kinds)
        if edited != self.world.spec:
            self.world.spec = edited
            self.world.generation += 1

    @rule(mode=st.sampled_from([None, None, *Suspend]))
    def somebody_suspends_or_resumes(self, mode: Suspend | None) -> None:
        changed = {**self.world.spec, "suspend": str(mode) if mode else None}
        if changed != self.world.spec:
            self.world.spec = changed
            self.world.generation += 1

    @rule(key=st.sampled_from(["retry", "rollback", "resume", "abort"]))
    def somebody_orders(self, key: str) -> None:
        attempt = self.world.release().status.attempt
        if attempt is None:
            return
        value = attempt.hold.id if key == "resume" and attempt.hold else str(attempt.number)
        self.world.annotations[f"release-coordinator.io/{key}"] = value

    @rule(chance=CHANCE)
    def the_revision_is_deleted(self, chance: int) -> None:
        if chance == 0:
            self.world.revisions.clear()

    @rule(chance=CHANCE)
    def the_release_is_deleted(self, chance: int) -> None:
        if chance == 0:
            self.world.deleting = bool(self.world.finalizers)
            self.world.gone = not self.world.finalizers

    # the promises

    def watch(self, status: ReleaseStatus, action: Action | None) -> None:
        """Check a status that is persisted, or an effect and the status stored before it."""
        if action is None:
            event(f"reaches {status.phase}")
            self._conditions(status)
            self._attempts(status)
        else:
            note(f"does {type(action).__name__}")
            event(f"does {type(action).__name__}")
            self._effect(status, action)

    def _conditions(self, status: ReleaseStatus) -> None:
        found = {condition.type: condition.status for condition in status.conditions}
        assert set(found) == set(ConditionType), "a condition is missing"
        good, moving, stuck = (
            found[kind] == "True"
            for kind in (ConditionType.READY, ConditionType.RECONCILING, ConditionType.STALLED)
        )
        assert good + moving + stuck == 1, "exactly one of Ready, Reconciling and Stalled is true"
        assert len(status.model_dump_json(by_alias=True)) < SIZE_LIMIT

    def _attempts(self, status: ReleaseStatus) -> None:
        new, old = status.attempt, self.last
        if new is None:
            return
        note(f"{status.phase}: {status.message}")
        self.last = new
        self._suspended(status, old, new)
        self._rollouts(old, new)
        self._confirmed(old, new)
        if old is not None and new.number == old.number:
            self.triggers[new.number] += old.trigger is None and new.trigger is not None
            assert not (old.trigger and not new.trigger), "a rollback is not taken back"
            assert not (old.frozen and not new.frozen)
            assert new.digest == old.digest
            if old.recorded:
                assert new == old, "a terminal attempt is final"
        elif old is not None:
            assert new.number == old.number + 1
            assert old.recorded
            self._may_begin(old, new)
        assert self.triggers[new.number] <= 1, "at most one rollback per attempt"

    def _suspended(self, status: ReleaseStatus, old: Attempt | None, new: Attempt) -> None:
        """As long as it is suspended no step begins, and nothing completes."""
        before, self.suspension = self.suspension, status.suspension
        if before is None or before != status.suspension or self.world.deleting:
            return
        event("stays suspended")
        assert old is not None
        assert old.number == new.number, "no attempt begins"
        assert new.end is None or new.end == old.end or new.end.outcome is not Phase.COMPLETED
        if new.trigger is None or before.mode is Suspend.ALL:
            assert len(new.steps) == len(old.steps), "no step begins"

    def _confirmed(self, old: Attempt | None, new: Attempt) -> None:
        """When the gates are recorded as open for the first change, they really are."""
        known = old is not None and old.number == new.number and _state(old, confirming.STEP)
        if _state(new, confirming.STEP) is not StepState.SUCCEEDED or known is StepState.SUCCEEDED:
            return
        event("confirms its gates")
        revision = self.world.revisions.get(new.revision or "")
        asked = revision is not None and any(r.sign_offs for r in revision.requirements.types)
        if asked:
            assert self.world.signed(new.digest), "signed off, for exactly this plan"
            assert not self.world.unproved, "and forged signatures are refused"

    def _rollouts(self, old: Attempt | None, new: Attempt) -> None:
        """What is newly recorded as rolled out, or as taken back, really is."""
        revision = self.world.revisions.get(new.revision or "")
        if revision is None or self.world.lagging:
            return
        before = {entry.name: entry.images for entry in revision.previous}
        for component in revision.spec.components:
            name = component.name
            for step, images in (
                (f"rollout/{name}", component.images),
                (f"undo/rollout/{name}", before[name]),
            ):
                known = old is not None and old.number == new.number and _state(old, step)
                if _state(new, step) is StepState.SUCCEEDED and known != StepState.SUCCEEDED:
                    running = self.world.workloads[component.target.name].images
                    assert running == images, f"{step} is recorded, but {running} runs"

    def _may_begin(self, old: Attempt, new: Attempt) -> None:
        asked = self.world.annotations.get("release-coordinator.io/retry") == str(old.number)
        superseded = old.end is not None and old.end.outcome is Phase.SUPERSEDED
        changed = new.digest != old.digest and new.generation != old.generation
        assert asked or superseded or changed, "a finished plan is not run again by itself"

    def _effect(self, stored: ReleaseStatus, action: Action) -> None:
        attempt = stored.attempt
        if not isinstance(action, CreateJob | ResumeJob | ApplyTemplate):
            return
        assert attempt is not None
        assert not attempt.recorded
        if not isinstance(action, CreateJob) or "migrate/" in action.context.step:
            confirmed = _state(attempt, confirming.STEP)
            assert confirmed is StepState.SUCCEEDED, "nothing is changed past a shut gate"
        if isinstance(action, CreateJob):
            guarded = "migrate/" in action.context.step
            assert action.suspended == guarded, "migrations are created suspended, others running"
            if action.context.step.startswith("gate/"):
                return
        assert attempt.frozen, "the way back is recorded before anything is changed"
        assert attempt.revision in self.world.revisions
        if isinstance(action, ApplyTemplate):
            self._rollout(attempt, action)
        elif isinstance(action, ResumeJob) and action.name in self.world.jobs:
            self._migration(attempt, self.world.jobs[action.name].step, action)

    def _rollout(self, attempt: Attempt, action: ApplyTemplate) -> None:
        assert attempt.revision is not None
        revision = self.world.revisions[attempt.revision]
        if attempt.trigger is None:
            fresh = [m for m in revision.spec.migrations if m.name not in attempt.in_place]
            done = [f"migrate/{migration.name}" for migration in fresh]
            assert all(_state(attempt, step) is StepState.SUCCEEDED for step in done), (
                "no rollout before its migrations are recorded done"
            )
            wanted = [c.images for c in revision.spec.components]
        else:
            wanted = [entry.images for entry in revision.previous]
            barred = [
                m.name
                for m in revision.spec.migrations
                if m.reversibility is Reversibility.IRREVERSIBLE
                and _state(attempt, f"migrate/{m.name}") is StepState.SUCCEEDED
            ]
            asked = attempt.trigger.reason is Reason.MANUAL_ROLLBACK
            assert asked or not barred, "only a person goes back past an irreversible migration"
        images = {one["name"]: one["image"] for one in containers(action.template)}
        assert images in wanted, "a rollback applies what was recorded, not what runs"

    def _migration(self, attempt: Attempt, step: str, action: ResumeJob) -> None:
        job = self.world.jobs[action.name]
        known = next(entry for entry in attempt.steps if entry.id == step)
        assert known.uid == job.fact.uid, "a migration runs after its Job is in the journal"
        if step.startswith("undo/"):
            self._revert(attempt, step.removeprefix("undo/migrate/"))

    def _revert(self, attempt: Attempt, name: str) -> None:
        assert attempt.revision is not None
        assert attempt.trigger is not None
        plan = self.world.revisions[attempt.revision].spec
        (migration,) = [m for m in plan.migrations if m.name == name]
        assert migration.reversibility is Reversibility.REVERSIBLE
        assert _state(attempt, f"migrate/{name}") is StepState.SUCCEEDED
        for newer in plan.migrations[plan.migrations.index(migration) + 1 :]:
            if _state(attempt, f"migrate/{newer.name}") is StepState.SUCCEEDED:
                undone = _state(attempt, f"undo/migrate/{newer.name}")
                assert undone is StepState.SUCCEEDED, "newest first"
        for component in plan.components:
            if _state(attempt, f"rollout/{component.name}") is not None:
                undone = _state(attempt, f"undo/rollout/{component.name}")
                assert undone is StepState.SUCCEEDED, "code goes back before the schema"

    @invariant()
    def the_release_log_is_whole(self) -> None:
        """Whatever crashes and is done twice: no record is missing, changed or one too many."""
        stored = self.world.release().status
        pages = [Page(name, one.record) for name, one in self.world.records.items()]
        assert check("bookshop", UID, pages, stored).findings == ()

    @invariant()
    def programs_of_migrations_ran_at_most_once(self) -> None:
        assert all(count == 1 for count in self.world.ran.values())


def _fields(fact: WorkloadFact) -> dict[str, Any]:
    return {name: getattr(fact, name) for name in WorkloadFact.__dataclass_fields__}


def _state(attempt: Attempt, step_id: str) -> StepState | None:
    step: Step | None = next((entry for entry in attempt.steps if entry.id == step_id), None)
    return step.state if step else None


TestPromises = Promises.TestCase
# A failing world is told as it was found: making it smaller takes minutes.
TestPromises.settings = settings(
    stateful_step_count=40, phases=set(HypothesisPhase) - {HypothesisPhase.shrink}
)
