"""A customer who never stops asking: what each request of hers met, as seen through a Service.

Runs in the pod of the load generator: two loops with a connection per request, as new customers
have, and one that keeps its connection and, as HTTP clients do, asks again on a new one when the
server has closed it meanwhile. Who answers is told by the answer itself. Bounded in time and rate.
"""

import json
import subprocess
import threading
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

from tools.lab.kubectl import Kubectl

RATE = 10
"""Requests a second of each of the three loops."""
LIMIT = 600
"""Seconds after which the customer goes home whatever happens."""

_ASK = """
import http.client, json, sys, threading, time
rate, limit = float(sys.argv[1]), float(sys.argv[2])
end = time.monotonic() + limit
lock = threading.Lock()

def tell(loop, began, version, trouble):
    with lock:
        print(json.dumps([loop, began, time.time() - began, version, trouble]), flush=True)

def ask(loop, path, keep):
    line = None
    while time.monotonic() < end:
        began = time.time()
        version, trouble, used = "", "", line is not None
        try:
            line = line or http.client.HTTPConnection("bookshop-backend", timeout=10)
            line.request("GET", path)
            answer = line.getresponse()
            body = answer.read()
            if answer.status != 200:
                trouble = f"HTTP {answer.status}"
            elif path == "/version":
                version = json.loads(body)["version"]
            closing = answer.will_close
        except (OSError, http.client.HTTPException) as error:
            trouble, closing = f"{type(error).__name__}: {error}", True
            if used and isinstance(error, ConnectionError):
                line.close()
                line = None
                continue
        if not keep or closing:
            line.close()
            line = None
        tell(loop, began, version, trouble)
        time.sleep(max(0.0, 1 / rate - (time.time() - began)))

for loop, path, keep in (
    ("version", "/version", False), ("books", "/api/books", False), ("kept", "/api/books", True),
):
    threading.Thread(target=ask, args=(loop, path, keep), daemon=True).start()
time.sleep(limit)
"""


@dataclass(frozen=True)
class Asked:
    """One request."""

    loop: str
    """`version`, `books`, or `kept` for the loop that keeps its connection."""
    at: datetime
    seconds: float
    version: str
    trouble: str


@dataclass
class Customer:
    """Asks from `with` on until its end."""

    kubectl: Kubectl
    namespace: str
    asked: list[Asked] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Begin to ask."""
        where = (f"--namespace={self.namespace}", "deployment/bookshop-loadgen")
        command = ("python3", "-c", _ASK, str(RATE), str(LIMIT))
        self._process = subprocess.Popen(
            self.kubectl.command("exec", *where, "--", *command),
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._process.kill()
        self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            try:
                loop, at, seconds, version, trouble = json.loads(line)
            except ValueError:  # cut off in the end
                continue
            moment = datetime.fromtimestamp(at, UTC)
            self.asked.append(Asked(loop, moment, seconds, version, trouble))

    def failed(self) -> Counter[str]:
        """What went wrong, by loop and trouble."""
        return Counter(f"{one.loop}: {one.trouble}" for one in self.asked if one.trouble)

    def last_answer_of(self, version: str) -> datetime | None:
        """When a request was begun that this version answered, the last one."""
        return max((one.at for one in self.asked if one.version == version), default=None)

    def first_answer_of(self, version: str, since: datetime) -> datetime | None:
        """When a request was begun that this version answered, the first one since a moment."""
        moments = (one.at for one in self.asked if one.version == version and one.at >= since)
        return min(moments, default=None)
