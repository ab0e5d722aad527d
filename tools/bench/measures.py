"""What is measured, one function each; every figure is taken from outside the operator.

Each returns rows for `report`: what, figure, how it compares. The order in `__main__` matters only
for the memory figures.
"""

import asyncio
import math
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from tools.bench import app
from tools.bench.audit import Requests
from tools.bench.ground import Ground
from tools.bench.process import OperatorProcess

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import CONFIG_MAP, POLICY, Ref

_QUIET_SECONDS = 3.0
"""After the last write of a release, for Events and echoes that are still under way."""


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    figure: str
    beside: str = ""


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    repeats: int = 3
    serial: int = 20
    breaches: int = 5
    sign_offs: int = 12
    concurrent: int = 50
    idle_seconds: float = 60.0


async def start_up(ground: Ground) -> tuple[OperatorProcess, list[Row]]:
    """From the start of the process until /readyz says yes."""
    taken = []
    for _ in range(3):
        operator = await ground.operator()
        taken.append(await operator.wait_ready())
    rows = [
        Row("process start -> /readyz 200, best of 3", f"{min(taken):.1f} s"),
        Row("CPU of the start", f"{operator.cpu():.2f} s"),
        Row("RSS after the start", f"{operator.rss():.0f} MiB", "Argo Rollouts 70, Flagger 46"),
    ]
    return operator, rows


async def one_release(
    ground: Ground, operator: OperatorProcess, shape: app.Shape, repeats: int
) -> list[Row]:
    """What one release costs: requests, writes, CPU; the dearest of several."""
    name = f"cost-{shape}"
    await ground.deploy([name], shape)
    counts: list[Requests] = []
    used = []
    for minor in range(app.FIRST + 1, app.FIRST + 2 + repeats):
        mark, cpu = ground.audit.mark(), operator.cpu()
        await ground.apply(app.release(name, shape, minor, ground.namespace))
        await ground.ended(name, minor)
        await asyncio.sleep(_QUIET_SECONDS)
        counts.append(ground.audit.since(mark))
        used.append(operator.cpu() - cpu)
    first, *later = counts  # the first takes over labels and a finalizer
    most = max(later, key=lambda one: one.by_verb.total())
    peer = "Argo 42 (26) and 0.23 s, Flagger 109 (102) and 0.17 s" if shape == "lean" else ""
    return [
        Row(f"{shape}: requests (without Events)", _requests(most), peer),
        Row(f"{shape}: the same, first release of an application", _requests(first)),
        Row(f"{shape}: status writes; other writes; reads", _kinds(most)),
        Row(f"{shape}: CPU", f"{statistics.median(used):.2f} s"),
        Row(f"{shape}: in detail", ", ".join(most.lines())),
    ]


async def many_in_a_row(ground: Ground, operator: OperatorProcess, count: int) -> list[Row]:
    """Releases one after the other: delay of each step, and what memory does."""
    await ground.deploy(["row"], "two")
    before, cpu, delays = operator.rss(), operator.cpu(), len(ground.timeline.delays())
    for minor in range(app.FIRST + 1, app.FIRST + 1 + count):
        await ground.apply(app.release("row", "two", minor, ground.namespace))
        await ground.ended("row", minor)
    seconds = ground.timeline.delays()[delays:]
    return [
        Row("evidence in the API server -> next step written", _delay(seconds), "goal p95 < 250"),
        Row(f"CPU per release (two), mean of {count}", f"{(operator.cpu() - cpu) / count:.2f} s"),
        Row(f"RSS before and after {count} releases", f"{before:.0f}, {operator.rss():.0f} MiB"),
    ]


async def breaches(ground: Ground, count: int) -> list[Row]:
    """From the first bad sample to the first write of the rollback, and to the old image."""
    await ground.deploy(["bad"], "one")
    written, restored = [], []
    for minor in range(app.FIRST + 1, app.FIRST + 1 + count):
        await _until_watching(ground, "bad", "one", minor)
        ground.prometheus.bad.add("bad")
        await ground.ended("bad", minor)
        attempt = ground.timeline.releases["bad"].status.attempt
        assert attempt is not None  # noqa: S101 - it ended
        served = ground.prometheus.first_bad.pop("bad")
        ground.prometheus.bad.clear()
        written.append(ground.timeline.triggered["bad", attempt.number] - served)
        old = ("bad-api", app.image("api", app.FIRST))
        restored.append(ground.timeline.images[old][-1] - served)
    return [
        Row(
            "first bad sample served -> rollback written",
            _delay(written),
            "Argo 40 ms, Flagger 10 s",
        ),
        Row("first bad sample served -> old image in the Deployment", _delay(restored)),
    ]


async def idle(ground: Ground, seconds: float) -> list[Row]:
    """A release that waits: for its metrics, and for a gate."""
    operator = await ground.operator()  # its watches and its resync are minutes away
    await operator.wait_ready()
    await asyncio.sleep(_QUIET_SECONDS)
    empty = await _quiet(ground, operator, seconds)
    await ground.deploy(["idle"], "lean")
    await _until_watching(ground, "idle", "lean", app.FIRST + 1, interval="15s")
    await asyncio.sleep(15 + _QUIET_SECONDS)  # the first sample has a verdict, which is written
    watching = await _quiet(ground, operator, seconds)
    operator = await ground.operator()
    await operator.wait_ready()
    await ground.deploy(["gated"], "one")
    strict = app.policy(ground.namespace, "gated", changelog="Required")
    await ground.user.create(POLICY, strict)
    docs = Ref(CONFIG_MAP, ground.namespace, "docs")
    whole = app.changelog(ground.namespace)["data"]
    await ground.user.patch(docs, {"data": app.changelog(ground.namespace, app.FIRST)["data"]})
    await ground.apply(app.release("gated", "one", app.FIRST + 1, ground.namespace))
    await ground.timeline.until(lambda: ground.timeline.phase("gated") is Phase.GATING, "gated")
    await asyncio.sleep(_QUIET_SECONDS)
    gating = await _quiet(ground, operator, seconds)
    await ground.user.patch(docs, {"data": whole})
    await ground.ended("gated", app.FIRST + 1)
    peer = "Argo 0 requests, Flagger 0.9/s"
    return [
        Row(f"{seconds:.0f} s without a release", empty, peer),
        Row(f"{seconds:.0f} s with one in Watching, interval 15 s", watching, peer),
        Row(f"{seconds:.0f} s with one in Gating, changelog not labelled", gating),
    ]


async def sign_offs(ground: Ground, count: int, seconds: float) -> list[Row]:
    """A release that waits for signatures, and how soon it goes on after the last one."""
    roles = ("qa", "security")
    await ground.user.create(POLICY, app.policy(ground.namespace, "signed", roles=roles))
    await ground.deploy(["signed"], "lean")
    operator = await ground.operator()
    await operator.wait_ready()
    waiting, delays = "", []
    for minor in range(app.FIRST + 1, app.FIRST + 1 + count):
        await ground.apply(app.release("signed", "lean", minor, ground.namespace))
        await ground.timeline.until(partial(_misses, ground, "signed", minor, roles), "gates asked")
        if not waiting:
            await asyncio.sleep(_QUIET_SECONDS)
            waiting = await _quiet(ground, operator, seconds)
        for role in roles:
            await ground.sign("signed", role)
        await ground.ended("signed", minor)
        delays.append(ground.timeline.since_signed("signed"))
    return [
        Row(f"{seconds:.0f} s with one that waits for sign-offs", waiting, "goal 0, 0"),
        Row("last Approval stored -> next step written", _delay(delays)),
    ]


def _misses(ground: Ground, name: str, minor: int, roles: Sequence[str]) -> bool:
    """Whether exactly these signatures are missing for a version."""
    seen = ground.timeline.releases.get(name)
    attempt = seen.status.attempt if seen else None
    if attempt is None or attempt.version != app.version(minor):
        return False
    shut = {gate.name for gate in attempt.gates if not gate.opens}
    return shut == {f"SignOff/{role}" for role in roles}


async def many_at_once(ground: Ground, count: int) -> list[Row]:
    """All at the same time: what peers were measured with, three samples 5 s apart."""
    names = [f"many-{number:03d}" for number in range(count)]
    await ground.deploy(names, "lean")
    operator = await ground.operator()
    await operator.wait_ready()
    mark, cpu, minor = ground.audit.mark(), operator.cpu(), app.FIRST + 1
    delays, begun = len(ground.timeline.delays()), {}
    for name in names:
        begun[name] = time.monotonic()
        body = app.release(name, "lean", minor, ground.namespace, duration="15s", interval="5s")
        await ground.apply(body)
    await asyncio.gather(*(ground.ended(name, minor) for name in names))
    done = ground.timeline.ended
    overhead = [done[name, app.version(minor)] - begun[name] - 15 for name in names]
    asked = ground.audit.since(mark)
    return [
        Row(f"{count} at once: time beyond the watch", in_seconds(overhead), "Argo p95 11.9 s"),
        Row(f"{count} at once: evidence -> write", _delay(ground.timeline.delays()[delays:])),
        Row(
            f"{count} at once: requests per release (without Events)",
            f"{asked.by_verb.total() / count:.0f} "
            f"({(asked.by_verb.total() - asked.events) / count:.0f})",
            "Argo 35 (24), Flagger 118 (110)",
        ),
        Row(
            f"{count} at once: CPU per release",
            f"{(operator.cpu() - cpu) / count:.2f} s",
            "Argo 0.12 s, Flagger 0.10 s",
        ),
        Row(
            f"{count} at once: RSS, peak",
            f"{operator.rss():.0f}, {operator.peak_rss():.0f} MiB",
            "Argo peak 107, Flagger 60",
        ),
    ]


async def _until_watching(
    ground: Ground, name: str, shape: app.Shape, minor: int, interval: str = "1s"
) -> None:
    """Apply a release that watches for long, and return once it does."""
    body = app.release(name, shape, minor, ground.namespace, duration="10m", interval=interval)
    await ground.apply(body)

    def watching() -> bool:
        seen = ground.timeline.releases.get(name)
        attempt = seen.status.attempt if seen else None
        return (
            attempt is not None
            and attempt.version == app.version(minor)
            and ground.timeline.phase(name) is Phase.WATCHING
        )

    await ground.timeline.until(watching, f"{name} watches")


async def _quiet(ground: Ground, operator: OperatorProcess, seconds: float) -> str:
    mark, cpu = ground.audit.mark(), operator.cpu()
    await asyncio.sleep(seconds)
    asked = ground.audit.since(mark)
    share = (operator.cpu() - cpu) / seconds
    return f"{asked.reads} reads, {asked.writes} writes, {asked.watches} watches, {share:.1%} CPU"


def _requests(asked: Requests) -> str:
    total = asked.by_verb.total()
    return f"{total} ({total - asked.events})"


def _kinds(asked: Requests) -> str:
    return f"{asked.status_writes}; {asked.writes - asked.status_writes}; {asked.reads}"


def _delay(seconds: Sequence[float]) -> str:
    p50, p95 = (1000 * rank(seconds, share) for share in (0.5, 0.95))
    return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms (n={len(seconds)})"


def in_seconds(seconds: Sequence[float]) -> str:
    """Return the median and the 95th percentile for the table."""
    return f"p50 {rank(seconds, 0.5):.1f} s, p95 {rank(seconds, 0.95):.1f} s"


def rank(values: Sequence[float], share: float) -> float:
    """Nearest-rank percentile."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1]
