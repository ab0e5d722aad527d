"""Connections to metric sources and channels: a pool for each, made anew with its certificates.

Used by `signals.exchange` and `signals.post`. Pools are not shared: a connection that one may have
because of its `spec.allow` must not be there for another.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp

from release_coordinator.api.metricsource import AddressKind
from release_coordinator.signals.addresses import SOURCE, APIServer, Doorman, Place
from release_coordinator.signals.port import Endpoint, TLSMaterial
from release_coordinator.signals.session import new_session
from release_coordinator.signals.tls import context


@dataclass(slots=True)
class _Link:
    allow: frozenset[AddressKind]
    tls: TLSMaterial
    session: aiohttp.ClientSession
    users: int = 0
    retired: bool = False

    async def close_if_idle(self) -> None:
        """Close when it is retired and nobody uses it any more."""
        if self.retired and not self.users:
            await self.session.close()


class Links:
    """One pool of connections per source."""

    def __init__(
        self,
        api_server: APIServer,
        *,
        allow_loopback: bool = False,
        place: Place = SOURCE,
    ) -> None:
        """`allow_loopback` is for tests, whose servers live on this host."""
        self._api_server = api_server
        self._place = place
        self._always = frozenset({AddressKind.LOOPBACK} if allow_loopback else ())
        self._links: dict[str, _Link] = {}

    @asynccontextmanager
    async def session(self, endpoint: Endpoint) -> AsyncIterator[aiohttp.ClientSession]:
        """A session for one exchange with the source. Raises BadTLS."""
        await self._api_server.refresh()
        link = self._links.get(endpoint.name)
        if link is None or (link.allow, link.tls) != (endpoint.allow, endpoint.tls):
            old, link = link, self._open(endpoint)
            self._links[endpoint.name] = link  # at once: others come meanwhile
            await _retire(old)
        link.users += 1
        try:
            yield link.session
        finally:
            link.users -= 1
            await link.close_if_idle()

    async def forget(self, name: str) -> None:
        """Close the connections of a source as soon as no exchange uses them."""
        await _retire(self._links.pop(name, None))

    async def close(self) -> None:
        """Close all connections."""
        links = list(self._links.values())
        self._links.clear()
        for link in links:
            await link.session.close()

    def _open(self, endpoint: Endpoint) -> _Link:
        doorman = Doorman(endpoint.allow | self._always, self._api_server, self._place)
        connector = aiohttp.TCPConnector(
            ssl=context(endpoint.tls), socket_factory=doorman.socket, limit=0, use_dns_cache=False
        )
        return _Link(endpoint.allow, endpoint.tls, new_session(connector))


async def _retire(link: _Link | None) -> None:
    if link is not None:
        link.retired = True
        await link.close_if_idle()
