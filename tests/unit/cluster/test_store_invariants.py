"""The watch cache against a server whose news arrive late, twice and out of order."""

# ruff: noqa: D102 - the name of a rule is a sentence

import copy
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from release_coordinator.cluster.port import JOB, Body, Ref
from release_coordinator.cluster.store import Store

NAMES = st.sampled_from(["a", "b"])


def name_of(body: Body) -> str:
    return str(body["metadata"]["name"])


def uid_of(body: Body) -> str:
    return str(body["metadata"]["uid"])


def order_of(body: Body) -> int:
    return int(body["metadata"]["resourceVersion"])


class StoreMachine(RuleBasedStateMachine):
    """Writers change the server; what they did reaches the store in any order, or not at all."""

    def __init__(self) -> None:
        super().__init__()
        self.store = Store()
        self.live: dict[str, Body] = {}
        self.news: list[tuple[str, Body]] = []
        self.version = 0
        self.floor: dict[str, int] = {}  # name -> the newest state that the store was told
        self.dead: set[str] = set()  # uids whose deletion the store was told
        self.listing: tuple[int, int, dict[str, Body]] | None = None

    def _next(self, name: str, uid: str) -> Body:
        self.version += 1
        return {
            "metadata": {
                "name": name,
                "namespace": "shop",
                "uid": uid,
                "resourceVersion": str(self.version),
            }
        }

    def _known(self, name: str) -> Body | None:
        return self.store.get(Ref(JOB, "shop", name))

    @rule(name=NAMES)
    def somebody_creates_or_updates(self, name: str) -> None:
        uid = uid_of(self.live[name]) if name in self.live else f"uid-{self.version}"
        self.live[name] = self._next(name, uid)
        self.news.append(("MODIFIED", self.live[name]))

    @rule(name=NAMES)
    def we_write_and_read_the_answer(self, name: str) -> None:
        self.somebody_creates_or_updates(name)
        self._tell(*self.news[-1])
        known = self._known(name)
        assert known == self.live[name], "our own write must be visible at once"

    @rule(name=NAMES)
    def somebody_deletes(self, name: str) -> None:
        if name in self.live:
            gone = self.live.pop(name)
            self.news.append(("DELETED", self._next(name, uid_of(gone))))

    @precondition(lambda self: self.news)
    @rule(data=st.data(), again=st.booleans())
    def news_arrive(self, data: Any, again: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
        index = data.draw(st.integers(0, len(self.news) - 1))
        self._tell(*self.news[index])
        if not again:
            del self.news[index]

    @rule()
    def a_list_is_asked_for(self) -> None:
        self.listing = (self.store.mark(), self.version, copy.deepcopy(self.live))

    @precondition(lambda self: self.listing is not None)
    @rule(outdated=st.booleans())
    def the_list_arrives(self, *, outdated: bool) -> None:
        """An outdated one was asked for just now, but answered from an old state."""
        assert self.listing is not None
        mark, version, listed = self.listing
        mark = self.store.mark() if outdated else mark
        self.listing = None
        before = {name_of(body): body for body in self.store.select(JOB)}
        changed = self.store.replace_all(JOB, listed.values(), since=mark, version=str(version))
        after = {name_of(body): body for body in self.store.select(JOB)}
        differ = {name for name in before | after if before.get(name) != after.get(name)}
        assert {ref.name for ref in changed} == differ
        for name, body in listed.items():
            if uid_of(body) not in self.dead:
                assert order_of(after[name]) >= order_of(body)
        for name, body in before.items():
            if order_of(body) > version:
                assert order_of(after[name]) >= order_of(body), "too young for the list to know"
        self.floor = {name: order_of(body) for name, body in after.items()}

    @precondition(lambda self: self.listing is None)
    @rule()
    def a_fresh_list_settles_everything(self) -> None:
        self.a_list_is_asked_for()
        self.the_list_arrives(outdated=False)
        assert {name_of(body): body for body in self.store.select(JOB)} == self.live

    def _tell(self, event: str, body: Body) -> None:
        name = name_of(body)
        before = self._known(name)
        if event == "DELETED":
            ref = Ref(JOB, "shop", name)
            changed = self.store.remove(ref, uid_of(body), str(order_of(body)))
            assert changed == (before is not None and uid_of(before) == uid_of(body))
            self.dead.add(uid_of(body))
            if changed:
                self.floor.pop(name, None)
        else:
            changed = self.store.put(JOB, body)
            if uid_of(body) not in self.dead:
                self.floor[name] = max(self.floor.get(name, 0), order_of(body))
        assert changed == (self._known(name) != before)

    @invariant()
    def the_dead_stay_dead(self) -> None:
        assert self.dead.isdisjoint(uid_of(body) for body in self.store.select(JOB))

    @invariant()
    def nothing_goes_back(self) -> None:
        for body in self.store.select(JOB):
            assert order_of(body) >= self.floor.get(name_of(body), 0)


StoreMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)
TestStore = StoreMachine.TestCase
