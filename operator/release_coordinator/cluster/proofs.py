"""Remembers beyond the process since when forged sign-offs have been refused without a break.

    guard -> Proofs -> an annotation of the Lease of the leader election

There, because the operator writes that object anyway, and who else may write it rules the
operator's own namespace. The elector keeps what others wrote into the Lease, and takes a Conflict
with this for what it is: a reason to read again.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from release_coordinator.cluster.port import LEASE, Body, Cluster, Ref
from release_coordinator.errors import Conflict, NotFound, Transient

ANNOTATION = "release-coordinator.io/sign-offs-proved"
SECOND = timedelta(seconds=1)
"""Creation times are cut to whole seconds: what bears the same one may have come before."""

_TRIES = 5
"""The elector may renew the Lease between our read and our write; not so often in a row."""


@dataclass(frozen=True, slots=True)
class Proof:
    """What was proved about which objects."""

    objects: tuple[str, ...]
    """Of each policy and binding its UID and generation: the same again means never changed."""
    since: datetime | None
    """By the API server's clock. None: forgeries were not refused when last looked."""


OPEN = Proof((), None)


class Proofs:
    """The last proof. Calls raise what `Cluster.get`, `create` and `replace` raise."""

    def __init__(
        self,
        cluster: Cluster,
        lease: Ref | None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Without a Lease nothing outlives the process, and `now` stands for the server's clock."""
        self._cluster = cluster
        self._lease = lease
        self._now = now
        self._last: Proof | None = None
        self._read = lease is None

    async def last(self) -> Proof | None:
        """The last one that was kept, read once. None: there never was one, or it is lost."""
        if not self._read and self._lease:
            self._last = _parsed(await self._get(self._lease))
            self._read = True
        return self._last

    async def keep(self, proof: Proof) -> None:
        """Remember this one from now on, if it is another."""
        if proof == await self.last():
            return
        if self._lease:
            await self._write(self._lease, proof)
        self._last = proof

    async def time(self) -> datetime:
        """An Approval that bears this time, or a later one, was created after this was asked."""
        if not self._lease:
            return self._now() + SECOND
        name = f"{self._lease.name}-time"
        body = {"metadata": {"name": name, "namespace": self._lease.namespace}}
        # Only the API server's clock may be compared with the times that it gives to Approvals.
        shown = await self._cluster.create(LEASE, body, dry_run=True)
        return datetime.fromisoformat(shown["metadata"]["creationTimestamp"]) + SECOND

    async def _write(self, ref: Ref, proof: Proof) -> None:
        for _ in range(_TRIES):
            lease = await self._get(ref)
            metadata = lease["metadata"]
            notes = {**(metadata.get("annotations") or {}), ANNOTATION: _written(proof)}
            try:
                await self._cluster.replace(
                    LEASE, {**lease, "metadata": {**metadata, "annotations": notes}}
                )
            except Conflict:
                continue
            return
        raise Transient(f"the Lease {ref.name} was changed by others during {_TRIES} tries")

    async def _get(self, ref: Ref) -> Body:
        try:
            return await self._cluster.get(ref)
        except NotFound:  # somebody deleted it; the elector makes a new one
            raise Transient(f"there is no Lease {ref.name} in {ref.namespace}") from None


def _written(proof: Proof) -> str:
    since = proof.since.isoformat() if proof.since else None
    return json.dumps({"since": since, "objects": proof.objects})


def _parsed(lease: Body) -> Proof | None:
    """What cannot be read is no reason to believe older Approvals."""
    text = (lease["metadata"].get("annotations") or {}).get(ANNOTATION)
    if text is None:
        return None
    try:
        said = json.loads(text)
        since = datetime.fromisoformat(said["since"])
        return Proof(tuple(said["objects"]), since) if since.tzinfo else OPEN
    except (ValueError, TypeError, KeyError):
        return OPEN
