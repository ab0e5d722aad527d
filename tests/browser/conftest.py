"""A real browser without a window, the Chromium of the distribution, and pages to look at."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiohttp import web
from playwright.async_api import Browser, Page, async_playwright, expect
from tests.unit.statuspage.scenes import known
from tools.cluster import debian
from tools.cluster.progress import Progress

from release_coordinator.statuspage.known import Known
from release_coordinator.statuspage.server import Pages
from release_coordinator.statuspage.settings import PageSettings

PROGRAM = "/usr/bin/chromium"
SETTINGS = PageSettings(
    public_namespaces=("shop", "accounts"), public_title="Our releases", user_header="X-User"
)
PATIENCE = 20_000
"""Milliseconds in which a page is as it should be; tests of other lanes go first."""
DESKTOP, PHONE = (1280, 900), (375, 800)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Return the browser, installed on first use."""
    debian.require({"chromium": "chromium", "fc-list": "fonts-dejavu-core"}, Progress())
    expect.set_options(timeout=PATIENCE)
    async with async_playwright() as playwright:
        # As root, and in containers, it has no sandbox of its own; it sees our own pages alone.
        browser = await playwright.chromium.launch(
            executable_path=PROGRAM, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@dataclass
class Site:
    """The pages on a port, and the browser that looks at them."""

    browser: Browser
    known: Known
    runner: web.AppRunner
    port: int
    complaints: list[str] = field(default_factory=list)
    """What the browser has to say about the pages: errors, refused by the policy."""

    @property
    def base(self) -> str:
        """Where they are."""
        return f"http://127.0.0.1:{self.port}"

    async def open(
        self, path: str, size: tuple[int, int] = DESKTOP, *, script: bool = True, **options: Any
    ) -> Page:
        """A page in a window of that size."""
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=script, **options
        )
        page = await context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        await page.goto(self.base + path)
        return page

    async def stop(self) -> None:
        """The server is gone."""
        await self.runner.cleanup()

    async def start(self) -> None:
        """It is there again."""
        self.runner = web.AppRunner(Pages(self.known, SETTINGS).team(), access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", self.port).start()
        self.port = self.runner.addresses[0][1]


@asynccontextmanager
async def opened(browser: Browser, objects: Known | None = None) -> AsyncIterator[Site]:
    """A site, for as long as it is needed."""
    pages = objects or known()
    site = Site(browser, pages, web.AppRunner(web.Application()), 0)
    await site.start()
    yield site
    for context in list(browser.contexts):
        await context.close()
    await site.stop()


@pytest.fixture
async def site(chromium: Browser) -> AsyncIterator[Site]:
    """The pages of the scene."""
    async with opened(chromium) as made:
        yield made
