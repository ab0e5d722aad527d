"""The stories of `tests.campaigns` that are played on the real API server too.

Left out are those that need the world in memory: virtual time to the second, or the policies of
admission. The expectations are the same.
"""

from typing import cast

from tests.campaigns.workloads import WORKLOADS, Anywhere

STORIES = (
    "success",
    "breach",  # two components and two migrations rolled back
    "migration-fails",
    "second-migration-fails",
    "never-ready",
    "smoke-fails",
    "backup-fails",
    "way-back-fails",
    "on-request",  # a person rolls back
    "deleted",  # in the middle
    "resumed",  # after a hold
    "irreversible",
    "retried",
    "two-in-a-row",
)

RACES: dict[str, frozenset[str]] = {"on-request": frozenset({"measurements"})}
"""What depends on who is faster, in real time: here the person, or the first sample of a watch."""


def play_of(name: str) -> Anywhere:
    """Return the story; all named here need no more than a `Scene`."""
    return cast("Anywhere", WORKLOADS[name].play)
