"""A Release as it changes, from the API server's own watch: nothing is asked while nothing happens.

Used by `lab.Lab.wait_phase`. The watch is a kubectl process; it is started again when it ends.
"""

import contextlib
import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from tools.lab.kubectl import Body, Kubectl

PATH = "/apis/release-coordinator.io/v1alpha1/namespaces/{namespace}/releases"
_WINDOW = 120
_PAUSE = 1.0


def states(kubectl: Kubectl, namespace: str, name: str, seconds: float) -> Iterator[Body]:
    """Yield the Release now and after each change, until the time is over."""
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        with _watch(kubectl, namespace, name) as lines:
            yield from _read(lines, left)
        time.sleep(min(_PAUSE, left))  # the API server may be away for a moment


def _read(lines: "queue.Queue[bytes]", seconds: float) -> Iterator[Body]:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        try:
            line = lines.get(timeout=left)
        except queue.Empty:
            return
        if not line:
            return
        event = json.loads(line)
        if event["type"] in {"ADDED", "MODIFIED"}:
            yield event["object"]


@contextlib.contextmanager
def _watch(kubectl: Kubectl, namespace: str, name: str) -> Iterator["queue.Queue[bytes]"]:
    """Run one watch; a thread hands its lines over, and an empty one at its end."""
    query = {"watch": 1, "fieldSelector": f"metadata.name={name}", "timeoutSeconds": _WINDOW}
    path = f"{PATH.format(namespace=namespace)}?{urlencode(query)}"
    lines: queue.Queue[bytes] = queue.Queue()
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


def _hand_over(process: "subprocess.Popen[bytes]", lines: "queue.Queue[bytes]") -> None:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    for line in process.stdout:
        lines.put(line)
    lines.put(b"")
