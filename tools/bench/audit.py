"""Counts what the operator asks of the API server, from the API server's own audit log.

Only the operator's account is logged, so a count needs no filter. A watch counts once, when it
begins. Peers are measured the same way.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tools.bench import tuning
from tools.cluster.clusters import Cluster

_LOG, _POLICY = "audit.log", "audit-policy.json"


@dataclass(frozen=True)
class Requests:
    """Requests by verb and resource."""

    by_verb: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def events(self) -> int:
        """Return how many posted an Event."""
        return sum(count for (_, what), count in self.by_verb.items() if what == "events")

    @property
    def watches(self) -> int:
        """Return how many began a watch."""
        return sum(count for (verb, _), count in self.by_verb.items() if verb == "watch")

    @property
    def reads(self) -> int:
        """Return how many read an object or a list."""
        return sum(count for (verb, _), count in self.by_verb.items() if verb in {"get", "list"})

    @property
    def writes(self) -> int:
        """Return how many changed something, Events left out."""
        total = self.by_verb.total()
        return total - self.events - self.watches - self.reads

    @property
    def status_writes(self) -> int:
        """Return how many wrote the status of a Release."""
        return self.by_verb["update", "releases/status"]

    def lines(self) -> list[str]:
        """Return one line for each verb and resource."""
        return [f"{verb} {what} {count}" for (verb, what), count in sorted(self.by_verb.items())]


class Audit:
    """The audit log of one user on a light cluster."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @classmethod
    def of(cls, cluster: Cluster, user: str) -> "Audit":
        """Let the API server write it; restarts the server when it does not yet."""
        file, policy = cluster.folder / _LOG, cluster.folder / _POLICY
        policy.write_text(json.dumps(_policy(user)), encoding="utf-8")
        flags = [f"--audit-log-path={file}", f"--audit-policy-file={policy}"]
        tuning.restart_with(cluster, "kube-apiserver", flags)
        return cls(file)

    def mark(self) -> int:
        """Return a point in time, for `since`."""
        return self._file.stat().st_size if self._file.exists() else 0

    def since(self, mark: int) -> Requests:
        """Return what was asked since then."""
        found: Counter[tuple[str, str]] = Counter()
        with self._file.open(encoding="utf-8") as log:
            log.seek(mark)
            for line in log:
                if key := _key(json.loads(line)):
                    found[key] += 1
        return Requests(found)


def _policy(user: str) -> dict[str, object]:
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [{"level": "Metadata", "users": [user]}, {"level": "None"}],
    }


def _key(entry: dict[str, object]) -> tuple[str, str] | None:
    """Verb and resource; None for the second entry of a watch."""
    verb, stage = str(entry["verb"]), entry["stage"]
    if (verb == "watch") != (stage == "ResponseStarted"):
        return None
    what: object = entry.get("objectRef") or {}
    assert isinstance(what, dict)  # noqa: S101 - the format says so
    parts = [what.get("resource", str(entry["requestURI"])), what.get("subresource", "")]
    return verb, "/".join(part for part in parts if part)
