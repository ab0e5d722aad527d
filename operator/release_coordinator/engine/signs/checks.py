"""Placeholder."""

from release_coordinator.api.watch import Watch
from release_coordinator.engine.subject import Subject


def subjects(watch: Watch) -> list[Subject]:
    """One subject per entry."""
    del watch
    return []
