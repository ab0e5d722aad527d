"""The contract of `reconcile`, one call of the API server at a time.

A pass looks and decides, collecting notes; persists them with the resourceVersion of the Release
as precondition; carries out the effect with the precondition of `act`; looks anew. Between any
two of these anybody else may move, the process may end, or the reply may get lost.
"""

from functools import partial

from tests.search.answers import Eyes, job_of, job_version, lock_of, workload_of
from tests.search.deciding import Choice
from tests.search.effects import Conflict, carry_out, with_job, with_workload
from tests.search.journals import NOW
from tests.search.parts import NONE, Pass, Stored, World
from tests.search.promises import Broken, Promises
from tests.search.scene import Kind, Move, Scene
from tests.search.wording import deed, news

from release_coordinator.api.conditions import Reason
from release_coordinator.engine.action import (
    Action,
    AddFinalizer,
    ApplyTemplate,
    CreateJob,
    DropLock,
    RemoveFinalizer,
    ResumeJob,
    TakeLock,
    WithdrawJob,
)
from release_coordinator.engine.locks import may_come_late
from release_coordinator.engine.refusal import refused
from release_coordinator.engine.runfacts import JobPhase

State = tuple[int, ...]
MOVES_LIMIT = 300
"""Decisions without a call; beyond it the engine runs in a circle."""


class Operators:
    """What an operator may do next in a pass."""

    def __init__(self, scene: Scene, promises: Promises) -> None:
        self._scene = scene
        self._promises = promises
        self._known: dict[tuple[int, int, int, tuple[int, ...]], tuple[Move, ...]] = {}

    def moves(self, pass_: int, app: int, world: int, releases: State) -> tuple[Move, ...]:
        """All moves from here; each is worked out once."""
        key = (pass_, app, world, releases)
        if key not in self._known:
            allowed = self._scene.model.budget
            moves = self._moves(*key)
            self._known[key] = tuple(m for m in moves if not m.cost or getattr(allowed, m.cost))
        return self._known[key]

    def _moves(self, pass_: int, app: int, world: int, releases: State) -> list[Move]:
        scene, stored = self._scene, releases[app]
        state = scene.passes[pass_]
        own = scene.stored[stored if state.view == NONE else state.view]
        turn = _Turn(scene, self._promises, state, stored, world)
        turn.releases = tuple(scene.stored[number] for number in releases)
        match state.at:
            case "look":
                return [] if own.gone and state.view == NONE else turn.look(own)
            case "write":
                return turn.write()
            case _:
                return turn.act(own)


class _Turn:
    """One operator's move in one situation."""

    def __init__(
        self, scene: Scene, promises: Promises, state: Pass, stored: int, world: int
    ) -> None:
        self._scene = scene
        self._promises = promises
        self._state = state
        self._stored = stored
        self._world = world
        self.releases: tuple[Stored, ...] = ()
        self._live = scene.worlds[world]
        self._seen = self._live if state.seen == NONE else scene.worlds[state.seen]

    def look(self, own: Stored) -> list[Move]:
        """Look and decide until there is something to write, to do, or to wait for."""
        scene, state = self._scene, self._state
        journal = own.journal if state.journal == NONE else state.journal
        eyes = Eyes(own, self.releases, self._seen, self._live)
        told = partial(scene.answers.told, eyes=eyes)
        for _ in range(MOVES_LIMIT):
            choice = scene.decider.decide(own, journal, told, scene.answers.fact)
            if choice.journal is None:
                return self._decided(own, journal, choice)
            if self._untold_end(own, journal, choice.journal):
                return [self._to(state._replace(at="write", journal=journal), "decides")]
            self._promises.noted(own, journal, choice.journal, self._live)
            journal = choice.journal
        raise Broken(f"I10: no end after {MOVES_LIMIT} decisions")

    def _untold_end(self, own: Stored, ended: int, following: int) -> bool:
        """Whether another attempt would begin before anybody could see how the last one ended."""
        journals = self._scene.journals
        before, after = journals[ended].attempt, journals[following].attempt
        if before is None or after is None or before.number == after.number:
            return False
        return journals[own.journal].attempt != before

    def _decided(self, own: Stored, journal: int, choice: Choice) -> list[Move]:
        state, journals = self._state, self._scene.journals
        unwritten = NONE if journal == own.journal else journal
        if choice.action is not None:
            action = self._scene.actions[choice.action]
            late = unwritten == NONE and may_come_late(action, journals[journal].attempt)
            at = "act" if isinstance(action, AddFinalizer) or late else "write"
            noted = unwritten if at == "act" else journal
            ready = state._replace(at=at, journal=noted, action=choice.action)
            return [self._to(ready, f"decides: {deed(action)}")]
        if journals[journal].quiet != journals[own.journal].quiet:
            return [self._to(state._replace(at="write", journal=journal), "decides")]
        hears = state.deaf == NONE and state.view != NONE
        rest = state._replace(journal=NONE if hears else unwritten, last=NONE)
        if hears:
            rest = rest._replace(view=NONE)
        return [] if rest == state else [self._to(rest, "waits")]

    def write(self) -> list[Move]:
        """Persist the notes, if the Release is still the one that was looked at."""
        scene, state = self._scene, self._state
        if state.view != NONE:
            return [self._to(_anew(state), "writes its journal; refused: the Release was changed")]
        before = scene.stored[self._stored]
        after = before._replace(journal=state.journal)
        self._promises.written(before, after)
        words = f"journal: {news(scene.journal(before), scene.journal(after))}"
        written = scene.stored.of(after)
        going_on = state._replace(at="act" if state.action != NONE else "look", journal=NONE)
        unheard = Pass(view=self._stored, seen=state.seen, deaf=state.deaf)
        return [
            self._to(going_on, words)._replace(stored=written),
            self._to(unheard, f"{words}; the reply is lost", "lost")._replace(stored=written),
        ]

    def act(self, own: Stored) -> list[Move]:
        """Carry out the effect."""
        scene, state = self._scene, self._state
        action = scene.actions[state.action]
        words = deed(action)
        if state.last != NONE and scene.actions[state.last] == action:
            return [self._refused(own, action, Reason.API_REJECTED, f"{words}: no effect")]
        if isinstance(action, AddFinalizer | RemoveFinalizer):
            return self._finalize(own, action, words)
        self._promises.effect(own, action, self._live)
        try:
            after = carry_out(self._live, own.app, self._newest(action), scene.kept)
        except Conflict:
            anew = _anew(state)._replace(seen=self._grafted(action, self._live))
            return [self._to(anew, f"{words}; refused: it was changed")]
        self._promises.happened(own, action, self._live, after, self.releases)
        world = scene.worlds.of(after)
        done = self._going_on(own, action, after)
        unheard = Pass(view=state.view, seen=self._world if state.seen == NONE else state.seen)
        lost = self._to(unheard._replace(deaf=0), f"{words}; the reply is lost", "lost")
        moves = [self._to(done, words)._replace(world=world), lost._replace(world=world)]
        if scene.model.budget.refused:
            moves.append(self._refused(own, action, Reason.API_DENIED, f"{words}; denied"))
            moves.append(self._refused(own, action, Reason.API_REJECTED, f"{words}; rejected"))
        return moves

    def _going_on(self, own: Stored, action: Action, after: World) -> Pass:
        """The pass after its effect; it takes over a newer Release if its journal is the same."""
        state = self._state
        stored = self._scene.stored[self._stored]
        reread = state.deaf == NONE and stored.journal == own.journal
        return state._replace(
            at="look",
            action=NONE,
            last=NONE if isinstance(action, TakeLock) and after == self._live else state.action,
            view=NONE if reread else state.view,
            seen=self._grafted(action, after),
        )

    def _newest(self, action: Action) -> Action:
        """As `act` does: let the Job run as it is known by now, if the decision holds for it."""
        if not isinstance(action, ResumeJob):
            return action
        known = job_of(self._seen, action.name)
        if known is None or f"{known.name}#{known.made}" != action.uid:
            return action
        fresh = not known.withdrawn and not known.touched
        holds = known.phase == JobPhase.SUSPENDED and fresh
        version = job_version(known) if holds else action.resource_version
        return ResumeJob(action.name, action.uid, version)

    def _finalize(self, own: Stored, action: Action, words: str) -> list[Move]:
        scene, state = self._scene, self._state
        if state.view != NONE:
            return [self._to(_anew(state), f"{words}; refused: the Release was changed")]
        adds = isinstance(action, AddFinalizer)
        self._promises.finalized(scene.journal(own), adds=adds)
        after = own._replace(finalizer=adds, gone=own.deleting and not adds)
        going_on = state._replace(at="look", action=NONE, last=state.action)
        return [self._to(going_on, words)._replace(stored=scene.stored.of(after))]

    def _refused(self, own: Stored, action: Action, reason: Reason, words: str) -> Move:
        scene, state = self._scene, self._state
        cost = "" if words.endswith("no effect") else "refused"
        note = refused(scene.journal(own).status, action, reason, "no", NOW)
        if note is None:
            return self._to(_anew(state), f"{words}; tries again later", cost)
        held = scene.journals.number(note.status)
        self._promises.noted(own, own.journal, held, self._live)
        going_on = state._replace(at="look", journal=held, action=NONE, last=state.action)
        return self._to(going_on, words, cost)

    def _grafted(self, action: Action, newest: World) -> int:
        """What the watches have told, with the reply to a call: one object is new."""
        scene, state = self._scene, self._state
        if state.seen == NONE:
            return NONE
        seen = self._seen
        match action:
            case CreateJob(name=name) | ResumeJob(name=name) | WithdrawJob(name=name):
                job = job_of(newest, name)
                jobs = tuple(one for one in seen.jobs if one.name != name)
                seen = with_job(seen, job) if job else seen._replace(jobs=jobs)
            case ApplyTemplate(workload=workload):
                changed = workload_of(newest, workload.name)
                seen = with_workload(seen, changed) if changed else seen
            case TakeLock(name=name) | DropLock(name=name):
                others = [one for one in seen.locks if one.name != name]
                there = lock_of(newest, name)
                locks = sorted([*others, there] if there else others)
                seen = seen._replace(locks=tuple(locks))
            case _:
                seen = seen._replace(revisions=newest.revisions, records=newest.records)
        return scene.worlds.of(seen)

    def _to(self, after: Pass, words: str, cost: str = "") -> Move:
        kind = Kind.FAULT if cost else Kind.OPERATOR
        return Move(kind, words, cost, pass_=self._scene.passes.of(after))


def _anew(state: Pass) -> Pass:
    """A pass that begins again, with the newest Release."""
    return Pass(seen=state.seen, deaf=state.deaf)
