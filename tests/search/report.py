"""What the search of one model has found, small enough to be handed from process to process."""

import time
from collections import Counter
from dataclasses import dataclass, field

from tests.search.liveness import GOALS, NO_CIRCLE, Liveness
from tests.search.models import MODELS, Model
from tests.search.search import Counterexample, Search


@dataclass
class Report:
    """The result of one model."""

    model: str
    states: int = 0
    moves: int = 0
    asked: int = 0
    """Decisions of the engine; all others were met again."""
    seconds: float = 0.0
    """Of CPU."""
    rows: Counter[str] = field(default_factory=Counter)
    """Rows of the table of phases, by how many decisions led along them."""
    reached: Counter[str] = field(default_factory=Counter)
    goals: Counter[str] = field(default_factory=Counter)
    """From how many states each goal was checked."""
    failures: list[str] = field(default_factory=list)
    """Transcripts."""

    def line(self) -> str:
        """The result in a line."""
        rate = self.states / max(self.seconds, 0.01)
        return (
            f"{self.model:24} {self.states:>9,} states {self.moves:>10,} moves "
            f"{self.asked:>7,} decisions {self.seconds:>6.1f} s {rate:>7,.0f} states/s"
            f"{'  BROKEN' if self.failures else ''}"
        )


def search(name: str) -> Report:
    """Search the model of a name to its end."""
    return examine(next(model for model in MODELS if model.name == name))


def examine(model: Model) -> Report:
    """Search a model to its end, then check the goals on all that was found."""
    begun = time.process_time()
    found, report = Search(model), Report(model.name)
    try:
        found.run()
        _check(found, report)
    except Counterexample as broken:
        report.failures.append(str(broken))
    promises = found.space.promises
    report.states, report.moves = len(found.graph), len(found.graph.to)
    report.asked = found.scene.decider.asked
    report.rows = Counter({str(row): count for row, count in promises.rows.items()})
    report.reached = promises.reached
    report.seconds = time.process_time() - begun
    return report


def _check(found: Search, report: Report) -> None:
    liveness = Liveness(found)
    for app in range(len(found.scene.model.specs)):
        for goal in GOALS:
            report.goals[goal.name] += liveness.premises(goal, app)
            missed = liveness.missed(goal, app)
            if missed is not None:
                report.failures.append(str(found.counterexample(goal.name, missed)))
    report.goals[NO_CIRCLE] += len(found.graph)
    circle = liveness.circle()
    if circle is not None:
        report.failures.append(str(found.counterexample(NO_CIRCLE, circle)))
