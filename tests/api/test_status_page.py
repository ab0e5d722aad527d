"""The status page as a process with exactly the rights of the chart, on a real API server."""

import asyncio
import secrets
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml
from tests.fakes.cable import Cable
from tests.releases import Body
from tests.unit.cli import releases, watched
from tests.unit.statuspage.scenes import body_of
from tools import helm
from tools.bench.ground import RIGHTS, install_definitions
from tools.bench.process import OperatorProcess
from tools.lab.kubectl import Kubectl

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.cluster.client import KubernetesCluster
from release_coordinator.cluster.port import POD, RECORD, RELEASE, SECRET, Kind, Ref
from release_coordinator.errors import Denied

pytestmark = pytest.mark.api

PROGRAM = (sys.executable, "-m", "release_coordinator.statuspage")
BADGE = 'aria-hidden="true">▸</span>'
"""What stands before the word for what goes on by itself; the word alone is also a phase's name."""
ACCOUNT = "release-coordinator-status-page"
NAMESPACE = Kind("", "v1", "namespaces", "Namespace", namespaced=False)


class Shop:
    """A namespace with a Release, whose status somebody writes as the operator would."""

    def __init__(self, user: KubernetesCluster, kubeconfig: Path, namespace: str) -> None:
        self.user = user
        self.kubeconfig = kubeconfig
        self.namespace = namespace

    async def put(self, made: ReleaseObject, name: str = "bookshop") -> None:
        """Bring a Release into a state."""
        body = body_of(made, self.namespace, name, "The Bookshop")
        for field in ("uid", "resourceVersion", "generation"):
            del body["metadata"][field]
        stored = await self._stored(body)
        status = dict(body["status"]) | {"observedGeneration": stored["metadata"]["generation"]}
        await self.user.replace_status(RELEASE, stored | {"status": status})

    async def _stored(self, body: Body) -> Body:
        ref = Ref(RELEASE, self.namespace, body["metadata"]["name"])
        if [one for one in await self.user.list(RELEASE, self.namespace) if _name(one) == ref.name]:
            return await self.user.patch(ref, {"spec": body["spec"]})
        return await self.user.create(RELEASE, body)


def _name(body: Body) -> str:
    return str(body["metadata"]["name"])


@pytest.fixture
async def shop(light_kubeconfig: Path, definitions: dict[str, Body]) -> AsyncIterator[Shop]:
    """A namespace of its own."""
    assert definitions
    install_definitions(light_kubeconfig)
    async with await KubernetesCluster.connect(light_kubeconfig) as user:
        name = f"page-{secrets.token_hex(4)}"
        made = await user.create(NAMESPACE, {"metadata": {"name": name}})
        yield Shop(user, light_kubeconfig, name)
        await user.delete(Ref(NAMESPACE, None, name), uid=made["metadata"]["uid"])


def account(shop: Shop, folder: Path, server: str = "") -> Path:
    """Give the page's account what the chart gives it; return a kubeconfig with its token."""
    values = {"statusPage.enabled": "true", "namespaces": f"{{{shop.namespace}}}"}
    rendered = yaml.safe_load_all(helm.template(values, namespace=shop.namespace))
    mine = [one for one in rendered if one and "status-page" in one["metadata"]["name"]]
    kubectl = Kubectl(shop.kubeconfig)
    for one in mine:
        if one["kind"] in RIGHTS:
            kubectl.apply(one, shop.namespace)
    token = kubectl.run("create", "token", ACCOUNT, f"--namespace={shop.namespace}").strip()
    login: Any = yaml.safe_load(shop.kubeconfig.read_text(encoding="utf-8"))
    for user in login["users"]:
        user["user"] = {"token": token}
    if server:
        login["clusters"][0]["cluster"]["server"] = server
    file = folder / "page.kubeconfig"
    file.touch(0o600)
    file.write_text(yaml.safe_dump(login), encoding="utf-8")
    return file


@asynccontextmanager
async def page_of(kubeconfig: Path, shop: Shop, folder: Path) -> AsyncIterator[OperatorProcess]:
    """The page of the namespace, running."""
    settings = {"NAMESPACES": shop.namespace, "STATUS_PUBLIC_PORT": "0"}
    page = await OperatorProcess.start(kubeconfig, folder / "page.log", settings, PROGRAM)
    try:
        await page.wait_ready()
        yield page
    finally:
        await page.kill()


async def shows(
    page: OperatorProcess, path: str, wanted: Callable[[str], bool], seconds: float = 60
) -> str:
    """Return the page as soon as it is as wanted."""
    until = time.monotonic() + seconds
    while True:
        status, html = await page.get(path)
        if status == 200 and wanted(html):
            return html
        assert time.monotonic() < until, f"{path} stays as it is ({status}): {html[-3000:]}"
        await asyncio.sleep(0.1)


async def test_it_shows_what_happens_with_the_rights_of_the_chart(
    shop: Shop, tmp_path: Path
) -> None:
    await shop.put(releases.gating())
    path = f"/releases/{shop.namespace}/bookshop"
    async with page_of(account(shop, tmp_path), shop, tmp_path) as page:
        await shows(page, path, lambda html: "Waiting" in html and "CHANGELOG.md has no" in html)
        await shop.put(watched.good())
        html = await shows(page, path, _is_watching)
        assert "<polyline" in html

        ref = Ref(RELEASE, shop.namespace, "bookshop")
        found = await shop.user.get(ref)
        await shop.user.delete(ref, uid=found["metadata"]["uid"])
        await shows(page, "/", lambda html: "no release yet" in html)

        assert "orbidden" not in page.log
        assert await page.stop(20) == 0
        assert "Traceback" not in page.log


async def test_a_record_is_read_whole(shop: Shop, tmp_path: Path) -> None:
    await shop.put(releases.rolled_back())
    spec = watched.record().to_wire()
    labels = {"release-coordinator.io/release": "bookshop"}
    metadata = {"name": "bookshop-2-77aa", "namespace": shop.namespace, "labels": labels}
    await shop.user.create(RECORD, {"metadata": metadata, "spec": spec})
    async with page_of(account(shop, tmp_path), shop, tmp_path) as page:
        address = f"/releases/{shop.namespace}/bookshop/records/bookshop-2-77aa"
        assert address[1:] in await shows(
            page, f"/releases/{shop.namespace}/bookshop", lambda html: "records/" in html
        )
        html = await shows(page, address, lambda _: True)
        assert "Running database migration 0008-add-rating" in html
        assert "<polyline" in html


async def test_its_account_may_read_no_secret_and_no_pod_and_write_nothing(
    shop: Shop, tmp_path: Path
) -> None:
    await shop.put(releases.gating())
    async with await KubernetesCluster.connect(account(shop, tmp_path)) as page:
        assert len(await page.list(RELEASE, shop.namespace)) == 1
        for kind in (SECRET, POD):
            with pytest.raises(Denied):
                await page.list(kind, shop.namespace)
        with pytest.raises(Denied):
            await page.list(RELEASE)
        with pytest.raises(Denied):
            await page.patch(
                Ref(RELEASE, shop.namespace, "bookshop"), {"metadata": {"labels": {"a": "b"}}}
            )


async def test_without_the_api_server_it_says_so_and_goes_on_when_it_is_back(
    shop: Shop, tmp_path: Path
) -> None:
    await shop.put(releases.completed())
    login: Any = yaml.safe_load(shop.kubeconfig.read_text(encoding="utf-8"))
    far = urlsplit(login["clusters"][0]["cluster"]["server"])
    async with Cable(str(far.hostname), int(far.port or 443)) as cable:
        kubeconfig = account(shop, tmp_path, f"https://127.0.0.1:{cable.port}")
        async with page_of(kubeconfig, shop, tmp_path) as page:
            html = await shows(page, "/", lambda html: "Completed" in html)
            assert "tone-good" in html

            await cable.cut()
            html = await shows(page, "/", lambda html: "No connection to the cluster" in html)
            assert "tone-good" not in html
            assert "The Bookshop" in html, "what was known last"

            await shop.put(watched.good())
            await cable.mend()
            await shows(page, "/", _is_watching)


def _is_watching(html: str) -> bool:
    """And it is no old news: a server that has just learnt a kind refuses watches at first."""
    return f"{BADGE}Watching" in html and "No connection" not in html


async def test_settings_that_cannot_be_used_are_named_and_end_the_process(tmp_path: Path) -> None:
    settings = {"STATUS_USER_HEADER": "X User"}
    page = await OperatorProcess.start(tmp_path / "none", tmp_path / "log", settings, PROGRAM)

    assert await page.ended(60) == 2
    assert "RELEASE_COORDINATOR_STATUS_USER_HEADER is 'X User'" in page.log
