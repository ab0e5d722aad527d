"""Incidents read and written with the caller's own rights, and what is in the way of it in words.

Between `cli.commands.incident` and `cli.place`.
"""

from datetime import UTC, datetime

from release_coordinator.api.codec import IncidentObject, parse_incident
from release_coordinator.cluster.port import INCIDENT, RELEASE, Body, Ref
from release_coordinator.errors import Conflict, Denied, Invalid, NotFound

from .failure import UnansweredError
from .identity import user_of
from .incidents import Words, edited, noted, opened
from .place import Place, Session, connected
from .refusals import in_words, said

TRIES = 5
"""Somebody else may add to a timeline at the same time."""
EDITOR = "edit"
"""ClusterRole whose holders may write Incidents."""


async def every(place: Place) -> list[Body]:
    """All Incidents of a place."""
    async with connected(place) as session:
        return await session.list(INCIDENT)


async def read(place: Place, name: str) -> Body:
    """The Incident of that name. Raises UnansweredError."""
    async with connected(place) as session:
        return await _find(session, name)


async def _find(session: Session, name: str) -> Body:
    async with session.explained(INCIDENT):
        try:
            return await session.cluster.get(Ref(INCIDENT, session.namespace, name))
        except NotFound as error:
            if await session.lacks(INCIDENT):
                raise
            text = f"there is no incident {name!r} in namespace {session.namespace!r}"
            where = f"kubectl release incident list -n {session.namespace}"
            raise UnansweredError(f"{text}; those that there are: {where}") from error


async def create(place: Place, release: str, attempt: int | None, words: Words) -> Body:
    """A new Incident of a Release that is there. Raises UnansweredError."""
    async with connected(place) as session:
        namespace = session.namespace or ""
        body = opened(namespace, release, attempt, words, datetime.now(UTC))
        async with session.explained(INCIDENT, EDITOR):
            try:
                await session.cluster.get(Ref(RELEASE, namespace, release))
            except NotFound as error:
                text = f"there is no release {release!r} in namespace {namespace!r}"
                where = f"kubectl release list -n {namespace}"
                raise UnansweredError(f"{text}; those that there are: {where}") from error
            try:
                return await session.cluster.create(INCIDENT, body)
            except (Denied, Invalid) as error:
                raise _refused(error, namespace) from error


async def change(place: Place, name: str, words: Words) -> Body:
    """Write fields of an Incident. Raises UnansweredError."""
    async with connected(place) as session:
        incident = parse_incident(await _find(session, name))
        stored = await _write(session, incident, edited(incident, words))
    if stored is None:
        text = f"incident {name!r} was deleted and created anew meanwhile; nothing was written"
        raise UnansweredError(text)
    return stored


async def note(place: Place, name: str, at: str, action: str, owner: str | None) -> Body:
    """Add to a timeline; who it was is asked if nobody is named. Raises UnansweredError."""
    async with connected(place) as session:
        async with session.explained(INCIDENT):
            by = owner if owner is not None else await user_of(session.cluster)
        for _ in range(TRIES):
            incident = parse_incident(await _find(session, name))
            stored = await _write(session, incident, noted(incident, at, action, by))
            if stored is not None:
                return stored
    raise UnansweredError(f"incident {name!r} is changed all the time; nothing was written")


async def _write(session: Session, incident: IncidentObject, patch: Body) -> Body | None:
    """The stored Incident; None if it is no longer as it was seen."""
    async with session.explained(INCIDENT, EDITOR):
        try:
            return await session.cluster.patch(
                Ref(INCIDENT, incident.namespace, incident.name), patch
            )
        except Conflict:
            return None
        except (Denied, Invalid) as error:
            raise _refused(error, incident.namespace) from error


def _refused(error: Denied | Invalid, namespace: str) -> UnansweredError:
    return UnansweredError(
        in_words(error, namespace, EDITOR) if isinstance(error, Denied) else said(error)
    )
