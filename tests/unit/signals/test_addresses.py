"""Where no metric source lives, in every disguise that an address can take."""

import ipaddress
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.api.metricsource import AddressKind
from release_coordinator.signals.addresses import AddressRefused, APIServer, Doorman

LOOPBACK, LINK_LOCAL, API = AddressKind.LOOPBACK, AddressKind.LINK_LOCAL, AddressKind.API_SERVER
NOWHERE = APIServer()


def refusal(doorman: Doorman, host: str, port: int = 9090) -> str:
    """What the doorman says; empty if he makes a socket."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    address = (host, port, 0, 0) if ":" in host else (host, port)
    try:
        doorman.socket((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)).close()
    except AddressRefused as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("127.0.0.1", LOOPBACK),
        ("127.8.9.1", LOOPBACK),
        ("::1", LOOPBACK),
        ("0.0.0.0", LOOPBACK),  # noqa: S104 - to be refused
        ("::", LOOPBACK),
        ("::ffff:127.0.0.1", LOOPBACK),
        ("::127.0.0.1", LOOPBACK),
        ("169.254.169.254", LINK_LOCAL),
        ("::ffff:169.254.169.254", LINK_LOCAL),
        ("64:ff9b::a9fe:a9fe", LINK_LOCAL),
        ("2002:a9fe:a9fe::1", LINK_LOCAL),
        ("fe80::1", LINK_LOCAL),
        ("fe80::1%eth0", LINK_LOCAL),
        ("fd00:ec2::254", LINK_LOCAL),
        ("168.63.129.16", LINK_LOCAL),
        ("fd00:ec2::23", LINK_LOCAL),
        ("fd20:ce::254", LINK_LOCAL),
        ("64:ff9b:1::7f00:1", LOOPBACK),
        ("64:ff9b:1:fffe::169.254.169.254", LINK_LOCAL),
        ("64:ff9b:1:a9fe:a9:fe00::", LINK_LOCAL),  # a prefix of 48 bits
        ("64:ff9b:1:ffa9:fe:a9fe::", LINK_LOCAL),  # of 56
        ("64:ff9b:1:ffff:a9:fea9:fe00::", LINK_LOCAL),  # of 64
        ("::ffff:0:127.0.0.1", LOOPBACK),
        ("::5efe:127.0.0.1", LOOPBACK),
        ("2001:db8::200:5efe:169.254.169.254", LINK_LOCAL),
        ("2001:0:4136:e378:8000:63bf:80ff:fffe", LOOPBACK),  # a Teredo client
    ],
)
def test_an_address_of_a_kind_is_refused_unless_that_kind_is_allowed(
    host: str, kind: AddressKind
) -> None:
    others = set(AddressKind) - {kind}

    assert f"adds {kind.value} to spec.allow" in refusal(Doorman(others, NOWHERE), host)
    assert refusal(Doorman({kind}, NOWHERE), host) == ""


@pytest.mark.parametrize("host", ["224.0.0.1", "ff02::1", "255.255.255.255", "prometheus"])
def test_what_is_no_single_server_is_refused_whatever_is_allowed(host: str) -> None:
    assert "belongs to no single server" in refusal(Doorman(set(AddressKind), NOWHERE), host)


@pytest.mark.parametrize(
    "host",
    [
        "10.96.12.1",
        "192.168.1.4",
        "8.8.8.8",
        "2001:db8::1",
        "fd12::1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::10.0.0.1",
        "2001:db8::5efe:10.0.0.1",
        "::ffff:10.0.0.1",
    ],
)
def test_others_are_asked(host: str) -> None:
    assert refusal(Doorman((), NOWHERE), host) == ""


FORBIDDEN = st.ip_addresses(network="127.0.0.0/8") | st.ip_addresses(network="169.254.0.0/16")


@given(FORBIDDEN)
def test_no_disguise_of_a_forbidden_address_gets_through(
    ip: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    number = int(ip)
    disguises = (
        number | 0xFFFF << 32,  # mapped
        number,  # compatible
        number | 0x64FF9B << 96,  # NAT64
        number << 80 | 0x2002 << 112,  # 6to4
        number | 0xFFFF << 48,  # translated
        number | 0x64FF9B0001 << 80,  # NAT64 of one's own network
        number | 0x5EFE << 32 | 0x20010DB8 << 96,  # ISATAP
        (number ^ 0xFFFFFFFF) | 0x20010000 << 96,  # Teredo
    )

    for host in (str(ip), *(str(ipaddress.IPv6Address(one)) for one in disguises)):
        assert refusal(Doorman((), NOWHERE), host) != "", host


async def test_the_api_server_is_not_asked_at_any_port() -> None:
    server = APIServer(["https://10.96.0.1:443"])
    await server.refresh()
    doorman = Doorman((), server)

    assert "an address of the Kubernetes API" in refusal(doorman, "10.96.0.1", 443)
    assert "an address of the Kubernetes API" in refusal(doorman, "::ffff:10.96.0.1", 10250)
    assert refusal(doorman, "10.96.0.2", 443) == ""
    assert refusal(Doorman({API}, server), "10.96.0.1", 443) == ""


async def test_an_api_server_on_this_host_leaves_the_other_ports_to_others() -> None:
    server = APIServer(["https://127.0.0.1:6443"])
    await server.refresh()
    doorman = Doorman({LOOPBACK}, server)

    assert "an address of the Kubernetes API" in refusal(doorman, "127.0.0.1", 6443)
    assert refusal(doorman, "127.0.0.1", 9090) == ""


async def test_the_name_of_an_api_server_is_looked_up_again_and_what_fails_changes_nothing() -> (
    None
):
    answers: list[list[str]] = [["203.0.113.1"], [], ["203.0.113.2", "2001:db8::2"]]
    time = [0.0]

    async def lookup(host: str) -> list[str]:
        assert host == "api.example.test"
        found = answers.pop(0)
        if not found:
            raise socket.gaierror
        return found

    server = APIServer(["https://api.example.test:6443"], lookup=lookup, now=lambda: time[0])
    doorman = Doorman((), server)
    refused = []
    for now in (0.0, 59.0, 60.0, 120.0):
        time[0] = now
        await server.refresh()
        hosts = ("203.0.113.1", "203.0.113.2", "2001:db8::2")
        refused.append([host for host in hosts if refusal(doorman, host)])

    assert refused == [*[["203.0.113.1"]] * 3, ["203.0.113.2", "2001:db8::2"]]
