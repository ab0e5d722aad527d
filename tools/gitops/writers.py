"""Who has changed which object how often, from the watch alone: works on every cluster.

A write that changes nothing is none here: the API server stores nothing and tells nobody. Whose a
change is, is told by `metadata.managedFields`: the entry that is new or has another time.
"""

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from release_coordinator.cluster.port import Body

Entry = tuple[str, str]
"""Field manager, and `/status` or nothing."""


@dataclass
class Writers:
    """Counts changes by kind, name and writer."""

    counts: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _known: dict[str, Body] = field(default_factory=dict)

    def hear(self, event: str, body: Body, _at: float) -> None:
        """Take what a watch tells."""
        metadata = body["metadata"]
        before = self._known.get(metadata["uid"])
        if event == "DELETED":
            return
        if before is not None and int(before["resourceVersion"]) >= int(
            metadata["resourceVersion"]
        ):
            return  # the watch has begun anew
        self._known[metadata["uid"]] = metadata
        for manager, where in _who(before, metadata):
            self.counts[body["kind"], metadata["name"], manager + where] += 1

    def by(self, manager: str, *, kind: str = "") -> int:
        """Return how often somebody has changed something that is no status."""
        return sum(
            count
            for (what, _, who), count in self.counts.items()
            if who == manager and kind in {"", what}
        )

    def lines(self) -> list[str]:
        """Return one line for each object and writer."""
        return [
            f"{kind} {name}: {count} by {who}"
            for (kind, name, who), count in sorted(self.counts.items())
        ]


def _who(before: Body | None, after: Body) -> list[Entry]:
    """Writers of one change: the newest one if no entry tells."""
    entries: list[dict[str, Any]] = after.get("managedFields", [])
    known = {json.dumps(one, sort_keys=True) for one in (before or {}).get("managedFields", [])}
    fresh = [one for one in entries if json.dumps(one, sort_keys=True) not in known]
    if not fresh:
        fresh = sorted(entries, key=lambda one: str(one.get("time", "")))[-1:]
    newest = max((str(one.get("time", "")) for one in fresh), default="")
    latest = [one for one in fresh if str(one.get("time", "")) == newest]
    return [
        (one["manager"], f"/{sub}" if (sub := one.get("subresource")) else "") for one in latest
    ]
