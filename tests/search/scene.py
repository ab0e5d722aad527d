"""The tables of one search: what every number stands for."""

from enum import IntEnum
from typing import NamedTuple

from tests.search.answers import Answers
from tests.search.deciding import Decider
from tests.search.journals import Journal, Journals
from tests.search.models import Model
from tests.search.parts import NONE, Budget, Kept, Numbers, Pass, Stored, World

from release_coordinator.engine.action import Action


class Kind(IntEnum):
    """Who makes a move; what a goal of liveness may count on is said in these words."""

    OPERATOR = 0
    CALM = 1
    """What happens by itself when nothing goes wrong: Jobs succeed, pods follow, time passes."""
    SIGN = 2
    """The QA engineer approves."""
    ORDER = 3
    """A person decides: resume, roll back, retry, delete."""
    FAULT = 4
    """What goes wrong, and edits."""


class Move(NamedTuple):
    """One step of somebody: what of the state is new. NONE: it stays."""

    kind: Kind
    words: str
    cost: str = ""
    """Field of the budget that it uses up."""
    pass_: int = NONE
    stored: int = NONE
    """Given whenever the API server took a write of the Release, even if it says the same."""
    world: int = NONE


class Scene:
    """Everything a model numbers."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.journals = Journals()
        self.actions: Numbers[Action] = Numbers()
        self.kept = Kept()
        self.stored: Numbers[Stored] = Numbers()
        self.worlds: Numbers[World] = Numbers()
        self.passes: Numbers[Pass] = Numbers()
        self.budgets: Numbers[Budget] = Numbers()
        self.answers = Answers(model.policy, self.kept, self.journals)
        self.decider = Decider(model, self.journals, self.actions)

    def journal(self, stored: Stored) -> Journal:
        """The journal that a Release carries."""
        return self.journals[stored.journal]
