"""What Flux fetches: archives of a repository's folder, served over HTTP on this host.

Flux follows Git over HTTP and SSH alone. Where its source-controller would clone a repository and
serve an archive of it, a test does so itself, by the kind that Flux has for this: ExternalArtifact.
"""

import hashlib
import io
import tarfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import Body, Kind, Ref
from release_coordinator.errors import AlreadyExists

ARTIFACT = Kind("source.toolkit.fluxcd.io", "v1", "externalartifacts", "ExternalArtifact")


class Artifacts:
    """A server of archives by their digest."""

    def __init__(self) -> None:
        self.url = ""
        self._archives: dict[str, bytes] = {}

    async def answer(self, request: web.Request) -> web.Response:
        """Serve one."""
        content = self._archives.get(request.match_info["digest"])
        return web.Response(status=404) if content is None else web.Response(body=content)

    async def publish(
        self, cluster: KubernetesCluster, ref: Ref, folder: Path, revision: str, at: str
    ) -> None:
        """Say that a folder is the content of an artifact, as of a revision; `at` is now."""
        content = _archive(folder)
        digest = hashlib.sha256(content).hexdigest()
        self._archives[digest] = content
        artifact = {
            "path": f"{digest}.tar.gz",
            "url": f"{self.url}/{digest}.tar.gz",
            "revision": revision,
            "digest": f"sha256:{digest}",
            "lastUpdateTime": at,
            "size": len(content),
        }
        ready = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": revision}
        live = await _ensure(cluster, ref)
        status = {"artifact": artifact, "conditions": [{**ready, "lastTransitionTime": at}]}
        await cluster.replace_status(ARTIFACT, {**live, "status": status})


async def _ensure(cluster: KubernetesCluster, ref: Ref) -> Body:
    try:
        body = {"metadata": {"name": ref.name, "namespace": ref.namespace}, "spec": {}}
        return await cluster.create(ARTIFACT, body)
    except AlreadyExists:
        return await cluster.get(ref)


def _archive(folder: Path) -> bytes:
    """The files of a folder, without Git's own."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as archive:
        for file in sorted(folder.rglob("*")):
            name = str(file.relative_to(folder))
            if not name.startswith(".git"):
                archive.add(file, name, recursive=False)
    return target.getvalue()


@asynccontextmanager
async def artifacts() -> AsyncIterator[Artifacts]:
    """A running server on a free port of the loopback address."""
    server = Artifacts()
    app = web.Application()
    app.router.add_get("/{digest}.tar.gz", server.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield server
    finally:
        await runner.cleanup()
