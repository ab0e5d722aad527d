"""What both HTTP signals share: a session without surprises and words for what went wrong.

The session follows no proxy variables, keeps no cookies, asks for no compression and undoes none:
an answer is as big as it looks. Callers never follow redirects, because a redirect could lead
from an allowed address to a forbidden one.
"""

import errno
import socket

import aiohttp

USER_AGENT = "release-coordinator"
PLAIN = "identity"
"""The only encoding of an answer that is asked for and read."""


def new_session(connector: aiohttp.TCPConnector | None = None) -> aiohttp.ClientSession:
    """An open session with its own connections, or with those of the connector."""
    return aiohttp.ClientSession(
        connector=connector,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": USER_AGENT, "Accept-Encoding": PLAIN},
    )


class Session:
    """A client session that is opened on the loop of its first use."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    def get(self) -> aiohttp.ClientSession:
        """The open session."""
        if self._session is None or self._session.closed:
            self._session = new_session()
        return self._session

    async def close(self) -> None:
        """Close all connections; harmless when none was opened."""
        if self._session is not None:
            await self._session.close()


async def read_capped(response: aiohttp.ClientResponse, limit: int) -> bytes | None:
    """The body, or None when it is longer than `limit` bytes; never holds much more than that."""
    parts: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > limit:
            response.close()  # the rest must not be drained for the sake of the connection
            return None
        parts.append(chunk)
    return b"".join(parts)


def seconds(timeout: float) -> aiohttp.ClientTimeout:
    """A limit for the whole exchange; to aiohttp zero would mean none."""
    return aiohttp.ClientTimeout(total=max(timeout, 0.001))


_WORDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    ((aiohttp.ClientConnectorDNSError, socket.gaierror), "has a host name that is not known"),
    (aiohttp.ClientConnectorCertificateError, "has a TLS certificate that is not trusted"),
    (aiohttp.ClientConnectorSSLError, "does not speak TLS as expected"),
    (aiohttp.ClientConnectorError, "cannot be reached"),
    ((aiohttp.ServerDisconnectedError, aiohttp.ClientPayloadError), "cut its answer short"),
    (OSError, "broke the connection"),
    ((ValueError, aiohttp.NonHttpUrlClientError), "is no valid http(s) address"),
)
"""From the special to the general: the first row that fits speaks."""


def describe(error: BaseException, timeout: float) -> str:
    """What happened, in a user's words; library texts stay out, they may quote the answer."""
    if isinstance(error, TimeoutError):
        return f"gave no answer within {timeout:g} s"
    if isinstance(error, OSError) and error.errno == errno.ECONNREFUSED:
        return "refused the connection"
    words = (text for types, text in _WORDS if isinstance(error, types))
    return next(words, "did not answer in HTTP as expected")
