"""Logs as a kubelet gives them out: from a whole second on, dated, cut after a number of bytes.

What was logged is scripted; what is done with it is measured on real kubelets.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from release_coordinator.cluster.port import Body, LogRequest
from release_coordinator.errors import Invalid

Line = tuple[datetime, str]
Logged = Callable[[Body, str, bool], Iterable[Line]]
"""What a container of a pod has logged, in order; True: before its last restart. May raise."""


def read(pod: Body, request: LogRequest, logged: Logged | None) -> bytes:
    """Return the part that is asked for. Raises Invalid without such a container."""
    name = pod["metadata"]["name"]
    names = {
        container["name"]
        for part in ("initContainers", "containers")
        for container in pod.get("spec", {}).get(part, [])
    }
    if request.container not in names:
        raise Invalid(f"400 container {request.container} is not valid for pod {name}")
    if logged is None:
        return b""  # as of a pod that has no node yet
    since = request.since.replace(microsecond=0)
    lines = logged(pod, request.container, request.previous)
    text = "".join(f"{stamp(at)} {line}\n" for at, line in lines if at >= since)
    return text.encode(errors="surrogateescape")[: request.limit]


def stamp(moment: datetime) -> str:
    """Return a moment as kubelets write it: nanoseconds, all of them."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}000Z"
