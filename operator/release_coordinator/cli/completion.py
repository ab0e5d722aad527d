"""What the shell is offered for a word that is being typed, as far as the cluster must be asked.

Used by `cli.options`. Whoever presses the tab key wants an answer at once, or none: it is not the
place to explain what is wrong.
"""

import asyncio
from contextlib import suppress

import typer

from release_coordinator.cluster.port import RELEASE, Kind
from release_coordinator.errors import ReleaseCoordinatorError

from .failure import UnansweredError
from .place import Place, connected

PATIENCE = 3.0
"""Seconds."""


def names_of(context: typer.Context, incomplete: str) -> list[str]:
    """Names of Releases in the namespace of the command line."""
    return listed(RELEASE, context, incomplete)


def listed(kind: Kind, context: typer.Context, incomplete: str) -> list[str]:
    """Names of a kind that begin with what was typed; none, if they cannot be had."""
    given = context.params
    place = Place(
        given.get("namespace"), kubeconfig=given.get("kubeconfig"), context=given.get("context")
    )
    with suppress(UnansweredError, ReleaseCoordinatorError, TimeoutError):
        names = asyncio.run(asyncio.wait_for(_names(kind, place), PATIENCE))
        return [name for name in names if name.startswith(incomplete)]
    return []


async def _names(kind: Kind, place: Place) -> list[str]:
    async with connected(place) as session:
        bodies = await session.list(kind)
    return sorted(str(body["metadata"]["name"]) for body in bodies)
