"""What people and the world do by themselves, apart from the operators."""

from collections.abc import Iterator

from tests.search.answers import pods_of
from tests.search.effects import guarded, rolled, with_job, with_workload
from tests.search.parts import NONE, Job, Pass, Stored, Workload, World
from tests.search.scene import Kind, Move, Scene

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.conditions import Phase
from release_coordinator.engine.phases import confirming

METRICS = ("good", "bad", "none")
MODES = ("", "Forward", "All")


class Events:
    """Moves of everybody but the operators; worked out once for each part they change."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._of_world: dict[int, tuple[Move, ...]] = {}
        self._of_people: dict[int, tuple[Move, ...]] = {}
        self._of_quinn: dict[tuple[int, int], tuple[Move, ...]] = {}
        self._older: dict[int, int] = {}
        self._later: dict[int, int] = {}

    def world(self, number: int) -> tuple[Move, ...]:
        """What may happen in the world."""
        if number not in self._of_world:
            world = self._scene.worlds[number]
            found = [*_jobs(world), *_workloads(world), *_rest(self._scene, world)]
            self._of_world[number] = tuple(
                Move(kind, words, cost, world=self._scene.worlds.of(after))
                for kind, words, cost, after in found
            )
        return self._of_world[number]

    def people(self, number: int) -> tuple[Move, ...]:
        """What people may do to a Release."""
        if number not in self._of_people:
            stored = self._scene.stored[number]
            found = [] if stored.gone else self._people(stored)
            self._of_people[number] = tuple(
                Move(kind, words, cost, stored=self._scene.stored.of(after))
                for kind, words, cost, after in found
            )
        return self._of_people[number]

    def _people(self, stored: Stored) -> Iterator[tuple[Kind, str, str, Stored]]:
        if not stored.deleting:
            after = stored._replace(deleting=True, gone=not stored.finalizer)
            yield Kind.ORDER, "deletes the Release", "delete", after
        for spec in range(len(self._scene.model.specs[stored.app])):
            if spec != stored.spec:
                edited = stored._replace(spec=spec, generation=stored.generation + 1)
                yield Kind.FAULT, f"writes spec {spec} into the Release", "edit", edited
        for mode in MODES if self._scene.model.budget.suspend else ():
            if mode != stored.suspend:
                after = stored._replace(suspend=mode, generation=stored.generation + 1)
                words = f"suspends it: {mode}" if mode else "ends the suspension"
                yield Kind.FAULT if mode else Kind.ORDER, words, "suspend" if mode else "", after
        attempt = self._scene.journal(stored).attempt
        for words, after in _orders(stored, attempt) if attempt else ():
            yield Kind.ORDER, words, "order", after

    def quinn(self, stored: int, world: int) -> tuple[Move, ...]:
        """The QA engineer approves, or takes it back."""
        key = (stored, world)
        if key not in self._of_quinn:
            self._of_quinn[key] = tuple(self._quinn(*key))
        return self._of_quinn[key]

    def _quinn(self, number: int, world: int) -> Iterator[Move]:
        stored, live = self._scene.stored[number], self._scene.worlds[world]
        attempt = self._scene.journal(stored).attempt
        if not self._scene.model.signed or attempt is None or attempt.recorded:
            return
        approved = (stored.app, attempt.digest, "Approved")
        others = [word for word in live.words if word[:2] != approved[:2]]
        if approved in live.words:
            revoked = tuple(sorted([*others, (stored.app, attempt.digest, "Revoked")]))
            after = self._scene.worlds.of(live._replace(words=revoked))
            yield Move(Kind.FAULT, "takes the approval back", "shut", world=after)
        else:
            signed = tuple(sorted([*others, approved]))
            after = self._scene.worlds.of(live._replace(words=signed))
            yield Move(Kind.SIGN, "approves the plan", world=after)

    def older(self, number: int) -> int:
        """A Release one minute later."""
        if number not in self._older:
            stored = self._scene.stored[number]
            aged = stored._replace(journal=self._scene.journals.aged(stored.journal))
            self._older[number] = self._scene.stored.of(aged)
        return self._older[number]

    def later(self, number: int) -> int:
        """What an operator knows, one minute later."""
        if number not in self._later:
            state = self._scene.passes[number]
            view = state.view if state.view == NONE else self.older(state.view)
            own = state.journal
            aged = own if own == NONE else self._scene.journals.aged(own)
            after: Pass = state._replace(view=view, journal=aged)
            self._later[number] = self._scene.passes.of(after)
        return self._later[number]


def _orders(stored: Stored, attempt: Attempt) -> Iterator[tuple[str, Stored]]:
    number = str(attempt.number)
    over = attempt.end is not None
    if attempt.hold is not None and stored.resume != attempt.hold.id:
        yield "orders to resume", stored._replace(resume=attempt.hold.id)
    if not over and stored.rollback != number:
        yield "orders a rollback", stored._replace(rollback=number)
    if not over and stored.abort != number:
        yield "orders to abort", stored._replace(abort=number)
    failed = attempt.end is not None and attempt.end.outcome is not Phase.COMPLETED
    early = not attempt.frozen or confirming.is_asking(attempt)
    if (failed or (early and not over)) and stored.retry != number:
        yield "orders a retry", stored._replace(retry=number)


Found = tuple[Kind, str, str, World]


def _jobs(world: World) -> Iterator[Found]:
    for job in world.jobs:
        if job.phase == "Running":
            yield from _running(world, job)
        if guarded(job.step):
            others = tuple(one for one in world.jobs if one is not job)
            gone = world._replace(jobs=others)
            yield Kind.FAULT, f"somebody deletes Job {job.step}", "vanish", gone


def _running(world: World, job: Job) -> Iterator[Found]:
    well = job._replace(phase="Succeeded", end="said")
    yield Kind.CALM, f"Job {job.step} succeeds", "", with_job(world, well)
    failed = job._replace(phase="Failed", end="said")
    yield Kind.FAULT, f"Job {job.step} fails", "bad", with_job(world, failed)
    if guarded(job.step):
        killed = job._replace(phase="Failed", end="killed")
        yield Kind.FAULT, f"Job {job.step} is killed", "bad", with_job(world, killed)
    stopped = job._replace(phase="Suspended", touched=True)
    yield Kind.FAULT, f"somebody suspends Job {job.step}", "stop", with_job(world, stopped)


def _workloads(world: World) -> Iterator[Found]:
    for one in world.workloads:
        if one.stage == 0:
            left = one._replace(stage=1) if len(pods_of(one)) > 1 else one._replace(stage=2)
            yield Kind.CALM, f"the pods of {one.name} follow", "", with_workload(world, left)
        elif one.leftover:
            quiet = one._replace(stage=2, leftover=())
            yield Kind.CALM, f"the old pods of {one.name} end", "", with_workload(world, quiet)
        yield from _meddling(world, one)


def _meddling(world: World, one: Workload) -> Iterator[Found]:
    changed = rolled(one._replace(meddled=one.meddled + 1), f"{one.name}:foreign")
    words = f"somebody else changes {one.name}"
    yield Kind.FAULT, words, "meddle", with_workload(world, changed)
    anew = one._replace(made=one.made + 1, label="", mark="")
    words = f"{one.name} is deleted and created anew"
    yield Kind.FAULT, words, "meddle", with_workload(world, anew)


def _rest(scene: Scene, world: World) -> Iterator[Found]:
    for metric in METRICS if scene.model.budget.metric else ():
        if metric != world.metric:
            cost = "" if metric == "good" else "metric"
            kind = Kind.FAULT if cost else Kind.CALM
            yield kind, f"the metric is {metric}", cost, world._replace(metric=metric)
    if scene.model.signed:
        if world.proved:
            words = "the policy against forgeries is gone"
            yield Kind.FAULT, words, "shut", world._replace(proved=False)
        else:
            yield Kind.CALM, "forgeries are refused again", "", world._replace(proved=True)
    for lock in world.locks:
        locks = tuple(one for one in world.locks if one is not lock)
        yield Kind.FAULT, f"somebody deletes {lock.name}", "unlock", world._replace(locks=locks)
    for name, number in world.revisions:
        kept = tuple(entry for entry in world.revisions if entry != (name, number))
        yield Kind.FAULT, "somebody deletes a revision", "vanish", world._replace(revisions=kept)
