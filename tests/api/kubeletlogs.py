"""A node without containers whose kubelet has logs: the API server asks it as a real one."""

import asyncio
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from aiohttp import web
from tools.lab.kubectl import Kubectl

Logs = dict[tuple[str, str], list[str]]
"""Pod and container -> lines, each with its moment."""


class LogKubelet:
    """Answers /containerLogs; what it was asked for stays known."""

    def __init__(self, logs: Logs, pki: Path) -> None:
        self.logs = logs
        self.asked: list[dict[str, str]] = []
        self.port = 0
        self._pki = pki
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Serve, from a thread of its own."""
        self._thread.start()
        assert self._ready.wait(30)

    def stop(self) -> None:
        """Stop serving."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        assert not self._thread.is_alive()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(dict(request.query))
        place = (request.match_info["pod"], request.match_info["container"])
        lines = self.logs[place]
        tail = request.query.get("tailLines")
        told = lines[-int(tail) :] if tail else lines
        response = web.StreamResponse()
        response.force_close()  # the API server would keep the connection
        await response.prepare(request)
        await response.write("".join(f"{line}\n" for line in told).encode())
        return response

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = self._loop.run_until_complete(self._serve())
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        self._loop.close()

    async def _serve(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/containerLogs/{namespace}/{pod}/{container}", self._answer)
        runner = web.AppRunner(app, keepalive_timeout=0, shutdown_timeout=5)
        await runner.setup()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._pki / "server.crt", self._pki / "server.key")
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
        await site.start()
        self.port = runner.addresses[0][1]
        return runner


@contextmanager
def node(kubectl: Kubectl, name: str, kubelet: LogKubelet) -> Iterator[None]:
    """A node of this name whose kubelet that is."""
    kubelet.start()
    kubectl.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name}})
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": kubelet.port}},
    }
    patch_status(kubectl, "node", name, status)
    try:
        yield
    finally:
        kubectl.run("delete", "node", name)
        kubelet.stop()


def patch_status(kubectl: Kubectl, kind: str, name: str, status: Mapping[str, object]) -> None:
    """Write a status, as a controller does."""
    patch = json.dumps({"status": dict(status)})
    kubectl.run("patch", kind, name, "--subresource=status", "--type=merge", f"--patch={patch}")
