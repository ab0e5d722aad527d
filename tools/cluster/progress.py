"""Tells a person what a long step does; passed down from the command line or a fixture."""

import contextlib
import sys
import threading
import time
from collections.abc import Iterator
from typing import TextIO


class Progress:
    """Prints one line per step with the seconds since the start, and a sign of life meanwhile."""

    def __init__(self, stream: TextIO | None = None, heartbeat: float = 20.0) -> None:
        self._stream = stream
        self._heartbeat = heartbeat
        self._start = time.monotonic()

    def say(self, text: str) -> None:
        """Print one line."""
        elapsed = time.monotonic() - self._start
        # Looked up at each call: pytest replaces the stream between tests.
        print(f"[{elapsed:6.1f}s] {text}", file=self._stream or sys.stderr, flush=True)

    @contextlib.contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Say that a step starts, that it still runs, and how long it took."""
        begin = time.monotonic()
        over = threading.Event()
        beat = threading.Thread(target=self._beat, args=(title, begin, over), daemon=True)
        self.say(f"{title} ...")
        beat.start()
        outcome = "failed"
        try:
            yield
            outcome = "done"
        finally:
            over.set()
            beat.join()
            self.say(f"{title}: {outcome} after {time.monotonic() - begin:.1f} s")

    def _beat(self, title: str, begin: float, over: threading.Event) -> None:
        while not over.wait(self._heartbeat):
            self.say(f"{title}: still running, {time.monotonic() - begin:.0f} s")
