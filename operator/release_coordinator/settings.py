"""The operator's configuration: environment variables, each with a default.

Read once by `__main__`. The chart sets them; names begin with RELEASE_COORDINATOR_.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

LogFormat = Literal["json", "plain"]

PREFIX = "RELEASE_COORDINATOR_"


@dataclass(frozen=True, slots=True)
class Settings:
    """Times in seconds."""

    log_format: LogFormat = "json"
    log_level: str = "INFO"
    workers: int = 8
    resync_seconds: float = 300.0
    proof_seconds: float = 300.0
    """How often it is proved that forged sign-offs are refused."""
    namespaces: tuple[str, ...] = ()
    """Namespaces to work in; empty means all."""
    http_port: int = 8080
    lease_namespace: str = ""
    """Where the leader election's Lease lives; empty means: no election, one replica only."""
    pod_name: str = ""
    kubeconfig: Path | None = None
    """Named explicitly, or the pod's own service account."""
    keep_secrets: bool = False
    """Secrets that pods use are copied, so that a rollback can bring them back."""
    read_logs: bool = True
    """Logs of pods are searched where a Release wants it."""
    allow_loopback: bool = False
    """Health probes and metric sources may be at loopback addresses: for tests only."""


class BadSettings(Exception):  # noqa: N818 - a fact about the configuration
    """A variable has a value that cannot be used."""


def from_environment(environment: Mapping[str, str]) -> Settings:
    """Read the variables. Raises BadSettings naming the variable and what to write."""
    get = _Reader(environment)
    kubeconfig = get.text("KUBECONFIG", "")
    return Settings(
        log_format="json"
        if get.choice("LOG_FORMAT", "json", ("json", "plain")) == "json"
        else "plain",
        log_level=get.choice("LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        workers=int(get.number("WORKERS", 8, 1, 64)),
        resync_seconds=get.number("RESYNC_SECONDS", 300, 5, 3600),
        proof_seconds=get.number("PROOF_SECONDS", 300, 1, 3600),
        namespaces=tuple(part for part in get.text("NAMESPACES", "").split(",") if part),
        http_port=int(get.number("HTTP_PORT", 8080, 0, 65535)),
        lease_namespace=get.text("LEASE_NAMESPACE", ""),
        pod_name=get.text("POD_NAME", "release-coordinator"),
        kubeconfig=Path(kubeconfig) if kubeconfig else None,
        keep_secrets=get.choice("KEEP_SECRETS", "false", ("true", "false")) == "true",
        read_logs=get.choice("READ_LOGS", "true", ("true", "false")) == "true",
        allow_loopback=get.choice("ALLOW_LOOPBACK", "false", ("true", "false")) == "true",
    )


class _Reader:
    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment

    def text(self, name: str, default: str) -> str:
        return self._environment.get(PREFIX + name, default).strip()

    def choice(self, name: str, default: str, allowed: tuple[str, ...]) -> str:
        text = self.text(name, default)
        value = next((known for known in allowed if known.lower() == text.lower()), None)
        if value is None:
            raise BadSettings(f"{PREFIX}{name} is {text!r}; use one of {', '.join(allowed)}")
        return value

    def number(self, name: str, default: float, low: float, high: float) -> float:
        text = self.text(name, str(default))
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:
            raise BadSettings(f"{PREFIX}{name} is {text!r}; use a number from {low:g} to {high:g}")
        return value
