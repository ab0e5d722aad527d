"""What the watches and listings that pass the proxy tell: late, less, or what was true before.

One `News` per proxy, so that pieces of news are numbered across all watches of the operator.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tests.campaigns.plans import Plan

Write = Callable[[bytes], Awaitable[None]]

LAG_SECONDS = 2.0
"""How long late news take when the operator asks nothing meanwhile."""
CHANGES = frozenset({"ADDED", "MODIFIED", "DELETED"})
EXPIRED = {
    "type": "ERROR",
    "object": {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": "too old resource version: 1 (2)",
        "reason": "Expired",
        "code": 410,
    },
}


@dataclass(eq=False)
class _Held:
    """A piece of news on its way."""

    line: bytes
    uid: str
    due: float
    after: int
    """It comes when so many requests were made, or at the time `due`."""


class News:
    """Shapes what is told, as a plan says."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.told = 0
        """Pieces of news so far, what the plan hits included."""
        self.outdated = 0
        """Listings so far that differed from the one before."""
        self.requests = 0
        self._asked = asyncio.Condition()
        self._listings: dict[str, bytes] = {}
        self._waiting: list[list[_Held]] = []

    @property
    def under_way(self) -> int:
        """Pieces of news that the operator has not got yet."""
        return sum(map(len, self._waiting))

    async def asked(self) -> None:
        """Count a request of the operator."""
        async with self._asked:
            self.requests += 1
            self._asked.notify_all()

    async def request(self, seconds: float) -> None:
        """Return at the next request of the operator. Raises TimeoutError."""
        async with self._asked:
            await asyncio.wait_for(self._asked.wait(), seconds)

    def listing(self, path: str, body: bytes) -> bytes:
        """The answer to a listing: the present one, or once the one before."""
        before, self._listings[path] = self._listings.get(path), body
        if before is None or _versions(before) == _versions(body):
            return body
        self.outdated += 1
        return before if self.outdated == self.plan.stale else body

    async def tell(self, plural: str, lines: AsyncIterable[bytes], write: Write) -> None:
        """Pass the lines of a watch on; returns early where the watch is to end."""
        held: asyncio.Queue[_Held | None] = asyncio.Queue()
        waiting: list[_Held] = []
        self._waiting.append(waiting)
        reader = asyncio.create_task(self._read(plural, lines, held, waiting))
        try:
            while (item := await held.get()) is not None:
                await self._due(item)
                if item in waiting:
                    waiting.remove(item)
                    await write(item.line)
            await reader
        finally:
            self._waiting.remove(waiting)
            reader.cancel()

    async def _read(
        self,
        plural: str,
        lines: AsyncIterable[bytes],
        held: "asyncio.Queue[_Held | None]",
        waiting: list[_Held],
    ) -> None:
        plan = self.plan
        try:
            async for line in lines:
                event = json.loads(line)
                if event["type"] in CHANGES:
                    self.told += 1
                    if self.told == plan.drop:
                        continue
                    if self.told == plan.gone:
                        line = json.dumps(EXPIRED).encode() + b"\n"  # noqa: PLW2901
                item = self._held(plural, event, line)
                if plan.merge and plan.of in {"", plural}:
                    waiting[:] = [one for one in waiting if one.uid != item.uid or not one.uid]
                waiting.append(item)
                held.put_nowait(item)
                if self.told == plan.gone and event["type"] in CHANGES:
                    return
        finally:
            held.put_nowait(None)

    def _held(self, plural: str, event: dict[str, Any], line: bytes) -> _Held:
        plan, now = self.plan, time.monotonic()
        uid = event["object"].get("metadata", {}).get("uid", "")
        if event["type"] not in CHANGES or plan.of not in {"", plural}:
            return _Held(line, uid, now, 0)
        if plan.merge:
            return _Held(line, uid, now + plan.merge / 10, 2**31)
        if plan.late:
            return _Held(line, uid, now + LAG_SECONDS, self.requests + plan.late)
        return _Held(line, uid, now, 0)

    async def _due(self, item: _Held) -> None:
        with contextlib.suppress(TimeoutError):
            while (left := item.due - time.monotonic()) > 0 and self.requests < item.after:
                await self.request(left)


def _versions(listing: bytes) -> list[tuple[str, str]]:
    items = json.loads(listing).get("items") or []
    return sorted((i["metadata"]["name"], i["metadata"]["resourceVersion"]) for i in items)
