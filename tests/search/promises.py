"""What must hold in every state: the invariants of the operator, said of single moves.

A move that breaks one raises Broken; the search then tells how it came to that. Numbers like I3
are those of the campaigns (`tests/campaigns`). What happened is judged by the world's own account,
never by what the journal says of it.
"""

from collections import Counter

from tests.search.effects import guarded
from tests.search.journals import Journal
from tests.search.parts import Stored, World
from tests.search.scene import Scene
from tests.search.table import Row, cause_of

from release_coordinator.api.attempt import Attempt, StepState
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.engine.action import Action, ApplyTemplate, CreateJob, ResumeJob
from release_coordinator.engine.orders import is_behind
from release_coordinator.engine.phases import confirming
from release_coordinator.engine.templates import containers


class Broken(Exception):  # noqa: N818 - what the search looks for
    """A promise does not hold."""


def ensure(holds: bool, words: str) -> None:  # noqa: FBT001 - reads as a sentence
    """Raise Broken with these words unless it holds."""
    if not holds:
        raise Broken(words)


class Promises:
    """The oracle; it also counts what was reached."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.rows: Counter[Row] = Counter()
        self.reached: Counter[str] = Counter()
        """Steps with their states, effects, and reasons of holds, turns and ends."""

    # what is decided

    def noted(self, own: Stored, before: int, after: int, live: World) -> None:
        """One decision has changed the journal."""
        old, new = self._scene.journals[before], self._scene.journals[after]
        attempt = new.attempt
        if attempt is None:
            return
        self._count(old, new)
        fresh = old.attempt is None or old.attempt.number != attempt.number
        step = confirming.STEP
        if new.states.get(step) is StepState.SUCCEEDED and (
            fresh or old.states.get(step) is not StepState.SUCCEEDED
        ):
            self._confirmed(own, attempt, live)
        if fresh:
            self._begins(own, old.attempt, attempt)

    def _count(self, old: Journal, new: Journal) -> None:
        cause = cause_of(old, new)
        if old.phase is not new.phase or cause:
            self.rows[Row(old.phase, cause, new.phase)] += 1
        for step, state in new.states.items():
            if old.states.get(step) is not state:
                self.reached[f"{step} {state}"] += 1

    def _confirmed(self, own: Stored, attempt: Attempt, live: World) -> None:
        """I3: when the gates are noted as open for the first change, they are."""
        if not self._scene.model.signed:
            return
        ensure(live.proved, "I3: confirmed while forged approvals were not refused")
        said = (own.app, attempt.digest, "Approved") in live.words
        ensure(said, "I3: confirmed without an approval for this plan")

    def _begins(self, own: Stored, old: Attempt | None, new: Attempt) -> None:
        """A finished plan is not run again by itself."""
        if old is None:
            return
        ensure(old.recorded, "I8: an attempt begins before the last one has ended")
        if not is_behind(new):  # whoever has an old view counts on from what he finds
            ensure(new.number == old.number + 1, "I8: attempts are numbered one by one")
        superseded = old.end is not None and old.end.outcome is Phase.SUPERSEDED
        rehearsed = old.end is not None and old.end.reason is Reason.REHEARSED
        asked = own.retry == str(old.number)
        edited = new.generation != old.generation and new.spec_digest != old.spec_digest
        again = asked or superseded or edited or rehearsed
        ensure(again, "R4.12: a finished plan is run again by itself")

    # what is written

    def written(self, before: Stored, after: Stored) -> None:
        """A journal takes the place of another one."""
        old, new = self._scene.journal(before).attempt, self._scene.journal(after).attempt
        if new is not None:
            self._asks_for_a_reason(new)
        if old is None or new is None or old is new:
            return
        if old.number != new.number:
            ensure(old.recorded, "I8: an attempt is forgotten before it has ended")
            return
        told = new.model_copy(update={"pruned": old.pruned})
        ensure(not old.recorded or told == old, "I8: a terminal attempt is final")
        ensure(new.digest == old.digest, "an attempt keeps its plan")
        ensure(new.frozen or not old.frozen, "a recorded plan stays recorded")
        ensure(bool(new.trigger) or not old.trigger, "I5: a rollback is not taken back")
        if new.end is not None and new.end.outcome is Phase.COMPLETED:
            ensure(new.trigger is None, "I5: what was turned back does not complete")
        if old.trigger and new.trigger != old.trigger:
            barred = old.hold and old.hold.reason is Reason.IRREVERSIBLE_MIGRATION
            ensure(bool(barred), "I5: an attempt is turned back twice")

    def _asks_for_a_reason(self, attempt: Attempt) -> None:
        """A person is asked for what happened; what one old view leads to is never written."""
        # No model restores a status.
        ensure(not is_behind(attempt), "I8: held for a status that is older than the cluster")
        rejected = attempt.hold is not None and attempt.hold.reason is Reason.API_REJECTED
        allowed = self._scene.model.budget
        # What somebody takes back at once passes for refused, another Release's lock as well.
        others = allowed.meddle or allowed.unlock or len(self._scene.model.specs) > 1
        may = bool(allowed.refused or others)
        ensure(not rejected or may, "held for a refusal that never was")

    def finalized(self, journal: Journal, *, adds: bool) -> None:
        """The finalizer is set, or the Release is let go."""
        if not adds:
            attempt = journal.attempt
            ensure(attempt is None or attempt.recorded, "a Release is let go during its attempt")

    # what is done

    def effect(self, own: Stored, action: Action, live: World) -> None:
        """An effect is sent, with the journal that its operator has written."""
        self.reached[f"does {type(action).__name__}"] += 1
        journal = self._scene.journal(own)
        if not isinstance(action, CreateJob | ResumeJob | ApplyTemplate):
            return
        attempt = journal.attempt
        ensure(attempt is not None and not attempt.recorded, "I8: an effect after the end")
        assert attempt is not None
        step = action.context.step if isinstance(action, CreateJob) else ""
        if isinstance(action, CreateJob) and not guarded(step):
            return
        revision = dict(live.revisions).get(attempt.revision or "")
        vanished = attempt.revision is not None and self._scene.model.budget.vanish > 0
        ensure(revision is not None or vanished, "I4: a change without a way back on record")
        if isinstance(action, CreateJob):
            ensure(action.suspended, "I1: a migration might run before its Job is known")
            known = any(entry.id == step and entry.uid for entry in attempt.steps)
            ensure(not known, "I1: the Job of a migration is created again")
        confirmed = journal.states.get(confirming.STEP) is StepState.SUCCEEDED
        ensure(confirmed, "I3: a change past a gate")

    def happened(
        self,
        own: Stored,
        action: Action,
        before: World,
        after: World,
        releases: tuple[Stored, ...],
    ) -> None:
        """An effect was carried out."""
        ensure(len(set(after.ran)) == len(after.ran), "I1: a migration's program ran twice")
        journal, spec = self._scene.journal(own), self._spec(own, after)
        if isinstance(action, ApplyTemplate):
            self._applied(journal, action, spec, after)
            self._alone(own, releases)
        if isinstance(action, ResumeJob):
            step = next(job.step for job in before.jobs if job.name == action.name)
            if step.startswith("undo/"):
                self._reverts(journal, step.removeprefix("undo/migrate/"), spec, before)

    def _spec(self, own: Stored, world: World) -> ReleaseSpec:
        attempt = self._scene.journal(own).attempt
        number = dict(world.revisions).get((attempt and attempt.revision) or "")
        if number is None:
            return self._scene.decider.spec(own)
        return self._scene.kept.revisions[number].spec

    def _applied(
        self, journal: Journal, action: ApplyTemplate, spec: ReleaseSpec, world: World
    ) -> None:
        attempt = journal.attempt
        assert attempt is not None
        component = next(c for c in spec.components if c.target == action.workload)
        images = {one["name"]: one["image"] for one in containers(action.template)}
        ensure(set(images) == set(component.images), "I11: a container is changed that is not ours")
        if f"undo/rollout/{component.name}" in action.mark:
            number = dict(world.revisions).get(attempt.revision or "")
            known = self._scene.kept.revisions[number].previous if number is not None else []
            wanted = next((entry.images for entry in known if entry.name == component.name), images)
            ensure(images == wanted, "I5: a rollback restores something else than was recorded")
            return
        ensure(attempt.trigger is None, "I5: a rollout during a rollback")
        for migration in spec.migrations:
            done = journal.states.get(f"migrate/{migration.name}") is StepState.SUCCEEDED
            ensure(done or migration.name in attempt.in_place, "I2: a rollout before its migration")
        for needed in component.depends_on:
            done = journal.states.get(f"rollout/{needed}") is StepState.SUCCEEDED
            ensure(done, "R3.7: a rollout before what it depends on")

    def _alone(self, own: Stored, releases: tuple[Stored, ...]) -> None:
        """I7: nobody else is at work on the workloads; in the models all share them."""
        for other in releases:
            attempt = self._scene.journal(other).attempt
            working = attempt is not None and attempt.frozen and attempt.end is None
            ensure(other.app == own.app or not working, "I7: two Releases change a workload")

    def _reverts(self, journal: Journal, name: str, spec: ReleaseSpec, world: World) -> None:
        """I6: with no pod of the new code, newest first, and only what was applied."""
        states = journal.states
        ensure(states.get(f"migrate/{name}") is StepState.SUCCEEDED, "I6: reverts what it is not")
        order = [migration.name for migration in spec.migrations]
        for newer in order[order.index(name) + 1 :]:
            applied = states.get(f"migrate/{newer}") is StepState.SUCCEEDED
            undone = states.get(f"undo/migrate/{newer}") is StepState.SUCCEEDED
            ensure(undone or not applied, "I6: migrations are not reverted newest first")
        new = {image for component in spec.components for image in component.images.values()}
        for one in world.workloads:
            ensure(not new & {one.image, *one.leftover}, "I6: a pod of the new code still runs")
