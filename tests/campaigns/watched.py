"""What monitor and oracles need of a run: one in memory, or one told by a real API server."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from tests.fakes.controllers import Database

from release_coordinator.cluster.port import Body


class Stored(Protocol):
    """The API server of a run, or what it has stored moment by moment."""

    def subscribe(self, subscriber: Callable[[str, Body], None], /) -> object:
        """Tell of every change as it is stored."""

    def everything(self) -> list[Body]:
        """All that is stored now."""


class Watch(Protocol):
    """Tells the time of a run."""

    def now(self) -> datetime:
        """The present moment."""


class Watched(Protocol):
    """A run under way, or played again."""

    @property
    def cluster(self) -> Stored:
        """The API server."""

    @property
    def time(self) -> Watch:
        """The clock."""


class Programs(Protocol):
    """What plays the programs of Jobs."""

    @property
    def database(self) -> Database:
        """What they did."""


class Ended(Protocol):
    """A run that is over."""

    @property
    def cluster(self) -> Stored:
        """The API server."""

    @property
    def controllers(self) -> Programs:
        """What has run."""
