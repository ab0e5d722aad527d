"""Many releases in their watch at once: `python -m tools.bench --watching 500`.

Each asks for three metrics every five seconds. The applications have no pods, as none are asked:
what is measured is the operator, how often it asks, how late, and what it costs.
"""

import asyncio
import time
from collections.abc import Sequence
from itertools import pairwise

from tools.bench import app
from tools.bench.ground import Ground
from tools.bench.measures import Row, rank

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import DEPLOYMENT, Body

METRICS = 3
INTERVAL = 5.0
AT_ONCE = 20
"""Releases that are brought to their watch at the same time."""
SETTLE_SECONDS = 20.0
"""After the last has come there: Events, and first verdicts that are written."""


def release(name: str, namespace: str) -> Body:
    """A Release that is watched for an hour."""
    body = app.release(
        name, "lean", app.FIRST + 1, namespace, duration="1h", interval=f"{INTERVAL:.0f}s"
    )
    body["spec"]["watch"]["metrics"] = [
        {"name": f"m{number}", "query": f'm{number}{{app="{name}"}}', "breach": {"above": 1}}
        for number in range(METRICS)
    ]
    return body


async def watching(ground: Ground, count: int, seconds: float) -> list[Row]:
    """What so many releases in their watch cost, and how late their looks are."""
    operator = await ground.operator()
    await operator.wait_ready()
    empty = operator.rss()
    names = [f"watched-{number:03d}" for number in range(count)]
    for first in range(0, count, AT_ONCE):
        await _begin(ground, names[first : first + AT_ONCE])
    await asyncio.sleep(SETTLE_SECONDS)
    asked = ground.prometheus.asked_at = {}
    mark, cpu, begin = ground.audit.mark(), operator.cpu(), time.monotonic()
    await asyncio.sleep(seconds)
    passed = time.monotonic() - begin
    used, requests = operator.cpu() - cpu, ground.audit.since(mark)
    late = [
        max(0.0, later - earlier - INTERVAL)
        for moments in asked.values()
        for earlier, later in pairwise(moments)
    ]
    queries = sum(len(moments) for moments in asked.values())
    what = f"{count} in Watching, {METRICS} metrics each at {INTERVAL:.0f} s"
    return [
        Row(f"{what}: queries per second", f"{queries / passed:.1f}", _wanted(count)),
        Row(f"{what}: metrics that were asked for", f"{len(asked)} of {METRICS * count}"),
        Row(f"{what}: look later than due", _late(late)),
        Row(f"{what}: CPU", f"{used / passed:.2f} cores"),
        Row(f"{what}: CPU per look at one metric", f"{1000 * used / max(1, queries):.1f} ms"),
        Row(f"{what}: RSS (without a release)", f"{operator.rss():.0f} ({empty:.0f}) MiB"),
        Row(
            f"{what}: API requests per second",
            f"{requests.by_verb.total() / passed:.1f}",
            ", ".join(requests.lines()),
        ),
    ]


async def _begin(ground: Ground, names: Sequence[str]) -> None:
    """Bring applications to the watch of their release."""
    for name in names:
        body = app.deployment(name, "api", ground.namespace)
        body["spec"]["replicas"] = 0
        await ground.user.create(DEPLOYMENT, body)
        await ground.apply(release(name, ground.namespace))
    await ground.timeline.until(
        lambda: all(ground.timeline.phase(name) is Phase.WATCHING for name in names),
        f"{names[-1]} watches",
    )


def _wanted(count: int) -> str:
    return f"{METRICS * count / INTERVAL:.0f} if none were late"


def _late(seconds: Sequence[float]) -> str:
    p50, p95 = (1000 * rank(seconds, share) for share in (0.5, 0.95))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms, max {1000 * max(seconds):.0f} ms"
