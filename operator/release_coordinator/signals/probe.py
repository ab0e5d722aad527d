"""Asks a workload's health endpoint, as a kubelet probe would, and its version endpoint.

Called with pod and service addresses that the API server gave. Those come from tenants too
(an address can be written by hand), so the operator must not become a way to reach its own
node: addresses must be IP literals, and local ones are refused. A probe reads no body, and no
`detail` quotes one: an answer cannot smuggle text into a status.
"""

import ipaddress
from http import HTTPStatus

import aiohttp
from yarl import URL

from release_coordinator.signals.port import FetchResult, ProbeResult
from release_coordinator.signals.session import Session, describe, read_capped, seconds
from release_coordinator.text import one_line

_HEALTHY = range(200, 400)  # what a kubelet takes for healthy
_TEXT_BYTES = 4096


class HttpProber:
    """Implements `signals.port.Prober`. Close it when the process ends."""

    def __init__(self, *, allow_loopback: bool = False) -> None:
        """`allow_loopback` is for tests, whose servers live on this host."""
        self._session = Session()
        self._allow_loopback = allow_loopback

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def probe(
        self,
        address: str,
        port: int,
        path: str,
        timeout: float,  # noqa: ASYNC109 - seconds, in all; part of the port
    ) -> ProbeResult:
        """GET `http://address:port/path`, once, without redirects. Never raises."""
        refusal = self._refusal(address, path)
        if refusal:
            return ProbeResult(ok=False, detail=refusal)
        try:
            url = _url(address, port, path)
            status = await self._status(url, timeout)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            asked = f"http://{_bracketed(address)}:{port}{one_line(path)}"
            return ProbeResult(ok=False, detail=f"{asked} {describe(error, timeout)}")
        return ProbeResult(ok=status in _HEALTHY, detail=f"{url} answered {status}")

    async def fetch(
        self,
        address: str,
        port: int,
        path: str,
        timeout: float,  # noqa: ASYNC109 - seconds, in all; part of the port
    ) -> FetchResult:
        """GET `http://address:port/path`, once, without redirects. Never raises."""
        refusal = self._refusal(address, path)
        if refusal:
            return FetchResult(None, refusal)
        asked = f"http://{_bracketed(address)}:{port}{one_line(path)}"
        try:
            text, detail = await self._text(_url(address, port, path), timeout)
        except UnicodeDecodeError:
            text, detail = None, "answered no text in UTF-8"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            text, detail = None, describe(error, timeout)
        return FetchResult(text, f"{asked} {detail}")

    async def _text(self, url: URL, timeout: float) -> tuple[str | None, str]:  # noqa: ASYNC109
        async with self._session.get().get(
            url, timeout=seconds(timeout), allow_redirects=False
        ) as response:
            if response.status != HTTPStatus.OK:
                response.close()
                return None, f"answered {response.status}"
            content = await read_capped(response, _TEXT_BYTES)
        if content is None:
            return None, f"answered more than {_TEXT_BYTES} bytes"
        return content.decode(), f"answered {response.status}"

    async def _status(self, url: URL, timeout: float) -> int:  # noqa: ASYNC109
        async with self._session.get().get(
            url, timeout=seconds(timeout), allow_redirects=False
        ) as response:
            response.close()  # the body stays unread, so the connection cannot be used again
            return response.status

    def _refusal(self, address: str, path: str) -> str:
        """Why this must not be asked at all, or nothing."""
        try:
            ip = ipaddress.ip_address(address)
        except ValueError:
            return f"{one_line(address, 60)} is not an IP address; it was not probed"
        if not path.startswith("/"):
            return f"The path {one_line(path, 60)} does not begin with /; it was not probed"
        if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped  # ::ffff:127.0.0.1 is 127.0.0.1 to the kernel
        if ip.is_loopback and self._allow_loopback:
            return ""
        if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified:
            return f"{ip} is no address of a workload; it was not probed"
        return ""


def _url(address: str, port: int, path: str) -> URL:
    return URL(f"http://{_bracketed(address)}:{port}{path}")


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
