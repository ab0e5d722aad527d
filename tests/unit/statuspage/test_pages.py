"""The pages as a browser gets them: on a real port, from what the double knows."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import make_mocked_request
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests import goldens, records
from tests.unit.cli import releases, watched
from tests.unit.statuspage.scenes import (
    NOTES,
    NOW,
    body_of,
    incident_body,
    known,
    mirror_of,
    record_body,
    scene,
)

from release_coordinator.api.attempt import Trigger
from release_coordinator.api.conditions import Reason
from release_coordinator.cluster.port import INCIDENT, POLICY, RECORD, RELEASE, Body, Kind
from release_coordinator.engine.names import LABEL_RELEASE
from release_coordinator.statuspage import rendering
from release_coordinator.statuspage.headers import SECURITY
from release_coordinator.statuspage.known import Known
from release_coordinator.statuspage.server import Pages, home_of
from release_coordinator.statuspage.settings import PageSettings

GOLDEN = Path(__file__).parent / "golden"
SETTINGS = PageSettings(
    public_namespaces=("shop", "accounts"), public_title="Our releases", user_header="X-User"
)
TEAM = (
    "/",
    "/releases/shop/bookshop",
    "/releases/shop/payments",
    "/releases/logistics/routing",
    "/releases/logistics/routing/records/routing-2-77aa",
    "/incidents",
    "/incidents/logistics/routing-2-1c2d",
    "/release-metrics",
    "/public",
)


class Reader:
    """A browser without eyes."""

    def __init__(self, session: ClientSession, base: str) -> None:
        self.session = session
        self.base = base

    async def get(
        self, path: str, status: int = 200, headers: Mapping[str, str] | None = None
    ) -> str:
        """Read a page, which is answered with this status."""
        async with self.session.get(self.base + path, headers=headers) as answer:
            assert answer.status == status, path
            return await answer.text()


@asynccontextmanager
async def reader(
    objects: Known | None = None, wanted: PageSettings = SETTINGS, *, public: bool = False
) -> AsyncIterator[Reader]:
    pages = Pages(objects or known(), wanted)
    runner = web.AppRunner(pages.public() if public else pages.team(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with ClientSession() as session:
        yield Reader(session, f"http://127.0.0.1:{runner.addresses[0][1]}")
    await runner.cleanup()


class Outline(HTMLParser):
    """The tags and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Called for each tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Called for each text."""
        self.words.append(data)

    @property
    def text(self) -> str:
        """All that is to be read."""
        return re.sub(r"\s+", " ", " ".join(self.words))


async def test_every_page_is_there_and_carries_the_headers() -> None:
    async with reader() as browser:
        for path in TEAM:
            async with browser.session.get(browser.base + path) as answer:
                assert answer.status == 200, path
                for name, value in SECURITY.items():
                    assert answer.headers[name] == value
                assert "Set-Cookie" not in answer.headers
                assert answer.headers["Server"] == ""
                assert answer.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("path", TEAM)
async def test_a_page_has_no_inline_script_or_style_and_loads_nothing_from_elsewhere(
    path: str,
) -> None:
    async with reader() as browser:
        page = Outline(await browser.get(path))

    for tag, attributes in page.tags:
        assert tag != "style"
        assert tag != "script" or attributes["src"]
        assert "style" not in attributes
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "src", "action"):
            assert "//" not in (attributes.get(name) or ""), attributes


@pytest.mark.parametrize("path", TEAM)
async def test_every_link_of_a_page_leads_somewhere(path: str) -> None:
    async with reader() as browser:
        page = Outline(await browser.get(path))
        links = {a[n] for _, a in page.tags for n in ("href", "src") if a.get(n)}
        for link in sorted(str(one) for one in links):
            if not link.startswith("#"):
                url = f"{browser.base}{path}".rpartition("/")[0] + "/" + link
                async with browser.session.get(url) as answer:
                    assert answer.status == 200, (path, link)


@pytest.mark.parametrize("path", TEAM)
async def test_ids_are_unique_and_what_is_referred_to_is_there(path: str) -> None:
    async with reader() as browser:
        page = Outline(await browser.get(path))

    ids = [a["id"] for _, a in page.tags if "id" in a]
    assert len(ids) == len(set(ids))
    for _, attributes in page.tags:
        for name in ("aria-labelledby", "for"):
            for word in (attributes.get(name) or "").split():
                assert word in ids, (path, word)
    assert sum(tag == "h1" for tag, _ in page.tags) == 1


async def test_a_page_that_has_not_changed_is_not_sent_again() -> None:
    objects = known()
    async with reader(objects) as browser:
        async with browser.session.get(browser.base + "/") as answer:
            tag = answer.headers["ETag"]
        await browser.get("/", 304, {"If-None-Match": tag})
        objects.mirror.store.put(
            RELEASE, body_of(releases.completed(), "shop", "bookshop", "Bookshop")
        )
        await browser.get("/", 200, {"If-None-Match": tag})


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/releases/shop",
        "/releases/shop/nothing",
        "/releases/shop/bookshop/records/nothing",
        "/releases/shop/bookshop/records/routing-2-77aa",
        "/incidents/shop/nothing",
        "/static/nothing.js",
        "/static/..%2fserver.py",
    ],
)
async def test_what_is_not_there_is_not_found(path: str) -> None:
    async with reader() as browser:
        assert "Not found" in await browser.get(path, 404)


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_nothing_can_be_written(method: str) -> None:
    async with reader() as browser:
        for path in ("/", "/releases/shop/bookshop", "/healthz"):
            async with browser.session.request(method, browser.base + path) as answer:
                assert answer.status == 405
                assert "Content-Security-Policy" in answer.headers


async def test_who_reads_is_shown_only_where_a_proxy_says_so() -> None:
    async with reader() as browser:
        assert "<b>d&lt;ana</b>" in await browser.get("/", 200, {"X-User": "d<ana"})
        assert "Signed in" not in await browser.get("/")
    async with reader(wanted=PageSettings()) as browser:
        assert "Signed in" not in await browser.get("/", 200, {"X-User": "dana"})


async def test_blind_it_says_so_on_every_page_and_nothing_is_green() -> None:
    objects = known()
    objects.mirror.informers[0].trouble = "connection refused"
    async with reader(objects) as browser:
        for path in TEAM:
            page = Outline(await browser.get(path))
            assert "No connection to the cluster." in page.text, path
            assert "alert" in [a.get("role") for _, a in page.tags], path
        login = await browser.get("/releases/accounts/login")
        head = login[login.index('class="card hero') : login.index("</h1>")]
        assert "tone-good" not in head
        assert "(last known)" in login
        overview = await browser.get("/")
        assert "tone-good" not in overview
        public = await browser.get("/public")
        assert "tone-good" not in public
        assert "connection refused" not in public, "an internal matter"


async def test_before_everything_was_read_nothing_is_shown() -> None:
    objects = known()
    objects.mirror.informers[3].good_until = None
    async with reader(objects) as browser:
        assert "Starting" in await browser.get("/", 503)
        assert "Bookshop" not in await browser.get("/", 503)
        await browser.get("/readyz", 500)
        await browser.get("/healthz", 200)


async def test_it_stays_ready_when_it_goes_blind() -> None:
    objects = known()
    objects.mirror.informers[0].trouble = "connection refused"
    async with reader(objects) as browser:
        assert "connection refused" in await browser.get("/readyz")


async def test_the_public_port_serves_the_summary_and_nothing_else() -> None:
    async with reader(public=True) as browser:
        page = await browser.get("/")
        assert "Our releases" in page
        await browser.get("/static/style.css")
        for path in (*TEAM[1:], "/readyz", "/healthz"):
            await browser.get(path, 404)


async def test_without_named_namespaces_there_is_no_public_summary() -> None:
    async with reader(wanted=PageSettings()) as browser:
        await browser.get("/public", 404)


async def test_the_public_summary_shows_only_the_namespaces_that_were_named() -> None:
    async with reader(public=True) as browser:
        text = Outline(await browser.get("/")).text
    assert "Bookshop" in text
    assert "Login" in text
    assert "Dispatch" not in text


async def test_no_word_of_the_inside_gets_onto_the_public_summary() -> None:
    """Every text of the scene that people or programs wrote, but for names and versions."""
    shown = {"Bookshop", "Payments", "Search", "Login", "Profile", "recommendations"}
    objects = scene()
    inside = {
        text
        for body in (*objects[RELEASE], *objects[RECORD], *objects[INCIDENT])
        for text in _texts(body)
        if len(text) > 4 and text not in shown | {"1.4.0", "1.3.0", "Completed", "Release"}
    }
    async with reader(public=True) as browser:
        page = Outline(await browser.get("/"))

    attributes = " ".join(value or "" for _, a in page.tags for value in a.values())
    assert [text for text in inside if text in page.text or text in attributes] == []


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value


MARK = "<img src=x onerror=alert(1)>\"'&\u202e{{7*7}}"


def hostile(mark: str) -> dict[Kind, list[Body]]:
    """Everything that others may write freely, written by somebody who means harm."""
    gate = {"message": mark, "evidence": mark, "owner": mark[:63]}
    entry = watched.attempt(
        watched.metric(watched.BREACHED, message=mark),
        gates=[releases.GATES[0].model_copy(update=gate)],
        steps=[releases.done("gates", 0, 1, mark), releases.failed("watch", 2, 3, mark)],
    )
    release = body_of(watched.release(entry), "shop", "bookshop", mark[:60])
    release["status"]["message"] = mark
    return {
        RELEASE: [release],
        RECORD: [record_body("shop", "bookshop", "r", message=mark, backup=mark)],
        INCIDENT: [
            incident_body(
                "shop",
                "i",
                release="bookshop",
                title=mark,
                impact=mark,
                rootCause=f"{mark}\n{mark}",
                timeline=[{"at": "2026-11-10T09:03:40Z", "action": mark, "owner": mark}],
            )
        ],
    }


HOSTILE = (
    "/",
    "/releases/shop/bookshop",
    "/incidents",
    "/incidents/shop/i",
    "/public",
    f"/?search={MARK}&show={MARK}&page={MARK}",
)


def tags_of(html: str) -> list[tuple[str, frozenset[str]]]:
    return [(tag, frozenset(attributes)) for tag, attributes in Outline(html).tags]


@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=80))
async def test_no_text_of_others_becomes_a_tag_or_an_attribute(text: str) -> None:
    def pages(objects: Known) -> Pages:
        return Pages(objects, SETTINGS)

    plain, bad = known(hostile("harmless")), known(hostile(text + MARK))
    for path in HOSTILE[:-1]:
        assert tags_of(await _rendered(pages(plain), path)) == tags_of(
            await _rendered(pages(bad), path)
        )


async def _rendered(pages: Pages, path: str) -> str:
    """A page without a socket: hundreds of them are made."""
    app = pages.team()
    app.freeze()
    request = make_mocked_request("GET", path, app=app)
    found = await app.router.resolve(request)
    request._match_info = found
    answer = await found.handler(request)
    assert isinstance(answer, web.Response)
    return str(answer.text)


@pytest.mark.parametrize("path", HOSTILE)
async def test_a_script_in_a_text_is_only_text(path: str) -> None:
    async with reader(known(hostile(MARK))) as browser:
        html = await browser.get(path)

    page = Outline(html)
    assert "<img src=x" not in html
    assert "\u202e" not in html or path.startswith("/?")
    assert "49" not in page.text, "templates in texts are no templates"
    assert not any("onerror" in attributes for _, attributes in page.tags)


async def test_a_page_that_cannot_be_made_is_told_without_its_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(_: Known) -> None:
        raise IndexError("an internal matter")

    objects = known()
    monkeypatch.setattr(Known, "summaries", broken)
    async with reader(objects) as browser:
        page = await browser.get("/", 500)
    assert "internal" not in page
    assert "log" in page


@pytest.mark.parametrize(
    ("path", "home"),
    [("/", "./"), ("/incidents", "./"), ("/releases/a/b", "../../")],
)
def test_links_are_relative_so_that_a_proxy_may_add_a_prefix(path: str, home: str) -> None:
    assert home_of(path) == home


def test_the_script_is_short_enough_to_be_read() -> None:
    lines = rendering.static("live.js").decode().splitlines()

    assert len(lines) < 100
    assert not any("innerHTML" in line or "eval" in line for line in lines)


@pytest.mark.parametrize(("name", "path"), [("overview", "/"), ("public", "/public")])
async def test_pages_look_as_they_were_agreed(name: str, path: str) -> None:
    async with reader() as browser:
        html = await browser.get(path)

    goldens.check(GOLDEN / f"{name}.html", re.sub(r"\n\s*\n+", "\n", html))


def measured() -> dict[Kind, list[Body]]:
    """Four deployments of ten minutes, one that was taken back, and targets of a policy."""
    times = {"ended_at": NOW, "changed_at": NOW - timedelta(minutes=10)}
    trigger = Trigger(reason=Reason.METRIC_BREACH, message="slow", at=NOW - timedelta(minutes=4))
    made = [records.completed(number, **times) for number in range(1, 5)]
    made.append(records.broken(5, rollback=trigger, **times))
    targets = {"successPercent": 75, "timeToDeploy": "5m", "rollbackPercent": 30}
    policy: Body = {
        "metadata": {"namespace": "shop", "name": "default"},
        "spec": {"targets": targets},
    }
    labels = {LABEL_RELEASE: "bookshop"}
    found: list[Body] = [
        {
            "metadata": {"namespace": "shop", "name": f"bookshop-{one.attempt}", "labels": labels},
            "spec": one.to_wire(),
        }
        for one in made
    ]
    for body in (*found, policy):
        body["metadata"] |= {"uid": f"u-{body['metadata']['name']}", "resourceVersion": "1"}
    return {RELEASE: [body_of(releases.completed())], RECORD: found, POLICY: [policy]}


async def test_the_release_metrics_stand_beside_the_targets_of_the_policy() -> None:
    async with reader(known(measured())) as browser:
        page = Outline(await browser.get("/release-metrics")).text

    _, _, overall = page.partition("All applications, last 30 days ")
    overall, _, own = overall.partition("By application, last 30 days ")
    assert "Deployments that succeeded 80 % ✕ missed at least 95 %" in overall
    assert "Time to deploy 10m 00s ✓ met at most 30m 00s" in overall
    assert "Deployments that were rolled back 20 % ✕ missed at most 5 %" in overall
    assert "Downtime of a deployment 0s ✓ met at most 5m 00s" in overall
    assert "Deployments 5 Succeeded 4 Rolled back 1 Rollback failed 0 Failed 0" in overall
    assert "Median time to restore 4m 00s" in overall
    assert (
        "bookshop shop 5 80 % ✓ met at least 75 % 10m 00s ✕ missed at most 5m 00s "
        "20 % ✓ met at most 30 % 0s ✓ met at most 5m 00s"
    ) in own


async def test_a_record_shows_its_release_notes_and_what_became_of_them() -> None:
    problem = "edited after the gate had let them pass"
    notes = NOTES.model_copy(update={"problem": problem, "text": f"{NOTES.text}\n<b>bold</b>\n"})
    objects = scene()
    objects[RECORD].append(record_body("accounts", "login", "login-3-77aa", notes=notes))
    async with reader(known(objects)) as browser:
        plain = await browser.get("/releases/accounts/login/records/login-2-77aa")
        edited = await browser.get("/releases/accounts/login/records/login-3-77aa")
        without = await browser.get("/releases/logistics/routing/records/routing-2-77aa")

    _, _, section = plain.partition('<h2 id="notes">Release notes</h2>')
    assert '<p class="text">Signing in takes half the time.</p>' in section
    assert "Passkeys" in section
    assert problem not in plain
    _, _, section = edited.partition('<h2 id="notes">Release notes</h2>')
    assert f'<p class="note">{problem}</p>' in section
    assert "<b>bold" not in section
    assert "Release notes" not in without


async def test_five_hundred_releases_are_one_bounded_page() -> None:
    one = body_of(releases.rolling_out())
    many = [_renamed(one, number) for number in range(500)]
    async with reader(Known(mirror_of({RELEASE: many}))) as browser:
        page = await browser.get("/")
        last = await browser.get("/?page=10")

    assert len(page) < 150_000
    assert "1 to 50 of 500" in page
    assert "451 to 500 of 500" in last
    assert "Next page" not in last


def _renamed(body: Body, number: int) -> Body:
    names = {"name": f"r{number}", "uid": f"u{number}", "resourceVersion": str(number + 1)}
    return body | {"metadata": body["metadata"] | names}


async def test_others_are_answered_while_five_hundred_releases_are_read() -> None:
    one = body_of(releases.rolling_out())
    objects = Known(mirror_of({RELEASE: [_renamed(one, number) for number in range(500)]}))
    async with reader(objects) as browser:
        reading = asyncio.ensure_future(browser.get("/"))
        await browser.get("/healthz")

        assert not reading.done()
        await reading
