"""`engine.decide`, asked once for each question.

It is pure: the same Release, journal and answers lead to the same decision. So what it asked for
and what came of each set of answers is kept as a tree, and a decision that is met again costs a
few look-ups. Nothing else of the engine is cached, and nothing is replaced.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

from tests.search.journals import NOW, Journals
from tests.search.models import Model
from tests.search.parts import Numbers, Stored

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.control import Suspend
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.status import ReleaseStatus
from release_coordinator.engine import names
from release_coordinator.engine.action import Action
from release_coordinator.engine.decide import decide
from release_coordinator.engine.observation import NotSeen, Observation, Want
from release_coordinator.engine.outcome import Do, Note, Wait


@dataclass(frozen=True, slots=True)
class Choice:
    """A decision by numbers: a new journal, else an action, else to wait."""

    journal: int | None = None
    action: int | None = None


@dataclass(slots=True)
class Question:
    """What is asked for, and what each answer has led to."""

    wants: tuple[Want, ...]
    facts: dict[Want, Any]
    after: dict[Hashable, "Question | Choice"] = field(default_factory=dict)


Told = Callable[[Want], Hashable]
Made = Callable[[Want, Hashable], Any]


class Decider:
    """Decides for one model."""

    def __init__(self, model: Model, journals: Journals, actions: Numbers[Action]) -> None:
        self._specs = model.parsed
        self._journals = journals
        self._actions = actions
        self._known: dict[tuple[Stored, int], Question | Choice] = {}
        self.asked = 0
        """How often the engine was really asked."""

    def decide(self, stored: Stored, journal: int, told: Told, made: Made) -> Choice:
        """One decision."""
        key = (stored._replace(journal=0), journal)
        node = self._known.get(key)
        if node is None:
            node = self._known[key] = self._ask(stored, journal, {})
        while isinstance(node, Question):
            answers = tuple([told(want) for want in node.wants])
            after = node.after.get(answers)
            if after is None:
                facts = {w: made(w, a) for w, a in zip(node.wants, answers, strict=True)}
                after = self._ask(stored, journal, node.facts | facts)
                node.after[answers] = after
            node = after
        return node

    def _ask(self, stored: Stored, journal: int, facts: dict[Want, Any]) -> Question | Choice:
        self.asked += 1
        release, status = self.release(stored), self._journals[journal].status
        try:
            decision = decide(release, status, Observation(facts), NOW)
        except NotSeen as question:
            return Question(question.wants, facts)
        match decision:
            case Note(changed):
                return Choice(journal=self._journals.number(changed))
            case Do(action):
                return Choice(action=self._actions.of(action, repr(action)))
            case Wait():
                return Choice()

    def spec(self, stored: Stored) -> ReleaseSpec:
        """The spec of a Release."""
        mode = Suspend(stored.suspend) if stored.suspend else None
        return self._specs[stored.app][stored.spec].model_copy(update={"suspend": mode})

    def release(self, stored: Stored) -> ReleaseObject:
        """The Release as the engine reads it."""
        orders = {
            names.ANNOTATION_RETRY: stored.retry,
            names.ANNOTATION_ROLLBACK: stored.rollback,
            names.ANNOTATION_RESUME: stored.resume,
            names.ANNOTATION_ABORT: stored.abort,
            names.ANNOTATION_CHANGED_BY: "ada",
        }
        return ReleaseObject(
            namespace="shop",
            name=f"app{stored.app}",
            uid=f"uid-{stored.app}",
            resource_version="1",
            generation=stored.generation,
            deleting=stored.deleting,
            annotations={name: value for name, value in orders.items() if value},
            finalizers=(names.FINALIZER,) if stored.finalizer else (),
            spec=self.spec(stored),
            faults=(),
            status=ReleaseStatus(),
            raw_status={},
            journal_fault=None,
        )
