"""What a Lease says and what we write into it. Pure; used by `cluster.lease`.

The times in a Lease are for people. Whether it still holds is measured on our own monotonic
clock, from the moment we saw it change: another host's clock proves nothing.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from release_coordinator.cluster.port import LEASE, Body, Ref


@dataclass(frozen=True, slots=True)
class LeaseTimes:
    """Seconds; the defaults are those of Kubernetes' own controllers."""

    duration: float = 15.0
    """Others wait this long after the last change before they take the lease."""
    renew_deadline: float = 10.0
    """The leader stops writing when it could not renew for this long."""
    retry: float = 2.0
    """Between two attempts."""
    call: float = 1.5
    """For one request."""

    def __post_init__(self) -> None:
        """Raise ValueError unless a leader stops before another one starts."""
        if not self.duration > self.renew_deadline > self.retry > self.call > 0:
            raise ValueError(
                "lease times must fall: duration > renew deadline > retry > call > 0, "
                f"got {self.duration:g}, {self.renew_deadline:g}, {self.retry:g}, {self.call:g}"
            )


def holder(lease: Body) -> str:
    """Who holds it; empty if nobody does."""
    return str(_spec(lease).get("holderIdentity") or "")


def held_for(lease: Body, times: LeaseTimes) -> float:
    """Seconds without a change for which the holder keeps it: as long as the holder said."""
    return float(_spec(lease).get("leaseDurationSeconds") or times.duration)


def new(ref: Ref, identity: str, times: LeaseTimes, now: datetime) -> Body:
    """A Lease that we hold from the start."""
    empty: Body = {
        "apiVersion": LEASE.api_version,
        "kind": LEASE.kind,
        "metadata": {"name": ref.name, "namespace": ref.namespace},
    }
    lease = claimed(empty, identity, times, now)
    lease["spec"]["leaseTransitions"] = 0
    return lease


def claimed(lease: Body, identity: str, times: LeaseTimes, now: datetime) -> Body:
    """The Lease as we renew it, or take it over."""
    spec = _spec(lease) | {
        "holderIdentity": identity,
        "leaseDurationSeconds": math.ceil(times.duration),
        "renewTime": _micro_time(now),
    }
    if holder(lease) != identity:
        spec["acquireTime"] = _micro_time(now)
        spec["leaseTransitions"] = int(spec.get("leaseTransitions") or 0) + 1
    return lease | {"spec": spec}


def released(lease: Body, now: datetime) -> Body:
    """The Lease as we leave it: the next one need not wait."""
    spec = _spec(lease) | {
        "holderIdentity": "",
        "leaseDurationSeconds": 1,
        "renewTime": _micro_time(now),
    }
    return lease | {"spec": spec}


def _spec(lease: Body) -> Body:
    spec = lease.get("spec")
    return spec if isinstance(spec, dict) else {}


def _micro_time(now: datetime) -> str:
    """Six digits always: the API server refuses a MicroTime without them."""
    return now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
