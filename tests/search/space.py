"""The states of a model and what leads from one to the next.

A state is a tuple of numbers: each Release, the world, one pass per operator and Release, and what
the budget still allows. A move changes few of them; whoever had looked at what is changed now
holds an old view, which the resourceVersion will tell when he writes.
"""

from collections.abc import Iterator
from itertools import chain

from tests.search.events import Events
from tests.search.operators import Operators
from tests.search.parts import NONE, Pass, Stored, World
from tests.search.promises import Promises
from tests.search.scene import Kind, Move, Scene

State = tuple[int, ...]
MISSED = 2
"""How many news an operator may miss: it never works on anything older."""


class Space:
    """Everything that may happen in one model."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.promises = Promises(scene)
        self._operators = Operators(scene, self.promises)
        self._events = Events(scene)
        self._apps = len(scene.model.specs)
        self._passes = range(self._apps + 1, self._apps + 1 + self._apps * scene.model.operators)
        self._blocks = range(self._apps + 1, self._passes.stop, self._apps)
        """Where the passes of each operator begin."""
        self._missed: dict[tuple[int, int, bool], int] = {}
        self._spent: dict[tuple[int, str], int] = {}

    def first(self) -> State:
        """Nothing was looked at yet."""
        scene = self.scene
        releases = [scene.stored.of(Stored(app, 0)) for app in range(self._apps)]
        world = scene.worlds.of(World(scene.model.workloads))
        passes = [scene.passes.of(Pass()) for _ in self._passes]
        return (*releases, world, *passes, scene.budgets.of(scene.model.budget))

    def releases(self, state: State) -> tuple[int, ...]:
        """Numbers of the Releases of a state."""
        return state[: self._apps]

    def canonical(self, state: State) -> State:
        """The state that stands for this one: operators differ by nothing but their names."""
        if len(self._blocks) == 1:
            return state
        passes = sorted(state[start : start + self._apps] for start in self._blocks)
        return (*state[: self._apps + 1], *chain.from_iterable(passes), state[-1])

    def after(self, state: State) -> Iterator[tuple[Kind, str, State]]:
        """Every move: whose it is, in words, and the state it leads to."""
        yield from self._by_operators(state)
        yield from self._by_others(state)
        yield from self._by_time(state)

    def _by_operators(self, state: State) -> Iterator[tuple[Kind, str, State]]:
        world, model, releases = state[self._apps], self.scene.model, state[: self._apps]
        for place in self._passes:
            operator, app = divmod(place - self._apps - 1, self._apps)
            who = f"operator {'AB'[operator]}" + (f", app{app}" if self._apps > 1 else "")
            for move in self._operators.moves(state[place], app, world, releases):
                yield from self._made(state, move, f"{who}: ", app, place)
            yield from self._troubles(state, place, who)
            if app == 0 and model.budget.crash:
                yield from self._crash(state, operator)

    def _made(
        self, state: State, move: Move, who: str, app: int, own: int = NONE
    ) -> Iterator[tuple[Kind, str, State]]:
        parts = list(state)
        if move.cost:
            left = self._left(state[-1], move.cost)
            if left == NONE:
                return
            parts[-1] = left
        if move.stored != NONE:
            parts[app] = move.stored
            for place in self._passes:
                if place != own and (place - self._apps - 1) % self._apps == app:
                    parts[place] = self._overtaken(parts[place], state[app])
        if move.world not in {NONE, state[self._apps]}:
            parts[self._apps] = move.world
            for place in self._passes:
                if place != own:
                    parts[place] = self._behind(parts[place], state[self._apps])
        if own != NONE:
            parts[own] = move.pass_
        yield move.kind, who + move.words, tuple(parts)

    def _left(self, budget: int, cost: str) -> int:
        """The budget after one more of these, NONE if there is none left."""
        key = (budget, cost)
        if key not in self._spent:
            now = self.scene.budgets[budget]
            left = getattr(now, cost)
            spent = now._replace(**{cost: left - 1})
            self._spent[key] = self.scene.budgets.of(spent) if left else NONE
        return self._spent[key]

    def _overtaken(self, number: int, stored: int) -> int:
        """A pass after somebody else has written the Release."""
        key = (number, stored, True)
        if key not in self._missed:
            state = self.scene.passes[number]
            if state.at == "look" and state.deaf == NONE:
                after = Pass() if state.view == NONE else state
            else:
                view = stored if state.view == NONE else state.view
                after = _misses(state._replace(view=view))
            self._missed[key] = self.scene.passes.of(after)
        return self._missed[key]

    def _behind(self, number: int, world: int) -> int:
        """A pass after something in the world has changed."""
        key = (number, world, False)
        if key not in self._missed:
            state = self.scene.passes[number]
            if state.deaf != NONE:
                state = _misses(state._replace(seen=world if state.seen == NONE else state.seen))
            self._missed[key] = self.scene.passes.of(state)
        return self._missed[key]

    def _troubles(self, state: State, place: int, who: str) -> Iterator[tuple[Kind, str, State]]:
        """Its watches fall behind, or tell again."""
        scene, known = self.scene, self.scene.passes[state[place]]
        if known.deaf != NONE:
            told = scene.passes.of(_told(known))
            yield Kind.CALM, f"{who}: its watches catch up", _with(state, place, told)
            return
        left = self._left(state[-1], "deaf")
        if left != NONE:
            deaf = scene.passes.of(known._replace(deaf=0))
            words = f"{who}: its watches fall behind"
            yield Kind.FAULT, words, _with(_with(state, place, deaf), len(state) - 1, left)

    def _crash(self, state: State, operator: int) -> Iterator[tuple[Kind, str, State]]:
        left, new = self._left(state[-1], "crash"), self.scene.passes.of(Pass())
        start = self._apps + 1 + operator * self._apps
        places = range(start, start + self._apps)
        if left == NONE or all(state[place] == new for place in places):
            return
        parts = list(state)
        for place in places:
            parts[place] = new
        parts[-1] = left
        yield Kind.FAULT, f"operator {'AB'[operator]}: is killed and starts again", tuple(parts)

    def _by_others(self, state: State) -> Iterator[tuple[Kind, str, State]]:
        world = state[self._apps]
        for move in self._events.world(world):
            yield from self._made(state, move, "world: ", 0)
        for app in range(self._apps):
            for move in self._events.people(state[app]):
                yield from self._made(state, move, "person: ", app)
            for move in self._events.quinn(state[app], world):
                yield from self._made(state, move, "quinn: ", app)

    def _by_time(self, state: State) -> Iterator[tuple[Kind, str, State]]:
        events, apps = self._events, self._apps
        releases = [events.older(state[app]) for app in range(apps)]
        passes = [events.later(state[place]) for place in self._passes]
        after = (*releases, state[apps], *passes, state[-1])
        if after != state:
            yield Kind.CALM, "world: a minute passes", after


def _with(state: State, place: int, number: int) -> State:
    return (*state[:place], number, *state[place + 1 :])


def _misses(state: Pass) -> Pass:
    """One more news is missed, if its watches are behind; too many are not."""
    if state.deaf == NONE:
        return state
    return state._replace(deaf=state.deaf + 1) if state.deaf < MISSED else _told(state)


def _told(state: Pass) -> Pass:
    """The watches have told everything; what it is doing was decided before."""
    heard = state._replace(deaf=NONE, seen=NONE)
    if state.at == "look" and state.view != NONE:
        return heard._replace(view=NONE, journal=NONE, last=NONE)
    return heard
