"""The HTTP servers: the pages of the team, and on another port the public summary.

Started by `statuspage.__main__`. Only reads: every other method is refused. Who reads is the
business of the proxy in front; the public port has no page of the team, so that no rule of a proxy
can open one by mistake.
"""

import hashlib
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime
from http import HTTPStatus

from aiohttp import web

from release_coordinator.cluster.port import INCIDENT, RECORD
from release_coordinator.text import one_line

from . import rendering
from .headers import secured
from .known import Known
from .mirror import Freshness
from .settings import PageSettings
from .views import incident, overview, public, record, release, releasemetrics
from .views.wording import Moment

logger = logging.getLogger(__name__)

Html = Callable[[web.Request], Awaitable[str]]
STEP = 5
"""Seconds in which a page stays the same if nothing happens."""
USER = 100
"""Characters of a user name that are shown."""


class Pages:
    """What each address answers."""

    def __init__(self, known: Known, settings: PageSettings) -> None:
        self._known = known
        self._mirror = known.mirror
        self._settings = settings

    def team(self) -> web.Application:
        """The pages of the team."""
        app = secured(web.Application(), not_found=self._not_found)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/static/{name}", self._static)
        for path, page in (
            ("/", self._overview),
            ("/releases/{namespace}/{name}", self._release),
            ("/releases/{namespace}/{name}/records/{record}", self._record),
            ("/incidents", self._incidents),
            ("/incidents/{namespace}/{name}", self._incident),
            ("/release-metrics", self._releasemetrics),
            ("/public", self._public),
        ):
            app.router.add_get(path, self._answered(page))
        return app

    def public(self) -> web.Application:
        """The summary for everybody, and nothing else."""
        app = secured(web.Application(), not_found=self._not_found)
        app.router.add_get("/static/{name}", self._static)
        app.router.add_get("/", self._answered(self._public))
        return app

    def _answered(self, page: Html) -> Callable[[web.Request], Awaitable[web.Response]]:
        """A page, or that it has not changed since it was read last."""

        async def answer(request: web.Request) -> web.Response:
            if not self._mirror.is_ready:
                text = self._html(request, "starting", status=self._mirror.freshness)
                return _html(text, HTTPStatus.SERVICE_UNAVAILABLE)
            text = await page(request)
            tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
            if request.headers.get("If-None-Match") == tag:
                return web.Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
            return _html(text, HTTPStatus.OK, tag)

        return answer

    async def _overview(self, request: web.Request) -> str:
        query = request.query
        asked = overview.Asked.of(
            query.get("show", ""), query.get("search", ""), query.get("page", "1")
        )
        page = overview.overview_of(await self._known.summaries(), asked, self._now())
        return self._html(request, "overview", page=page)

    async def _release(self, request: web.Request) -> str:
        found = self._known.release(*_named(request))
        if found is None:
            raise web.HTTPNotFound
        now = self._now()
        incidents = incident.rows_of(await self._known.incidents_of(found), now)
        page = release.page_of(found, await self._known.history(found, now), incidents, now)
        return self._html(request, "release", page=page)

    async def _record(self, request: web.Request) -> str:
        namespace, name = _named(request)
        wanted = request.match_info["record"]
        known = self._mirror.get(RECORD, namespace, wanted)
        if known is None:
            raise web.HTTPNotFound
        whole = await self._mirror.whole(RECORD, namespace, wanted)
        spec = record.spec_of(whole or known)
        if spec is None or spec.release != name:
            raise web.HTTPNotFound
        page = record.page_of(namespace, wanted, spec, self._now(), is_whole=whole is not None)
        return self._html(request, "record", page=page)

    async def _incidents(self, request: web.Request) -> str:
        page = incident.list_of(await self._known.incidents(), self._now())
        return self._html(request, "incidents", page=page, serves=self._mirror.serves(INCIDENT))

    async def _incident(self, request: web.Request) -> str:
        namespace, name = _named(request)
        found = self._known.incident(namespace, name)
        if found is None:
            raise web.HTTPNotFound
        return self._html(request, "incident", page=incident.page_of(found, self._now()))

    async def _releasemetrics(self, request: web.Request) -> str:
        page = releasemetrics.page_of(await self._known.report(self._now()), self._known.names())
        return self._html(request, "releasemetrics", page=page)

    async def _public(self, request: web.Request) -> str:
        shown = self._settings.public_namespaces
        if not shown:
            raise web.HTTPNotFound
        facts = await self._known.facts(shown)
        notes = await self._known.notes(one.application for one in facts)
        page = public.page_of(facts, notes, self._now())
        return self._html(request, "public", page=page, title=self._settings.public_title)

    async def _static(self, request: web.Request) -> web.Response:
        name = request.match_info["name"]
        if name not in rendering.STATIC:
            raise web.HTTPNotFound
        return web.Response(
            body=rendering.static(name),
            headers={
                "Content-Type": f"{rendering.STATIC[name]}; charset=utf-8",
                "Cache-Control": "public, max-age=300",
            },
        )

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def _readyz(self, _: web.Request) -> web.Response:
        """500 until everything was read once. Blind later on it stays ready: it says so itself."""
        ready = self._mirror.is_ready
        fresh: Freshness = self._mirror.freshness
        status = HTTPStatus.OK if ready else HTTPStatus.INTERNAL_SERVER_ERROR
        return web.json_response({"ok": ready, "trouble": fresh.trouble}, status=status)

    def _not_found(self, request: web.Request) -> web.Response:
        return _html(self._html(request, "missing"), HTTPStatus.NOT_FOUND)

    def _html(self, request: web.Request, template: str, **values: object) -> str:
        fresh = self._mirror.freshness
        now = self._now()
        return rendering.page(
            template,
            fresh=fresh,
            as_of=Moment(fresh.as_of, now) if fresh.as_of else None,
            user=one_line(request.headers.get(self._settings.user_header, ""), USER)
            if self._settings.user_header
            else "",
            path=request.path,
            home=home_of(request.path),
            has_public=bool(self._settings.public_namespaces),
            **values,
        )

    def _now(self) -> datetime:
        """In steps, so that a page stays the same for as long, and need not be sent again."""
        now = self._mirror.now()
        return now.replace(second=now.second - now.second % STEP, microsecond=0)


def home_of(path: str) -> str:
    """The way from an address to `/`: links are relative, so that a proxy may add a prefix."""
    return "../" * (path.count("/") - 1) or "./"


def _named(request: web.Request) -> tuple[str, str]:
    return request.match_info["namespace"], request.match_info["name"]


def _html(text: str, status: HTTPStatus, tag: str = "") -> web.Response:
    headers = {"Cache-Control": "private, no-cache"} | ({"ETag": tag} if tag else {})
    return web.Response(
        text=text, status=status, content_type="text/html", charset="utf-8", headers=headers
    )
