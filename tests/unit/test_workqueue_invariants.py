"""Any order of adds, delays, failures and workers keeps the queue's promises."""

# ruff: noqa: D102 - rules and invariants are sentences

from collections.abc import Coroutine

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from release_coordinator.clock import VirtualClock
from release_coordinator.workqueue import Backoff, WorkQueue

KEYS = st.sampled_from(["a", "b", "c", "d"])
SECONDS = st.integers(min_value=0, max_value=50)


class QueuePromises(RuleBasedStateMachine):
    """A model with three sets: who is due, who runs, and when each delay ends."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = VirtualClock(start=0)
        self.draw = 1.0
        self.urgent: set[str] = set()
        self.queue: WorkQueue[str] = WorkQueue(
            clock=self.clock, draw=lambda: self.draw, urgent=self.urgent.__contains__
        )
        self.forward: set[str] = set()
        """Ready keys that were urgent when they became so, or were added since."""
        self.due: set[str] = set()
        self.running: set[str] = set()
        self.delays: dict[str, float] = {}
        self.failures: dict[str, int] = {}

    @rule(key=KEYS)
    def add(self, key: str) -> None:
        self.queue.add(key)
        self._line_up(key)

    @rule(key=KEYS)
    def becomes_urgent_or_not(self, key: str) -> None:
        self.urgent ^= {key}

    @rule(key=KEYS, seconds=SECONDS)
    def add_after(self, key: str, seconds: int) -> None:
        self.queue.add_after(key, seconds)
        self._expect_after(key, seconds)

    @rule(key=KEYS, draw=st.floats(min_value=0, max_value=1, exclude_max=True), floor=SECONDS)
    def add_rate_limited(self, key: str, draw: float, floor: int) -> None:
        self.draw = draw
        self.queue.add_rate_limited(key, at_least=floor)
        failed = self.failures.get(key, 0)
        self.failures[key] = failed + 1
        ceiling = min(Backoff().limit, 2.0**failed)
        self._expect_after(key, max(floor, draw * ceiling))

    @rule(key=KEYS)
    def forget(self, key: str) -> None:
        self.queue.forget(key)
        self.failures.pop(key, None)

    @precondition(lambda self: len(self.queue) > 0)
    @rule()
    def take(self) -> None:
        key = _run(self.queue.get())
        assert key in self.forward or not self.forward, "urgent keys go first"
        self.forward.discard(key)
        assert key in self.due, "only what was asked for is given out"
        assert key not in self.running, "never two workers on one key"
        self.due.remove(key)
        self.running.add(key)

    @precondition(lambda self: self.running)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        key = data.draw(st.sampled_from(sorted(self.running)))
        self.queue.done(key)
        self.running.remove(key)
        if key in self.due:
            self._line_up(key)

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: int) -> None:
        self.clock.tick(seconds)
        for key, when in list(self.delays.items()):
            if when <= self.clock.now():
                del self.delays[key]
                self._line_up(key)

    @invariant()
    def ready_is_exactly_what_is_due_and_not_running(self) -> None:
        assert len(self.queue) == len(self.due - self.running)

    @invariant()
    def backoff_counts_failures_since_the_last_good_pass(self) -> None:
        for key in ("a", "b", "c", "d"):
            assert self.queue.failures(key) == self.failures.get(key, 0)

    def teardown(self) -> None:
        """Nothing is ever lost: with time and workers, all that was asked for is done."""
        for key in self.running:
            self.queue.done(key)
        self.clock.tick(1_000)
        wanted = self.due | set(self.delays)
        got = set()
        while len(self.queue):
            key = _run(self.queue.get())
            assert key not in got
            got.add(key)
            self.queue.done(key)
        assert got == wanted

    def _line_up(self, key: str) -> None:
        self.due.add(key)
        if key in self.urgent and key not in self.running:
            self.forward.add(key)

    def _expect_after(self, key: str, seconds: float) -> None:
        if seconds <= 0:
            self._line_up(key)
            return
        when = self.clock.now() + seconds
        self.delays[key] = min(when, self.delays.get(key, when))


def _run(coroutine: Coroutine[None, None, str]) -> str:
    """Finish a coroutine that has nothing to wait for."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return str(end.value)
    raise AssertionError("a ready key was not given out at once")


QueuePromises.TestCase.settings = settings(
    max_examples=200, stateful_step_count=40, deadline=None, derandomize=True
)
TestQueuePromises = QueuePromises.TestCase
