"""Breadth first through every state of a model: `python -m tests.search` (`make search`).

Moves are tried from the states that were found first, so the way to a broken promise is a shortest
one. Every move is kept, five bytes each, for the goals that ask where it can go on (`liveness`).
"""

import struct
from array import array
from dataclasses import dataclass, field

from tests.search.models import Model
from tests.search.promises import Broken
from tests.search.scene import Kind, Scene
from tests.search.space import Space, State


@dataclass
class Graph:
    """All states, by the order in which they were found, and all moves between them."""

    first: "array[int]" = field(default_factory=lambda: array("I"))
    """Index of the first move of each state, and the number of all moves at the end."""
    to: "array[int]" = field(default_factory=lambda: array("I"))
    kind: "array[int]" = field(default_factory=lambda: array("B"))
    parent: "array[int]" = field(default_factory=lambda: array("I"))
    packed: list[bytes] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.packed)


class Counterexample(Exception):  # noqa: N818 - what is reported, not an error of the search
    """A promise is broken; `lines` say how it came to that."""

    def __init__(self, words: str, lines: list[str]) -> None:
        super().__init__("\n".join([words, "=" * len(words), *lines]))
        self.words = words
        self.lines = lines


class Search:
    """Searches one model."""

    def __init__(self, model: Model) -> None:
        self.scene = Scene(model)
        self.space = Space(self.scene)
        self.graph = Graph()
        first = self.space.first()
        self._pack = struct.Struct(f"{len(first)}I")

    def state(self, number: int) -> State:
        """A state by its number."""
        return self._pack.unpack(self.graph.packed[number])

    def run(self, limit: int | None = None) -> Graph:
        """Find all states, or a number of them. Raises Counterexample."""
        graph, pack, canonical = self.graph, self._pack.pack, self.space.canonical
        known = {pack(*self.space.first()): 0}
        graph.packed.append(next(iter(known)))
        graph.parent.append(0)
        number = 0
        while number < len(graph.packed):
            graph.first.append(len(graph.to))
            state = self.state(number)
            try:
                for kind, _, after in self.space.after(state):
                    key = pack(*canonical(after))
                    found = known.setdefault(key, len(graph.packed))
                    if found == len(graph.packed):
                        graph.packed.append(key)
                        graph.parent.append(number)
                    if after != state:
                        graph.to.append(found)
                        graph.kind.append(kind)
            except Broken as broken:
                raise self.counterexample(str(broken), number) from broken
            number += 1
            if limit is not None and number >= limit:
                break
        graph.first.append(len(graph.to))
        return graph

    def counterexample(self, words: str, number: int) -> Counterexample:
        """How it came to a state."""
        path = [number]
        while path[-1] != 0:
            path.append(self.graph.parent[path[-1]])
        state, lines = self.space.first(), []
        for standing in reversed(path[:-1]):
            line, state = self._step(state, self.state(standing))
            lines.append(line)
        return Counterexample(f"{self.scene.model.name}: {words}", [*lines, f"=> {words}"])

    def _step(self, state: State, standing: State) -> tuple[str, State]:
        """The move to a state that the other one stands for: operators keep their names."""
        moves = self.space.after(state)
        return next((w, to) for _, w, to in moves if self.space.canonical(to) == standing)


def kinds_of(graph: Graph) -> dict[Kind, int]:
    """How many moves there are of each kind."""
    return {kind: graph.kind.count(kind) for kind in Kind}
