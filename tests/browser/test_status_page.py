"""The status page in a real browser: reachable by everybody, on any screen, and kept up to date."""

import os
from importlib import resources

import pytest
from playwright.async_api import Locator, Page, expect
from tests.browser.conftest import DESKTOP, PHONE, Site
from tests.unit.cli import watched
from tests.unit.statuspage.scenes import body_of
from tests.unit.statuspage.test_pages import MARK, TEAM, hostile

from release_coordinator.cluster.port import RELEASE

pytestmark = pytest.mark.browser

SOON = 30_000
"""Milliseconds within which an open page has heard of a change."""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
PICTURES = os.environ.get("STATUS_PAGE_PICTURES", "")
"""Folder for pictures of all pages, for people to look at; none are kept without it."""


async def violations(page: Page) -> list[str]:
    """What axe-core finds, in its own words."""
    await page.evaluate(AXE)
    found = await page.evaluate(
        "rules => axe.run({runOnly: rules}).then(r => r.violations.map(v => "
        "`${v.id}: ${v.help}: ${v.nodes.map(n => n.html + ' ' + n.failureSummary).join(' | ')}`))",
        RULES,
    )
    return [str(one) for one in found]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", TEAM)
async def test_nobody_is_kept_out(site: Site, path: str, scheme: str) -> None:
    for size in (DESKTOP, PHONE):
        page = await site.open(path, size, color_scheme=scheme, bypass_csp=True)
        assert await violations(page) == []
    assert site.complaints == []


async def test_a_page_that_is_blind_is_accessible_too(site: Site) -> None:
    site.known.mirror.informers[0].trouble = "connection refused"
    page = await site.open("/", bypass_csp=True)

    assert await violations(page) == []
    await expect(page.get_by_role("alert")).to_contain_text("No connection to the cluster")


@pytest.mark.parametrize("width", [320, 375, 768, 1280, 1920])
@pytest.mark.parametrize("path", TEAM)
async def test_no_screen_is_too_narrow(site: Site, path: str, width: int) -> None:
    page = await site.open(path, (width, 800))

    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    if PICTURES and width in {DESKTOP[0], PHONE[0]}:
        name = path.strip("/").replace("/", "-") or "overview"
        await page.screenshot(path=f"{PICTURES}/{name}-{width}.png", full_page=True)


@pytest.mark.parametrize("path", ["/", "/releases/shop/bookshop", "/incidents/shop/i", "/public"])
async def test_texts_of_others_run_no_script_and_break_no_page(site: Site, path: str) -> None:
    for kind, bodies in hostile(MARK + "w" * 200).items():
        for body in bodies:
            site.known.mirror.store.put(kind, body)
    page = await site.open(path, PHONE)

    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    assert await page.locator("img[src=x]").count() == 0
    assert site.complaints == []


async def test_an_open_page_hears_of_changes_and_says_so(site: Site) -> None:
    page = await site.open("/releases/shop/search")
    hero = page.locator("[data-part=hero]")
    await expect(hero).to_contain_text("Waiting")

    site.known.mirror.store.put(RELEASE, body_of(watched.good(), "shop", "search", "Search"))

    await expect(hero).to_contain_text("Watching", timeout=SOON)
    await expect(page.locator("#news")).to_have_text("Search 1.4.0: Watching")
    assert site.complaints == []


async def test_what_the_reader_has_opened_and_where_he_is_stays(site: Site) -> None:
    page = await site.open("/releases/shop/bookshop")
    await page.locator("#chart-1-table summary").click()
    await page.locator("#chart-2-table summary").focus()
    more = watched.metric([*watched.GOOD, 0.07])
    changed = watched.release(watched.attempt(more, watched.OTHERS[0]))

    site.known.mirror.store.put(RELEASE, body_of(changed, "shop", "bookshop", "Bookshop"))

    await expect(page.locator("#chart-1-table")).to_contain_text("0.07", timeout=SOON)
    assert await page.locator("#chart-1-table").get_attribute("open") is not None
    focused = "document.activeElement.closest('details')?.id"
    assert await page.evaluate(focused) == "chart-2-table"


async def test_a_page_that_has_lost_its_server_says_so_and_is_not_green(site: Site) -> None:
    page = await site.open("/releases/accounts/login")
    lost = page.locator("#lost")
    badge = page.locator("[data-part=hero] .badge")
    await expect(lost).to_be_hidden()
    green = await _colour(badge)

    await site.stop()
    await expect(lost).to_be_visible(timeout=SOON)
    await expect(lost).to_contain_text("not up to date")
    assert await _colour(badge) != green

    await site.start()
    await expect(lost).to_be_hidden(timeout=2 * SOON)
    assert await _colour(badge) == green


async def _colour(badge: Locator) -> str:
    return str(await badge.evaluate("one => getComputedStyle(one).color"))


async def test_without_a_script_everything_is_there(site: Site) -> None:
    page = await site.open("/", script=False)
    await page.get_by_role("searchbox").fill("logistics")
    await page.get_by_role("button", name="Search").click()
    await expect(page.get_by_role("row")).to_have_count(3)  # with the head
    await page.get_by_role("link", name="Route planning").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Route planning")
    await page.get_by_role("link", name="Attempt 2").click()
    await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    await page.get_by_role("navigation").get_by_role("link", name="Incidents").click()
    await page.get_by_role("link", name="Route planning 1.4.0 was rolled back").click()
    await expect(page.get_by_role("heading", name="Root cause")).to_be_visible()


async def test_everything_is_reached_by_the_keyboard(site: Site) -> None:
    page = await site.open("/")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("main")).to_be_focused()
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("bookshop")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("link", name="Bookshop")).to_be_visible()
    assert "search=bookshop" in page.url


async def test_a_table_stays_a_table_on_a_phone(site: Site) -> None:
    page = await site.open("/", PHONE)

    await expect(page.get_by_role("table")).to_have_count(1)
    await expect(page.get_by_role("columnheader")).to_have_count(5)
    await expect(page.get_by_role("rowheader")).to_have_count(8)


async def test_who_wants_no_motion_gets_none(site: Site) -> None:
    moving = ".phases .is-running .node"
    style = "one => getComputedStyle(one).animationName"
    page = await site.open("/releases/shop/bookshop", reduced_motion="reduce")
    assert await page.locator(moving).evaluate(style) == "none"
    page = await site.open("/releases/shop/bookshop")
    assert await page.locator(moving).evaluate(style) == "pulse"


async def test_on_paper_there_are_no_buttons(site: Site) -> None:
    page = await site.open("/")
    await page.emulate_media(media="print")

    await expect(page.get_by_role("searchbox")).to_be_hidden()
    await expect(page.locator(".top nav")).to_be_hidden()
    await expect(page.get_by_role("link", name="Bookshop")).to_be_visible()


async def test_a_rolled_back_release_is_red_and_a_completed_one_green(site: Site) -> None:
    page = await site.open("/releases/accounts/login")
    green = await _colour(page.locator("[data-part=hero] .badge"))
    page = await site.open("/releases/logistics/routing")
    red = await _colour(page.locator("[data-part=hero] .badge"))

    assert green != red
