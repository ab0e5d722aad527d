"""Smoke test: can a customer buy a book? Prints each check; the first that fails ends it.

The version that must be served is RELEASE_VERSION, not the one of this image: after a rollback the
test of the new version checks the previous one.
"""

import asyncio
import os
from collections.abc import Sequence
from typing import Any

import aiohttp

from bookshop import settings

PATIENCE = aiohttp.ClientTimeout(total=5)
QUANTITY = 3
LOOKS = 5  # at the version: a Service may still have pods of two versions behind it

Json = dict[str, Any]


class SmokeTestError(Exception):
    """A check failed; the message says what is wrong, for the person who must act."""


def main(_: list[str]) -> int:
    """Run the checkout flow; 0 when all is well."""
    try:
        asyncio.run(checkout(settings.frontend_url(), settings.backend_url()))
    except (SmokeTestError, aiohttp.ClientError, TimeoutError) as failure:
        reason = str(failure) or "no answer in time"
        print(f"FAIL  {reason}", flush=True)
        settings.leave_message(f"smoke test failed: {reason}")
        return 1
    settings.leave_message("smoke test passed")
    print("PASS  a customer can buy a book", flush=True)
    return 0


async def checkout(frontend: str, backend: str) -> None:
    """Walk through the shop as a customer does."""
    expected = os.environ.get("RELEASE_VERSION", "")
    async with aiohttp.ClientSession(
        timeout=PATIENCE, connector=aiohttp.TCPConnector(force_close=True)
    ) as session:
        for name, url in (("backend", backend), ("frontend", frontend)):
            served = [(await _json(session, f"{url}/version"))["version"] for _ in range(LOOKS)]
            _passed(judge_version(name, served, expected))
        books = (await _json(session, f"{backend}/api/books"))["books"]
        _passed(judge_books(books))
        wish = {"book_id": books[0]["id"], "quantity": QUANTITY}
        order = await _json(session, f"{backend}/api/orders", wish)
        _passed(judge_order(books[0], QUANTITY, order))
        kept = await _json(session, f"{backend}/api/orders/{order['id']}")
        _passed(judge_kept(order, kept))
        async with session.get(f"{frontend}/") as answer:
            _passed(judge_page(answer.status, await answer.text(), books))


def judge_version(component: str, served: Sequence[str], expected: str) -> str:
    """All answers must come from the expected version; without one, from a single version."""
    versions = sorted(set(served))
    if len(versions) != 1:
        raise SmokeTestError(f"{component} serves several versions: {', '.join(versions)}")
    if expected and versions[0] != expected:
        raise SmokeTestError(f"{component} serves {versions[0]}, expected {expected}")
    return f"{component} serves {versions[0]}"


def judge_books(books: Sequence[Json]) -> str:
    """There must be something to sell."""
    if not books:
        raise SmokeTestError("the shop lists no books")
    return f"{len(books)} books are listed"


def judge_order(book: Json, quantity: int, order: Json) -> str:
    """The customer must be charged the price of every copy."""
    total = book["price_cents"] * quantity
    if order["total_cents"] != total:
        raise SmokeTestError(
            f"order total is {order['total_cents']} cents, expected {total}"
            f" ({quantity} x {book['price_cents']})"
        )
    return f"{quantity} copies cost {total} cents"


def judge_kept(order: Json, kept: Json) -> str:
    """The order must be in the books of the shop as the customer was told."""
    if kept != order:
        raise SmokeTestError(
            f"order {order['id']} was kept as {kept}, the customer was told {order}"
        )
    return f"order {order['id']} is recorded"


def judge_page(status: int, page: str, books: Sequence[Json]) -> str:
    """The page must show the books."""
    if status != 200:  # noqa: PLR2004  (the code's meaning is common knowledge)
        raise SmokeTestError(f"the page answers {status}: {page[:80]}")
    if books[0]["author"] not in page:
        raise SmokeTestError(f"the page does not show {books[0]['title']!r}")
    return "the page shows the books"


def _passed(what: str) -> None:
    print(f"ok    {what}", flush=True)


async def _json(session: aiohttp.ClientSession, url: str, body: Json | None = None) -> Json:
    """GET, or POST a body; an answer that is no success fails the test."""
    async with session.request("POST" if body else "GET", url, json=body) as answer:
        if not answer.ok:
            raise SmokeTestError(f"{url} answers {answer.status}: {(await answer.text())[:80]}")
        return dict(await answer.json())
