"""Books and orders: PostgreSQL, with the list of books cached in Redis."""

import json
import logging
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from psycopg import AsyncConnection, sql
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis
from redis.exceptions import RedisError

from bookshop.behaviours import Behaviour

log = logging.getLogger(__name__)

# One key for all versions: what an older version left there is why releases clear the cache.
CACHE_KEY = "books"
CACHE_SECONDS = 60

Book = dict[str, Any]
Pool = AsyncConnectionPool[AsyncConnection[DictRow]]


@dataclass(frozen=True)
class Order:
    """One sold book, some copies of it."""

    id: int
    book_id: int
    quantity: int
    total_cents: int


class Store:
    """The shop's data, as one version of the code sees it."""

    def __init__(self, database_url: str, redis_url: str, behaviour: Behaviour) -> None:
        self._behaviour = behaviour
        self._pool: Pool = AsyncConnectionPool(
            database_url,
            connection_class=AsyncConnection[DictRow],
            kwargs={"row_factory": dict_row, "autocommit": True, "connect_timeout": 3},
            min_size=1,
            max_size=4,
            timeout=3,
            reconnect_timeout=5,
            open=False,
        )
        self._cache = Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1)
        self._select_books = sql.SQL("SELECT {} FROM books ORDER BY id").format(
            sql.SQL(", ").join(map(sql.Identifier, behaviour.columns))
        )

    async def __aenter__(self) -> Self:
        await self._pool.open(wait=False)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        await self._pool.close()
        await self._cache.aclose()

    async def read_books(self) -> list[Book]:
        """Read the books from the database, in the columns that this version knows."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(self._select_books)
            return await cursor.fetchall()

    async def books(self) -> list[Book]:
        """Return the books, from the cache where it has them."""
        try:
            cached = await self._cache.get(CACHE_KEY)
            if cached is not None:
                return list(json.loads(cached))
            books = await self.read_books()
            await self._cache.set(CACHE_KEY, json.dumps(books), ex=CACHE_SECONDS)
        except RedisError as trouble:
            log.warning("no cache, asking the database: %s", trouble)
            return await self.read_books()
        return books

    async def place_order(self, book_id: int, quantity: int) -> Order | None:
        """Record an order; None when there is no such book."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "SELECT price_cents FROM books WHERE id = %s", (book_id,)
            )
            book = await cursor.fetchone()
            if book is None:
                return None
            total = self._behaviour.total_cents(book["price_cents"], quantity)
            cursor = await connection.execute(
                "INSERT INTO orders (book_id, quantity, total_cents) VALUES (%s, %s, %s)"
                " RETURNING id, book_id, quantity, total_cents",
                (book_id, quantity, total),
            )
            row = await cursor.fetchone()
        return Order(**row) if row else None

    async def order(self, order_id: int) -> Order | None:
        """Return a recorded order."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT id, book_id, quantity, total_cents FROM orders WHERE id = %s", (order_id,)
            )
            row = await cursor.fetchone()
        return Order(**row) if row else None
