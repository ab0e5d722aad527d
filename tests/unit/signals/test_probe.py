"""Which addresses are asked, and what counts as healthy."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from release_coordinator.signals.probe import HttpProber


class Workload:
    """A server whose answers a test chooses; knows its port on IPv4 and, if there, IPv6."""

    def __init__(self) -> None:
        self.status = 200
        self.body = b"secret" * 10_000
        self.port = 0
        self.asked: list[str] = []
        self.closing = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer anything, except below the two paths that misbehave."""
        self.asked.append(request.raw_path)
        if request.path == "/slow":
            await self.closing.wait()
        if request.path == "/cut":
            assert request.transport is not None
            request.transport.abort()
        return web.Response(status=self.status, body=self.body)


@pytest.fixture
async def workload() -> AsyncIterator[Workload]:
    server = Workload()
    app = web.Application()
    app.router.add_get("/{tail:.*}", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.port = runner.addresses[0][1]
    yield server
    server.closing.set()
    await runner.cleanup()


@pytest.fixture
async def prober() -> AsyncIterator[HttpProber]:
    client = HttpProber(allow_loopback=True)
    yield client
    await client.close()


@pytest.mark.parametrize(
    ("status", "verdict"),
    [(200, "ok"), (204, "ok"), (302, "ok"), (399, "ok"), (400, "bad"), (404, "bad"), (500, "bad")],
)
async def test_200_to_399_is_healthy(
    workload: Workload, prober: HttpProber, status: int, verdict: str
) -> None:
    workload.status = status
    result = await prober.probe("127.0.0.1", workload.port, "/healthz?full=1", timeout=5)
    assert result.ok is (verdict == "ok")
    assert result.detail == f"http://127.0.0.1:{workload.port}/healthz?full=1 answered {status}"
    assert workload.asked == ["/healthz?full=1"]


async def test_a_slow_workload_is_not_healthy(workload: Workload, prober: HttpProber) -> None:
    result = await prober.probe("127.0.0.1", workload.port, "/slow", timeout=0.05)
    assert not result.ok
    assert "gave no answer within 0.05 s" in result.detail


async def test_a_cut_connection_is_not_healthy(workload: Workload, prober: HttpProber) -> None:
    result = await prober.probe("127.0.0.1", workload.port, "/cut", timeout=5)
    assert not result.ok
    assert "cut its answer short" in result.detail


async def test_a_closed_port_is_not_healthy(prober: HttpProber) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    result = await prober.probe("127.0.0.1", port, "/", timeout=5)
    assert not result.ok
    assert "refused the connection" in result.detail


async def test_ipv6_addresses_are_asked(prober: HttpProber) -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 loopback address here")
    server = Workload()
    app = web.Application()
    app.router.add_get("/", server.answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    port = listener.getsockname()[1]
    result = await prober.probe("::1", port, "/", timeout=5)
    await runner.cleanup()
    assert result.ok
    assert result.detail == f"http://[::1]:{port}/ answered 200"


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "::ffff:127.0.0.1",
        "169.254.169.254",
        "::ffff:169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "224.0.0.1",
        "ff02::1",
        "0.0.0.0",  # noqa: S104 - asked for, not listened on
        "::",
    ],
)
async def test_addresses_that_are_no_workload_are_refused(address: str) -> None:
    prober = HttpProber()
    result = await prober.probe(address, 80, "/", timeout=5)
    assert not result.ok
    assert "is no address of a workload; it was not probed" in result.detail


async def test_only_loopback_is_allowed_to_tests(prober: HttpProber) -> None:
    result = await prober.probe("169.254.169.254", 80, "/", timeout=5)
    assert "it was not probed" in result.detail


@pytest.mark.parametrize(
    ("address", "path", "words"),
    [
        ("bookshop.shop.svc", "/", "is not an IP address"),
        ("2130706433", "/", "is not an IP address"),
        ("10.0.0.1\r\nx", "/", "is not an IP address"),
        ("10.0.0.1", "@127.0.0.1/", "does not begin with /"),
        ("10.0.0.1", "", "does not begin with /"),
    ],
)
async def test_names_and_odd_paths_are_refused(address: str, path: str, words: str) -> None:
    result = await HttpProber().probe(address, 80, path, timeout=5)
    assert not result.ok
    assert words in result.detail


async def test_a_path_cannot_leave_its_host(workload: Workload, prober: HttpProber) -> None:
    await prober.probe("127.0.0.1", workload.port, "//169.254.169.254/x y\r\nHost: z", timeout=5)
    assert workload.asked == ["//169.254.169.254/x%20yHost:%20z"]


# --- short texts


async def test_the_text_of_an_answer_is_read(workload: Workload, prober: HttpProber) -> None:
    workload.body = b'{"version": "1.3.0"}'
    result = await prober.fetch("127.0.0.1", workload.port, "/version", timeout=5)
    assert result.text == '{"version": "1.3.0"}'
    assert result.detail == f"http://127.0.0.1:{workload.port}/version answered 200"


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (404, b"1.3.0", "answered 404"),
        (302, b"1.3.0", "answered 302"),
        (204, b"", "answered 204"),
        (200, b"1" * 4097, "answered more than 4096 bytes"),
        (200, b"\xff\xfe1.3.0", "answered no text in UTF-8"),
    ],
)
async def test_other_answers_give_no_text_and_are_not_quoted(
    workload: Workload, prober: HttpProber, status: int, body: bytes, words: str
) -> None:
    workload.status, workload.body = status, body
    result = await prober.fetch("127.0.0.1", workload.port, "/version", timeout=5)
    assert result.text is None
    assert result.detail == f"http://127.0.0.1:{workload.port}/version {words}"


@pytest.mark.parametrize(
    ("path", "limit", "words"), [("/slow", 0.05, "gave no answer"), ("/cut", 5, "cut its answer")]
)
async def test_a_text_that_does_not_come_is_told(
    workload: Workload, prober: HttpProber, path: str, limit: float, words: str
) -> None:
    result = await prober.fetch("127.0.0.1", workload.port, path, limit)
    assert result.text is None
    assert words in result.detail


@pytest.mark.parametrize(
    ("address", "path"),
    [("169.254.169.254", "/"), ("::ffff:127.0.0.1", "/"), ("shop.svc", "/"), ("10.0.0.1", "@x/")],
)
async def test_texts_are_read_from_workloads_only(address: str, path: str) -> None:
    result = await HttpProber().fetch(address, 80, path, timeout=5)
    assert result.text is None
    assert "it was not probed" in result.detail
