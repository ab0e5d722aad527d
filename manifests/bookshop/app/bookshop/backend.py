"""The shop's API: lists books and takes orders."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict

import psycopg
from aiohttp import web
from psycopg_pool import PoolTimeout

from bookshop import settings
from bookshop.behaviours import Behaviour, behaviour_of
from bookshop.store import Store
from bookshop.web import application, serve

STORE = web.AppKey("store", Store)
MOST_COPIES = 100


def main(_: list[str]) -> int:
    """Serve the API."""
    return serve(build(behaviour_of(settings.version())))


def build(behaviour: Behaviour) -> web.Application:
    """Return the API as a version with this behaviour serves it."""

    async def readiness_problem() -> str | None:
        if not behaviour.becomes_ready:
            return "the catalogue index is still being built"
        try:
            await app[STORE].read_books()
        except (psycopg.Error, PoolTimeout) as trouble:
            return f"cannot read the books: {trouble}"
        return None

    fail_sometimes = _failing(behaviour)

    async def books(_: web.Request) -> web.Response:
        await asyncio.sleep(behaviour.seconds_of_work)
        fail_sometimes()
        return web.json_response({"books": await app[STORE].books()})

    async def place_order(request: web.Request) -> web.Response:
        book_id, quantity = _wish(await request.json())
        await asyncio.sleep(behaviour.seconds_of_work)
        order = await app[STORE].place_order(book_id, quantity)
        if order is None:
            raise web.HTTPNotFound(text=f"no book {book_id}")
        return web.json_response(asdict(order), status=201)

    async def order(request: web.Request) -> web.Response:
        found = await app[STORE].order(int(request.match_info["id"]))
        if found is None:
            raise web.HTTPNotFound(text="no such order")
        return web.json_response(asdict(found))

    async def opened(app: web.Application) -> AsyncIterator[None]:
        async with Store(settings.database_url(), settings.redis_url(), behaviour) as store:
            app[STORE] = store
            yield

    app = application("backend", readiness_problem)
    app.cleanup_ctx.append(opened)
    app.router.add_get("/api/books", books)
    app.router.add_post("/api/orders", place_order)
    app.router.add_get(r"/api/orders/{id:\d{1,9}}", order)
    return app


def _failing(behaviour: Behaviour) -> Callable[[], None]:
    """Return what fails as often as the version does."""
    served = itertools.count(1)

    def fail_sometimes() -> None:
        if behaviour.fails_every and next(served) % behaviour.fails_every == 0:
            print("ERROR rating: no vote was counted yet", flush=True)
            raise web.HTTPInternalServerError(text="the rating cannot be shown")

    return fail_sometimes


def _wish(body: object) -> tuple[int, int]:
    """Return the book and the number of copies that a customer asks for."""
    match body:
        case {"book_id": int(book_id), "quantity": int(quantity)} if 0 < quantity <= MOST_COPIES:
            return book_id, quantity
    raise web.HTTPBadRequest(text=f"send book_id and a quantity from 1 to {MOST_COPIES}")
