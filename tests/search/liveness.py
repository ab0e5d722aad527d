"""Goals of liveness, checked on the whole graph of a model.

A goal says from which states which states must be reached, and on whose moves it may count. What
is checked is that the way there is open from *every* such state, however the faults fell before;
and that operators alone never go in a circle. Together: whoever is let move again and again gets
there.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.search.parts import Stored, World
from tests.search.scene import Kind
from tests.search.search import Graph, Search

from release_coordinator.api.attempt import Attempt, GateState
from release_coordinator.api.conditions import Phase

CALM = frozenset({Kind.OPERATOR, Kind.CALM})
SIGNED = CALM | {Kind.SIGN}
ORDERED = SIGNED | {Kind.ORDER}

BACK = {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED, Phase.HELD}
"""Ends of a way back; Held is the end of one whose Release was deleted meanwhile."""

Premise = Callable[["Where"], bool]


@dataclass(frozen=True, slots=True)
class Where:
    """What a goal may ask of one Release in one state."""

    phase: Phase
    begun: bool
    ended: bool
    """The attempt is terminal."""
    turned: bool
    held: bool
    again: bool
    """Held anew after the last hold was answered, and nothing more can be ordered."""
    lost: bool
    """A revision is gone that only a backup brings back, and no model has one."""
    deleting: bool
    gone: bool
    waits: bool
    """A gate is shut, and somebody must open it."""
    suspended: bool
    orders: bool
    """A person may still order something, or delete the Release."""
    well: bool
    """Nothing has failed, was changed by others, or ordered; and the metric is good."""


@dataclass(frozen=True)
class Goal:
    """From every state like this, a state like that is reached by these moves."""

    name: str
    given: Premise
    reached: Premise
    by: frozenset[Kind]


def _person(at: Where) -> bool:
    return at.held or at.waits or at.suspended


GOALS = (
    Goal(
        "every attempt comes to its end or to a person",
        lambda at: not at.gone,
        lambda at: at.gone or at.ended or _person(at),
        CALM,
    ),
    Goal(
        "a good release completes once it is signed",
        lambda at: at.well,
        lambda at: at.phase is Phase.COMPLETED,
        SIGNED,
    ),
    Goal(
        "what turned back ends as RolledBack or RollbackFailed, or is held",
        lambda at: at.turned and not at.ended and not at.suspended,
        lambda at: at.held or at.phase in BACK,
        CALM,
    ),
    Goal(
        "a deleted Release is let go",
        lambda at: at.deleting,
        lambda at: at.gone,
        CALM,
    ),
    Goal(
        "a held attempt goes on or ends when a person orders it",
        lambda at: at.held and at.orders and not (at.deleting or at.suspended or at.lost),
        lambda at: at.ended or at.gone or not at.held or at.again,
        ORDERED,
    ),
    Goal(
        "whoever waits at a gate goes on when it opens",
        lambda at: at.waits and not (at.held or at.deleting or at.suspended or at.lost),
        lambda at: at.ended or at.gone or at.held or (at.begun and not at.waits),
        SIGNED,
    ),
)
NO_CIRCLE = "operators alone come to rest: two of them never keep each other busy"


def _is_held_again(release: Stored, attempt: Attempt | None) -> bool:
    hold = attempt.hold if attempt is not None else None
    return hold is not None and release.resume not in {"", hold.id}


def _is_lost(attempt: Attempt | None, world: World) -> bool:
    named = {attempt.revision, attempt.basis} - {None} if attempt is not None else set()
    return not named <= {name for name, _ in world.revisions}


class Liveness:
    """Checks the goals on a searched model."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._graph: Graph = search.graph
        self._known: dict[tuple[int, int, int, bool], Where] = {}
        self._doubts: dict[int, bool] = {}
        self._placed: dict[int, list[Where]] = {}

    def missed(self, goal: Goal, app: int = 0) -> int | None:
        """A state from which a goal is out of reach; None if there is none."""
        graph, places = self._graph, self._places(app)
        open_ = bytearray(goal.reached(at) for at in places)
        kinds, to, first = graph.kind, graph.to, graph.first
        usable = [kind in goal.by for kind in Kind]
        changed = True
        while changed:  # moves lead mostly to later states, so few rounds do
            changed = False
            for number in range(len(graph) - 1, -1, -1):
                if open_[number]:
                    continue
                for move in range(first[number], first[number + 1]):
                    if open_[to[move]] and usable[kinds[move]]:
                        open_[number] = changed = True
                        break
        return next((n for n, at in enumerate(places) if not open_[n] and goal.given(at)), None)

    def premises(self, goal: Goal, app: int = 0) -> int:
        """How many states a goal speaks of."""
        return sum(goal.given(at) for at in self._places(app))

    def circle(self) -> int | None:
        """A state on a circle of moves of operators; None if there is none."""
        graph = self._graph
        inward = [0] * len(graph)
        for kind, target in zip(graph.kind, graph.to, strict=True):
            inward[target] += kind == Kind.OPERATOR
        free = [number for number, count in enumerate(inward) if count == 0]
        left = len(graph)
        while free:
            number = free.pop()
            left -= 1
            for move in range(graph.first[number], graph.first[number + 1]):
                if graph.kind[move] == Kind.OPERATOR:
                    inward[graph.to[move]] -= 1
                    if inward[graph.to[move]] == 0:
                        free.append(graph.to[move])
        return next((number for number, count in enumerate(inward) if count), None)

    def _places(self, app: int) -> list[Where]:
        if app not in self._placed:
            self._placed[app] = self._place(app)
        return self._placed[app]

    def _place(self, app: int) -> list[Where]:
        apps = len(self._search.scene.model.specs)
        places = []
        for number in range(len(self._graph)):
            state = self._search.state(number)
            doubt = any(self._doubt(pass_) for pass_ in state[apps + 1 : -1])
            key = (state[app], state[apps], state[-1], doubt)
            if key not in self._known:
                self._known[key] = self._where(*key)
            places.append(self._known[key])
        return places

    def _doubt(self, number: int) -> bool:
        """Whether an operator has noted, and not written yet, that something went wrong."""
        if number not in self._doubts:
            scene, state = self._search.scene, self._search.scene.passes[number]
            journal = scene.journals[max(state.journal, 0)]
            attempt = journal.attempt
            bad = attempt is not None and (attempt.trigger or attempt.hold)
            self._doubts[number] = bool(bad) or "Failed" in journal.states.values()
        return self._doubts[number]

    def _where(self, stored: int, world: int, budget: int, doubt: bool) -> Where:  # noqa: FBT001
        scene = self._search.scene
        release, left = scene.stored[stored], scene.budgets[budget]
        journal = scene.journal(release)
        attempt = journal.attempt
        waits = attempt is not None and any(
            not gate.opens and gate.state is not GateState.UNKNOWN for gate in attempt.gates
        )
        spent = left._replace(crash=0, lost=0, deaf=0)
        untouched = not doubt and spent == scene.model.budget._replace(crash=0, lost=0, deaf=0)
        turned = attempt is not None and attempt.trigger is not None
        held = attempt is not None and attempt.hold is not None
        failed = "Failed" in journal.states.values()
        return Where(
            phase=journal.phase,
            begun=attempt is not None,
            ended=attempt is not None and attempt.recorded,
            turned=turned,
            held=held,
            again=_is_held_again(release, attempt) and not (left.order or left.delete),
            lost=_is_lost(attempt, scene.worlds[world]),
            deleting=release.deleting,
            gone=release.gone,
            waits=waits,
            suspended=bool(release.suspend or journal.status.suspension),
            orders=left.order > 0 or left.delete > 0,
            well=untouched and not (turned or held or failed) and scene.worlds[world].proved,
        )
