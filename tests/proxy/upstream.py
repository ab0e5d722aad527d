"""The way from the proxy to the real API server: TLS and the credentials of a kubeconfig."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from kubernetes.aio.client.rest import RESTClientObject
from yarl import URL

from release_coordinator.cluster.login import from_kubeconfig

HOP = frozenset({"host", "connection", "content-length", "transfer-encoding", "accept-encoding"})
"""Headers of one connection, not of the request."""


@dataclass(frozen=True)
class Answer:
    """A whole answer of the API server."""

    status: int
    content_type: str
    body: bytes


class Upstream:
    """Connections to the API server, shared by all proxies of a process."""

    def __init__(self, session: aiohttp.ClientSession, host: str, token: str) -> None:
        self._session = session
        self._host = host
        self._token = token

    async def send(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """Forward a request and read its answer; the path includes the query."""
        async with self.open(method, path, headers, body) as reply:
            return Answer(reply.status, reply.content_type, await reply.read())

    def open(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Any:
        """Forward a request; its answer is read while it comes."""
        own = {key: value for key, value in headers.items() if key.lower() not in HOP}
        if self._token:
            own["Authorization"] = self._token
        url = URL(f"{self._host}{path}", encoded=True)
        return self._session.request(method, url, headers=own, data=body, allow_redirects=False)


@asynccontextmanager
async def upstream(kubeconfig: Path) -> AsyncIterator[Upstream]:
    """Connect with a kubeconfig."""
    login: Any = await from_kubeconfig(kubeconfig)
    token = await login.get_api_key_with_prefix("BearerToken", alias="authorization")
    tls = RESTClientObject(login).ssl_context
    connector = aiohttp.TCPConnector(ssl=tls, limit=0)
    patience = aiohttp.ClientTimeout(total=None, sock_connect=10)
    async with aiohttp.ClientSession(
        connector=connector, timeout=patience, read_bufsize=2**20
    ) as session:
        yield Upstream(session, str(login.host), token or "")
