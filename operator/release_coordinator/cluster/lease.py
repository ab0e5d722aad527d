"""Elects the one replica that works, on a `coordination.k8s.io` Lease.

Wraps everything that writes: the composition root runs the operator inside `Elector.run`. The
lease alone is no fence, because a paused process wakes up believing what it believed before;
so `may_write` is asked before each write (`cluster.fence`), deterministic names and
resourceVersions make what slips through harmless, and a leader that lost the lease ends its
process instead of trying to become harmless in place.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from release_coordinator.clock import Clock, Handle, SystemClock
from release_coordinator.cluster import leaserecord as record
from release_coordinator.cluster.leaserecord import LeaseTimes
from release_coordinator.cluster.port import LEASE, Body, Cluster, Ref
from release_coordinator.errors import Conflict, NotFound, ReleaseCoordinatorError

logger = logging.getLogger(__name__)


def _ignore(_: str) -> None:
    pass


class LeadershipLost(Exception):  # noqa: N818 - says what happened
    """Another replica may lead by now; end the process without another write."""


class Elector:
    """One candidate. `run` is called once."""

    def __init__(  # noqa: PLR0913 - the time of day and the dice have their defaults
        self,
        cluster: Cluster,
        lease: Ref,
        identity: str,
        *,
        times: LeaseTimes | None = None,
        clock: Clock | None = None,
        wall: Callable[[], datetime] = lambda: datetime.now(UTC),
        draw: Callable[[], float] = random.random,
    ) -> None:
        """`identity` must be unique to this process: a pod that restarts is another candidate.

        `wall` is only shown to people; `draw` gives numbers in [0, 1).
        """
        self._cluster = cluster
        self._ref = lease
        self._identity = identity
        self._times = times or LeaseTimes()
        self._clock = clock or SystemClock()
        self._wall = wall
        self._draw = draw
        self._seen: Body | None = None
        self._seen_at = 0.0
        self._ours: Body | None = None  # as last written by us
        self._renewed_at = 0.0
        self._leading = False
        self._lost: asyncio.Future[str] | None = None
        self._on_lost: Callable[[str], None] = _ignore
        self._on_holder: Callable[[str], None] = _ignore
        self._watchdog: Handle | None = None
        self._failure = ""

    def may_write(self) -> bool:
        """Whether this process leads, judged by the time that has passed, not by a flag alone."""
        return self._leading and self._clock.now() < self._renewed_at + self._times.renew_deadline

    async def run(
        self,
        on_started: Callable[[], Coroutine[Any, Any, None]],
        on_lost: Callable[[str], None],
        on_holder: Callable[[str], None] = _ignore,
    ) -> None:
        """Wait for the lease, then run `on_started` for as long as it is ours.

        When that work ends or `run` is cancelled, the lease is released, once the work has
        ended. At the renew deadline `on_lost` is called with the reason, from a timer, whatever
        the work is doing: it must arrange the end of the process. Then the work is cancelled
        and LeadershipLost raised. What the work raises is raised here.

        `on_holder` is told each time another holder (or nobody: empty) is seen in the lease.
        """
        self._lost = asyncio.get_running_loop().create_future()
        self._on_lost, self._on_holder = on_lost, on_holder
        await self._acquire()
        work = asyncio.create_task(on_started())
        renewal = asyncio.create_task(self._keep())
        ends = (work, renewal, self._lost)
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            work.cancel()
            try:
                # The renewal goes on meanwhile: work may need a while to end decently.
                await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                await self._leave(work, renewal)
        if self._lost.done():
            raise LeadershipLost(self._lost.result())
        await work

    async def _acquire(self) -> None:
        logger.info("Waiting for the lease %s as %s", self._ref.name, self._identity)
        while not await self._attempt():
            # Replicas that started together should not ask together.
            await self._clock.sleep(self._times.retry * (1 + self._draw()))
        logger.info("Leading as %s", self._identity)

    async def _keep(self) -> None:
        try:
            while self._leading:
                await self._clock.sleep(self._times.retry)
                await self._attempt()
        except Exception:
            self._lose("the renewal of the lease failed for a reason of our own")
            raise

    async def _leave(self, work: asyncio.Task[None], renewal: asyncio.Task[None]) -> None:
        """Stop renewing; give the lease back if nothing can write any more."""
        renewal.cancel()
        await asyncio.wait((renewal,), timeout=None)
        if not renewal.cancelled() and renewal.exception():
            logger.error("The elector failed", exc_info=renewal.exception())
        if self._watchdog:
            self._watchdog.cancel()
        still_ours = self.may_write()
        self._leading = False
        if still_ours and work.done():
            await self._release()

    async def _attempt(self) -> bool:
        """Renew or take the lease; False, and a word in the log, when that did not work out."""
        asked_at = self._clock.now()  # others count from the write, which comes later than this
        try:
            written = await self._claim()
        except (ReleaseCoordinatorError, TimeoutError) as error:
            self._log_failure(str(error))
            return False
        if written is None:
            return False
        self._failure = ""
        self._ours = written
        if self._lost and not self._lost.done():
            self._leading = True
            self._renewed_at = asked_at
            self._rewind_watchdog()
        return True

    async def _claim(self) -> Body | None:
        """The Lease as it now is ours, or None when another one holds it."""
        if self._ours is not None:
            try:  # nobody else writes it as a rule: the read can be saved
                return await self._write(self._ours)
            except (Conflict, NotFound):
                self._ours = None
        try:
            lease = await self._within(self._cluster.get(self._ref))
        except NotFound:
            lease = record.new(self._ref, self._identity, self._times, self._wall())
            return self._observe(await self._within(self._cluster.create(LEASE, lease)))
        self._observe(lease)
        if self._is_taken(lease):
            if self._leading:
                self._lose(f"{record.holder(lease)} holds the lease")
            return None
        return await self._write(lease)

    def _is_taken(self, lease: Body) -> bool:
        if record.holder(lease) in ("", self._identity):
            return False
        return self._clock.now() < self._seen_at + record.held_for(lease, self._times)

    async def _write(self, lease: Body) -> Body:
        claim = record.claimed(lease, self._identity, self._times, self._wall())
        return self._observe(await self._within(self._cluster.replace(LEASE, claim)))

    async def _release(self) -> None:
        if self._ours is None:
            return
        try:
            lease = record.released(self._ours, self._wall())
            await self._within(self._cluster.replace(LEASE, lease))
        except (ReleaseCoordinatorError, TimeoutError) as error:
            logger.warning("The lease was not released and will expire by itself: %s", error)
        else:
            logger.info("Released the lease")

    async def _within(self, call: Coroutine[Any, Any, Body]) -> Body:
        return await self._clock.within(self._times.call, call)

    def _observe(self, lease: Body) -> Body:
        """Note when the record changed; only its content counts, not labels around it."""
        before = record.holder(self._seen) if self._seen is not None else None
        if self._seen is None or lease.get("spec") != self._seen.get("spec"):
            self._seen_at = self._clock.now()
        self._seen = lease
        if record.holder(lease) != before:
            self._on_holder(record.holder(lease))
        return lease

    def _rewind_watchdog(self) -> None:
        if self._watchdog:
            self._watchdog.cancel()
        left = self._renewed_at + self._times.renew_deadline - self._clock.now()
        reason = f"the lease could not be renewed for {self._times.renew_deadline:g} s"
        self._watchdog = self._clock.call_later(left, lambda: self._lose(reason))

    def _lose(self, reason: str) -> None:
        if self._lost is None or self._lost.done():
            return
        self._leading = False
        self._lost.set_result(reason)
        logger.error("Leadership is lost: %s", reason)
        self._on_lost(reason)

    def _log_failure(self, text: str) -> None:
        """Once per reason: an outage is one event, not one per attempt."""
        if text != self._failure:
            self._failure = text
            logger.warning("The lease %s could not be read or written: %s", self._ref.name, text)
