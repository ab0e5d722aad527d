"""Tells what happens to a Release while it happens: phases, steps, and what is waited for.

Fed by `demo.acts` with every state of the Release. It reads the journal alone, as any user could.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime

from rich.console import Console
from rich.live import Live
from rich.text import Text

from release_coordinator.api.attempt import Attempt, Step, StepState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.cli.words import duration, plain, word
from release_coordinator.engine.describe import gates_message, phase_of, work_of

Elapsed = Callable[[], float]
_DONE = (StepState.SUCCEEDED, StepState.FAILED)
_SUMMED_UP = "gate/"
"""Steps of single gates: the step of all gates tells their result."""
_WIDE = 130


class Narrator:
    """Prints lines that begin with the time since the start."""

    def __init__(self, console: Console, elapsed: Elapsed) -> None:
        self._console = console
        self._elapsed = elapsed
        self._told: set[tuple[object, ...]] = set()
        self._doing = ("", 0.0)

    def live(self) -> AbstractContextManager[object]:
        """On a terminal, keep a last line that says what goes on and for how long."""
        if not self._console.is_terminal:
            return nullcontext()
        return Live(
            console=self._console, get_renderable=self._now, refresh_per_second=2, transient=True
        )

    def act(self, title: str) -> None:
        """Begin something new."""
        self._console.print()
        self._line(Text(title, style="bold"))

    def say(self, text: str) -> None:
        """Tell one thing."""
        self._line(Text("  ").append(plain(text)))

    def tell(self, release: ReleaseObject) -> None:
        """Tell what is new in this state of the Release."""
        attempt = release.status.attempt
        if attempt is None or release.status.observed_generation != release.generation:
            return  # still the end of the act before
        self._note(attempt)
        for step in attempt.steps:
            if step.state in _DONE and not step.id.startswith(_SUMMED_UP):
                phase = work_of(step.id)[0]
                self._once(("phase", attempt.number, phase), Text("  ").append(word(phase)))
                self._once(("end", attempt.number, step.id, step.started_at), _ended(step))
        self._once(("phase", attempt.number, phase_of(attempt)), _heading(attempt))
        for reason in _waits(attempt):
            self._once(("wait", attempt.number, reason), Text(f"    waiting: {reason}", "dim"))

    def _note(self, attempt: Attempt) -> None:
        running = [step for step in attempt.steps if step.state is StepState.RUNNING]
        doing = work_of(running[-1].id)[1] if running else ""
        if doing != self._doing[0]:
            self._doing = (doing, self._elapsed())

    def _now(self) -> Text:
        doing, since = self._doing
        return Text(f"       {doing}, {duration(self._elapsed() - since)}" if doing else "", "cyan")

    def _once(self, key: tuple[object, ...], text: Text) -> None:
        if key not in self._told:
            self._told.add(key)
            self._line(text)

    def _line(self, text: Text) -> None:
        minutes, seconds = divmod(int(self._elapsed()), 60)
        text.truncate(_WIDE, overflow="ellipsis")
        self._console.print(
            Text(f"{minutes:02}:{seconds:02}  ", "dim").append(text), soft_wrap=True
        )


def _heading(attempt: Attempt) -> Text:
    line = Text("  ").append(word(phase_of(attempt)))
    if attempt.end is not None:
        took = _seconds(attempt.started_at, attempt.end.at)
        return line.append(f" after {duration(took)}: ").append(plain(attempt.end.message))
    if attempt.hold is not None:
        return line.append(": ").append(plain(attempt.hold.message))
    if attempt.trigger is not None:
        return line.append(": ").append(plain(attempt.trigger.message))
    return line


def _ended(step: Step) -> Text:
    took = duration(_seconds(step.started_at, step.finished_at or step.started_at))
    line = Text("    ").append(word("done" if step.state is StepState.SUCCEEDED else "failed"))
    line.append(f" {took:>6}  {work_of(step.id)[1]}")
    return line.append(": ").append(plain(step.message)) if step.message else line


def _waits(attempt: Attempt) -> list[str]:
    """What keeps the attempt from going on."""
    if attempt.end is not None or attempt.hold is not None:
        return []
    shut = [gate for gate in attempt.gates if not gate.opens]
    if shut:
        return [gates_message(shut)]
    return [
        f"{work_of(step.id)[1]}: {step.message}"
        for step in attempt.steps
        if step.state is StepState.RUNNING and step.message
    ]


def _seconds(begin: datetime, end: datetime) -> float:
    return (end - begin).total_seconds()
