"""Reads and follows one Release with the caller's own rights, and explains what is in the way.

Between `commands` and `place`. Every failure becomes `UnansweredError`, in words for people.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from release_coordinator.clock import SystemClock
from release_coordinator.cluster.follow import Changes, follow
from release_coordinator.cluster.port import RELEASE, Body, Cluster, Ref
from release_coordinator.errors import (
    Denied,
    Invalid,
    NotFound,
    ReleaseCoordinatorError,
)

from .failure import UnansweredError
from .place import NOT_INSTALLED, Place, connected, denied


@dataclass(frozen=True, slots=True)
class Question:
    """Which Release, and through which kubeconfig."""

    name: str
    namespace: str | None = None
    kubeconfig: Path | None = None
    context: str | None = None


class Source:
    """One Release of one cluster."""

    def __init__(self, cluster: Cluster, changes: Changes, ref: Ref) -> None:
        self.cluster = cluster
        self.ref = ref
        self._changes = changes

    async def read(self) -> Body:
        """The Release as it is now."""
        async with self.explained():
            return await self.cluster.get(self.ref)

    @asynccontextmanager
    async def explained(self) -> AsyncIterator[None]:
        """Turns what the API server refuses inside the `async with` into words for people."""
        try:
            yield
        except ReleaseCoordinatorError as error:
            raise await self._explained(error) from error

    async def states(self, lost: Callable[[str], None]) -> AsyncIterator[Body]:
        """The Release now and after every change."""
        body = await self.read()  # what is wrong from the start is an answer, no lost connection
        try:
            async for body in follow(self.cluster, self._changes, self.ref, SystemClock(), lost):
                yield body
        except NotFound as error:
            version = body.get("spec", {}).get("version", "")
            raise UnansweredError(
                f"release {self.ref.name!r} was deleted while {version} was under way"
            ) from error
        except ReleaseCoordinatorError as error:
            raise await self._explained(error) from error

    async def _explained(self, error: ReleaseCoordinatorError) -> UnansweredError:
        match error:
            case NotFound():
                return UnansweredError(await self._no_such_release())
            case Denied():
                return UnansweredError(denied(error, RELEASE.plural, self.ref.namespace))
            case Invalid():
                return UnansweredError(str(error))
            case _ if not await self._is_installed():
                return UnansweredError(NOT_INSTALLED)
            case _:
                return UnansweredError(
                    f"the API server does not answer: {error.__cause__ or error}"
                )

    async def _is_installed(self) -> bool:
        """Whether the cluster knows releases; yes, when it cannot be asked."""
        with suppress(ReleaseCoordinatorError):
            return await self._changes.serves(RELEASE)
        return True

    async def _no_such_release(self) -> str:
        namespace, name = self.ref.namespace, self.ref.name
        text = f"there is no release {name!r} in namespace {namespace!r}"
        with suppress(ReleaseCoordinatorError):
            here = [_name(body) for body in await self.cluster.list(RELEASE, namespace)]
            text += f"; there are: {', '.join(sorted(here))}" if here else ", nor any other"
        with suppress(ReleaseCoordinatorError):
            every = await self.cluster.list(RELEASE)
            for other in sorted(_namespace(body) for body in every if _name(body) == name):
                text += f"\nThere is one of that name in namespace {other!r}: add -n {other}"
        return text


@asynccontextmanager
async def opened(question: Question) -> AsyncIterator[Source]:
    """Connect for the time of an `async with`."""
    place = Place(question.namespace, kubeconfig=question.kubeconfig, context=question.context)
    async with connected(place) as session:
        yield Source(
            session.cluster, session.changes, Ref(RELEASE, session.namespace, question.name)
        )


def _name(body: Body) -> str:
    return str(body["metadata"]["name"])


def _namespace(body: Body) -> str:
    return str(body["metadata"]["namespace"])
