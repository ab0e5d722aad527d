"""Objects as they change, from the API server's own watch: nothing is asked while nothing happens.

Used by `lab.Lab`. The watch is a kubectl process; it is started again when it ends. Each change is
stamped when it arrives, so that the times of two watches can be compared.
"""

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from tools.lab.kubectl import Body, Kubectl

PATH = "/apis/release-coordinator.io/v1alpha1/namespaces/{namespace}/{resource}"
_WINDOW = 120
_PAUSE = 1.0

_Line = tuple[float, bytes]


@dataclass(frozen=True)
class Change:
    """An object as it is now, and when this was heard on the monotonic clock, in seconds."""

    at: float
    body: Body


def changes(
    kubectl: Kubectl, namespace: str, resource: str, seconds: float, name: str = ""
) -> Generator[Change, None, None]:
    """Yield what is there and every change of one or all objects, until the time is over."""
    query: dict[str, str | int] = {"watch": 1, "timeoutSeconds": _WINDOW}
    if name:
        query["fieldSelector"] = f"metadata.name={name}"
    path = f"{PATH.format(namespace=namespace, resource=resource)}?{urlencode(query)}"
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        with _watch(kubectl, path) as lines:
            yield from _read(lines, left)
        time.sleep(min(_PAUSE, left))  # the API server may be away for a moment


def _read(lines: "queue.Queue[_Line]", seconds: float) -> Iterator[Change]:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            at, line = lines.get(timeout=left)
        except queue.Empty:
            return
        if not line:
            return
        event = json.loads(line)
        if event["type"] in {"ADDED", "MODIFIED"}:
            yield Change(at, event["object"])


@contextlib.contextmanager
def _watch(kubectl: Kubectl, path: str) -> Iterator["queue.Queue[_Line]"]:
    """Run one watch; a thread hands its lines over, and an empty one at its end."""
    lines: queue.Queue[_Line] = queue.Queue()
    with subprocess.Popen(
        kubectl.command("get", f"--raw={path}"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        reader = threading.Thread(target=_hand_over, args=(process, lines), daemon=True)
        reader.start()
        try:
            yield lines
        finally:
            process.kill()
            reader.join()


def _hand_over(process: "subprocess.Popen[bytes]", lines: "queue.Queue[_Line]") -> None:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    for line in process.stdout:
        lines.put((time.monotonic(), line))
    lines.put((time.monotonic(), b""))
