"""The operator as a process of its own, looked at as a kubelet and a profiler would.

Used by the benchmark and by `tests/api`. Started from this environment's own script, with nothing
inherited that configures it.
"""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import aiohttp
from tools.cluster.paths import free_ports

PREFIX = "RELEASE_COORDINATOR_"
PROGRAM = Path(sys.executable).parent / "release-coordinator"
_TICKS = os.sysconf("SC_CLK_TCK")
_LOOK_SECONDS = 0.02
_MIB = 1024.0


class NotReadyError(RuntimeError):
    """The operator ended, or took too long; the message has its last words."""


class OperatorProcess:
    """One process of the operator."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, log: Path) -> None:
        self._process = process
        self._port = port
        self._log = log
        self._started = time.monotonic()

    @classmethod
    async def start(
        cls,
        kubeconfig: Path,
        log: Path,
        settings: Mapping[str, str] | None = None,
        program: Sequence[str | Path] = (PROGRAM,),
    ) -> "OperatorProcess":
        """Start one; `settings` are its variables without their prefix. Logs are appended."""
        (port,) = free_ports(1)
        values = {
            "KUBECONFIG": str(kubeconfig),
            "HTTP_PORT": str(port),
            "LOG_FORMAT": "plain",
            "ALLOW_LOOPBACK": "true",
            **(settings or {}),
        }
        inherited = {key: text for key, text in os.environ.items() if not key.startswith(PREFIX)}
        environment = inherited | {PREFIX + key: value for key, value in values.items()}
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *program,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
            )
        return cls(process, port, log)

    @property
    def port(self) -> int:
        """Return the port it was told to listen on."""
        return self._port

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Tell whether it has not ended."""
        return self._process.returncode is None

    @property
    def log(self) -> str:
        """Return what it and its predecessors on the same log wrote."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    async def wait_ready(self, seconds: float = 120.0) -> float:
        """Return when /readyz says yes: the seconds since the start. Raises NotReadyError."""
        until = time.monotonic() + seconds
        while True:
            status, _ = await self.get("/readyz")
            if status == 200:  # noqa: PLR2004
                return time.monotonic() - self._started
            if not self.running or time.monotonic() > until:
                tail = self.log[-2000:]
                raise NotReadyError(f"exit code {self._process.returncode}, its log ends: {tail}")
            await asyncio.sleep(_LOOK_SECONDS)

    async def get(self, path: str) -> tuple[int, str]:
        """Ask one of its endpoints; status 0 when nobody answers."""
        patience = aiohttp.ClientTimeout(total=10)
        try:
            async with (
                aiohttp.ClientSession(timeout=patience) as session,
                session.get(f"http://127.0.0.1:{self._port}{path}") as answer,
            ):
                return answer.status, await answer.text()
        except (aiohttp.ClientError, TimeoutError):
            return 0, ""

    async def metric(self, name: str) -> float:
        """Return the sum of all series of a metric."""
        _, text = await self.get("/metrics")
        lines = (line.rpartition(" ") for line in text.splitlines())
        return sum(float(value) for series, _, value in lines if series.partition("{")[0] == name)

    def rss(self) -> float:
        """Return its resident memory in MiB."""
        return self._status("VmRSS")

    def peak_rss(self) -> float:
        """Return the largest resident memory so far in MiB."""
        return self._status("VmHWM")

    def cpu(self) -> float:
        """Return the CPU seconds it has used, threads included."""
        text = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8")
        fields = text.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    async def kill(self) -> None:
        """End it as a lost node would."""
        if self.running:
            self._process.kill()
        await self._process.wait()

    async def stop(self, seconds: float = 40.0) -> int:
        """End it politely and return its exit code. Raises TimeoutError."""
        if self.running:
            self._process.send_signal(signal.SIGTERM)
        return await self.ended(seconds)

    async def ended(self, seconds: float) -> int:
        """Wait for its end and return its exit code. Raises TimeoutError."""
        return await asyncio.wait_for(self._process.wait(), seconds)

    def _status(self, field: str) -> float:
        text = Path(f"/proc/{self.pid}/status").read_text(encoding="utf-8")
        line = next(line for line in text.splitlines() if line.startswith(f"{field}:"))
        return int(line.split()[1]) / _MIB
