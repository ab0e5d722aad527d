"""The shop's page: the books as HTML, fetched from the backend."""

import html
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import aiohttp
from aiohttp import web

from bookshop import settings
from bookshop.web import application, serve

log = logging.getLogger(__name__)

SESSION = web.AppKey("session", aiohttp.ClientSession)
PATIENCE = aiohttp.ClientTimeout(total=5)


def main(_: list[str]) -> int:
    """Serve the page."""
    return serve(build())


def build() -> web.Application:
    """Return the web server of the page."""

    async def always_ready() -> None:
        """The page stays up without the backend, to tell people that the shop is closed."""

    async def page(_: web.Request) -> web.Response:
        try:
            async with app[SESSION].get("/api/books") as answer:
                answer.raise_for_status()
                body = render((await answer.json())["books"], settings.version())
        except (aiohttp.ClientError, TimeoutError) as trouble:
            log.warning("the backend does not answer: %s", trouble)
            raise web.HTTPBadGateway(text="The shop is closed for a moment.") from trouble
        return web.Response(text=body, content_type="text/html")

    async def opened(app: web.Application) -> AsyncIterator[None]:
        # A connection per request: the Service then spreads them over old and new pods alike.
        async with aiohttp.ClientSession(
            settings.backend_url(),
            timeout=PATIENCE,
            connector=aiohttp.TCPConnector(force_close=True),
        ) as session:
            app[SESSION] = session
            yield

    app = application("frontend", always_ready)
    app.cleanup_ctx.append(opened)
    app.router.add_get("/", page)
    return app


def render(books: Iterable[Mapping[str, Any]], version: str) -> str:
    """Return the page that lists the books."""
    rows = "\n".join(
        f"<tr><td>{html.escape(book['title'])}</td><td>{html.escape(book['author'])}</td>"
        f"<td>{book['price_cents'] / 100:.2f}</td><td>{html.escape(str(book.get('isbn', '')))}</td>"
        for book in books
    )
    return (
        f'<!doctype html>\n<html lang="en"><title>Bookshop</title><h1>Bookshop</h1>\n'
        f"<table><tr><th>Title<th>Author<th>Price<th>ISBN\n{rows}\n</table>\n"
        f"<footer>Version {html.escape(version)}</footer></html>\n"
    )
