"""Which addresses metric sources and channels may live at, enforced where the operator connects.

Used by `signals.links` as the socket factory of its connections: it sees the very IP address that
is connected to. So a name that resolves to something else the second time (DNS rebinding) gains
nothing, and neither does an IPv4 address written as an IPv6 one.
"""

import asyncio
import ipaddress
import socket
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from yarl import URL

from release_coordinator.api.metricsource import AddressKind

IP = ipaddress.IPv4Address | ipaddress.IPv6Address
AddressInfo = tuple[Any, Any, int, str, tuple[Any, ...]]
"""As `socket.getaddrinfo` gives it."""

LOOKUP_SECONDS = 60.0
"""The API server's name, if it has one, is looked up again after this time."""

_IPV4_AT_THE_END = tuple(
    map(
        ipaddress.IPv6Network,
        # Compatible, mapped, translated (RFC 2765), NAT64 (RFC 6052).
        ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"),
    )
)
_LOCAL_NAT64 = ipaddress.IPv6Network("64:ff9b:1::/48")
"""RFC 8215: how long the prefix is, and so where the IPv4 address is, its network decides."""
_ISATAP = {0x00005EFE, 0x02005EFE}
"""What precedes the IPv4 address in the second half of an address (RFC 5214)."""
_METADATA = frozenset(
    ipaddress.ip_address(text)
    for text in (
        *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42"),
        *("100.100.100.200", "168.63.129.16", "192.0.0.192"),
    )
)
"""Metadata services of clouds that are not at a link-local address."""

_WORDS = {
    AddressKind.LOOPBACK: "a loopback address",
    AddressKind.LINK_LOCAL: "a link-local or metadata address",
    AddressKind.API_SERVER: "an address of the Kubernetes API",
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an address is written, for messages."""

    kind: str = "MetricSource"
    field: str = "spec"
    """What has `url` and `allow`."""


SOURCE = Place()


class AddressRefused(OSError):  # noqa: N818 - a decision
    """Nobody may live at this address."""

    def __init__(self, kind: AddressKind | None, place: Place) -> None:
        url = f"{place.field}.url"
        if kind is None:
            words = f"is at an address that belongs to no single server; correct {url}"
        else:
            words = (
                f"is at {_WORDS[kind]}, which is not asked; if that is meant, the platform team "
                f"adds {kind.value} to {place.field}.allow of the {place.kind}, else it corrects "
                f"{url}"
            )
        super().__init__(words)


async def _lookup(host: str) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


class APIServer:
    """Where the Kubernetes API is."""

    def __init__(
        self,
        servers: Iterable[str] = (),
        *,
        lookup: Callable[[str], Awaitable[list[str]]] = _lookup,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`servers` are URLs, with names or IP addresses."""
        urls = [URL(server) for server in servers]
        self._hosts = {url.host: url.port or 443 for url in urls if url.host}
        self._lookup = lookup
        self._now = now
        self._known: dict[str, frozenset[IP]] = {}
        self._due = -float("inf")
        self._refreshing = asyncio.Lock()

    async def refresh(self) -> None:
        """Look its names up, if that was not done for a while; what fails leaves what is known."""
        async with self._refreshing:  # nobody goes on before the first answer is there
            if self._now() < self._due:
                return
            for host in self._hosts:
                try:
                    texts = [host] if _parsed(host) else await self._lookup(host)
                except OSError:
                    continue
                found = [ip for ip in map(_parsed, texts) if ip]
                self._known[host] = frozenset().union(*map(_meanings, found))
            self._due = self._now() + LOOKUP_SECONDS

    def is_at(self, ip: IP, port: int) -> bool:
        """Whether the API answers there; on this host's own addresses only at its port."""
        return any(
            ip in self._known.get(host, ()) and (not ip.is_loopback or port == own_port)
            for host, own_port in self._hosts.items()
        )


class Doorman:
    """Makes the sockets of one source's connections, or refuses to."""

    def __init__(
        self,
        allow: Collection[AddressKind],
        api_server: APIServer,
        place: Place = SOURCE,
    ) -> None:
        self._allow = allow
        self._place = place
        self._api_server = api_server

    def socket(self, info: AddressInfo) -> socket.socket:
        """A socket for this address. Raises AddressRefused."""
        family, kind, protocol, _, address = info
        self.check(str(address[0]), int(address[1]))
        return socket.socket(family=family, type=kind, proto=protocol)

    def check(self, host: str, port: int) -> None:
        """Raise AddressRefused if nobody may be asked there."""
        ip = _parsed(host)
        if ip is None or ip.is_multicast or ip == ipaddress.ip_address("255.255.255.255"):
            raise AddressRefused(None, self._place)
        for meant in sorted(_meanings(ip), key=int):
            for kind in self._kinds(meant, port):
                if kind not in self._allow:
                    raise AddressRefused(kind, self._place)

    def _kinds(self, ip: IP, port: int) -> Iterable[AddressKind]:
        if ip.is_loopback or ip.is_unspecified:  # the kernel takes 0.0.0.0 for this host
            yield AddressKind.LOOPBACK
        if ip.is_link_local or ip in _METADATA:
            yield AddressKind.LINK_LOCAL
        if self._api_server.is_at(ip, port):
            yield AddressKind.API_SERVER


def _parsed(text: str) -> IP | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _meanings(ip: IP) -> frozenset[IP]:
    """The address and all IPv4 addresses that may be asked in the end when it is connected to."""
    if isinstance(ip, ipaddress.IPv4Address):
        return frozenset({ip})
    return frozenset({ip, *map(ipaddress.IPv4Address, _embedded(ip))})


def _embedded(ip: ipaddress.IPv6Address) -> Iterator[int]:
    last = int(ip) & 0xFFFFFFFF
    if int(ip) > 1 and any(ip in network for network in _IPV4_AT_THE_END):
        yield last
    if int(ip) >> 32 & 0xFFFFFFFF in _ISATAP:
        yield last
    if ip.sixtofour:
        yield int(ip.sixtofour)
    if ip.teredo:
        yield from map(int, ip.teredo)
    if ip in _LOCAL_NAT64:
        yield from filter(None, (last, *_after_a_shorter_prefix(ip.packed)))


def _after_a_shorter_prefix(octets: bytes) -> Iterator[int]:
    """With prefixes of 48, 56 and 64 bits; the ninth octet is none of the address (RFC 6052)."""
    without = octets[:8] + octets[9:]
    for start in (6, 7, 8):
        yield int.from_bytes(without[start : start + 4], "big")
