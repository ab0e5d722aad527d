"""What the pages are shown with: releases in every state, records, incidents."""

import itertools
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from tests.fakes.collections import MemoryCollections
from tests.unit.cli import releases, watched
from tests.unit.cli.releases import at

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.notes import PublishedNotes
from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.bodies import ref_of
from release_coordinator.cluster.memory import MemoryCluster
from release_coordinator.cluster.port import INCIDENT, RECORD, RELEASE, Body, Kind
from release_coordinator.engine.names import ANNOTATION_DISPLAY_NAME, LABEL_RELEASE
from release_coordinator.statuspage.known import Known
from release_coordinator.statuspage.mirror import Mirror

NOW = at(245)
NOTES = PublishedNotes(
    config_map="login-docs",
    key="NOTES.md",
    text="## Summary\n\nSigning in takes *half* the time.\n\n## New Features\n\n- Passkeys\n- One"
    " code for [all devices](https://docs.example/devices)\n",
)
_versions = itertools.count(100)

SCENE: Mapping[tuple[str, str, str], Callable[[], ReleaseObject]] = {
    ("shop", "bookshop", "Bookshop"): watched.good,
    ("shop", "payments", "Payments"): watched.breached,
    ("shop", "search", "Search"): releases.gating,
    ("shop", "recommendations", ""): releases.rolling_out,
    ("logistics", "dispatch", "Dispatch"): releases.held,
    ("logistics", "routing", "Route planning"): releases.rolled_back,
    ("accounts", "login", "Login"): releases.completed,
    ("accounts", "profile", "Profile"): releases.failed_early,
}
INCIDENT_SPEC: dict[str, Any] = {
    "release": "routing",
    "attempt": 2,
    "title": "Route planning 1.4.0 was rolled back: p95-latency",
    "severity": "High",
    "impact": "Planning a route took up to 0.3 s instead of 0.05 s for two minutes.",
    "state": "Identified",
    "timeline": [
        {
            "at": "2026-11-10T09:03:40Z",
            "action": "Index on routes.region is missing in the new schema",
            "owner": "dana@example.org",
        }
    ],
    "rootCause": "The new query has no index to use.\nStaging has too few rows to show that.",
}
INCIDENT_STATUS: dict[str, Any] = {
    "severity": "High",
    "decision": "Rollback",
    "cause": "RolledBack",
    "detectedAt": "2026-11-10T09:01:35.000Z",
    "version": "1.4.0",
    "previousVersion": "1.3.0",
    "outcome": "RolledBack",
    "reason": "MetricBreach",
    "message": releases.BREACH,
    "failedStep": "watch",
    "record": "routing-2-77aa",
    "timeline": [
        {"at": "2026-11-10T09:01:35.000Z", "action": "Rollback decided", "owner": "operator"},
        {"at": "2026-11-10T09:02:30.000Z", "action": "1.3.0 runs again", "owner": "operator"},
    ],
    "followUp": {"state": "Open", "message": "No Release names this incident yet."},
}


def body_of(
    release: ReleaseObject, namespace: str = "shop", name: str = "bookshop", title: str = ""
) -> Body:
    """A Release of this state under another name."""
    number = next(_versions)
    annotations = {ANNOTATION_DISPLAY_NAME: title} if title else {}
    return {
        "apiVersion": RELEASE.api_version,
        "kind": "Release",
        "metadata": {
            "namespace": namespace,
            "name": name,
            "uid": f"u-{namespace}-{name}",
            "resourceVersion": str(number),
            "generation": release.generation,
            "annotations": {**release.annotations, **annotations},
        },
        "spec": release.spec.to_wire() if release.spec else {},
        "status": release.raw_status,
    }


def record_body(namespace: str, release: str, name: str, **changes: Any) -> Body:
    """A record, as the operator writes it."""
    return {
        "metadata": {
            "namespace": namespace,
            "name": name,
            "uid": f"r-{namespace}-{name}",
            "resourceVersion": str(next(_versions)),
            "labels": {LABEL_RELEASE: release},
        },
        "spec": watched.record(release=release, **changes).to_wire(),
    }


def incident_body(namespace: str = "logistics", name: str = "routing-2-1c2d", **spec: Any) -> Body:
    """An incident that somebody has begun to describe."""
    return {
        "metadata": {
            "namespace": namespace,
            "name": name,
            "uid": f"i-{namespace}-{name}",
            "resourceVersion": str(next(_versions)),
            "generation": 1,
            "creationTimestamp": "2026-11-10T09:01:36Z",
        },
        "spec": INCIDENT_SPEC | spec,
        "status": INCIDENT_STATUS,
    }


def scene() -> dict[Kind, list[Body]]:
    """Eight releases of three namespaces, with what is kept beside them."""
    done = {"outcome": Phase.COMPLETED, "reason": Reason.COMPLETED, "rollback": None}
    return {
        RELEASE: [body_of(make(), *names) for names, make in SCENE.items()],
        RECORD: [
            record_body("logistics", "routing", "routing-2-77aa"),
            record_body(
                "logistics",
                "routing",
                "routing-1-0f11",
                attempt=1,
                version="1.3.0",
                previous_version="1.2.9",
                started_at=at(-90_000),
                ended_at=at(-88_900),
                message="1.3.0 runs, was verified and stayed good",
                measurements=[watched.metric(watched.GOOD)],
                **done,
            ),
            record_body("accounts", "login", "login-2-77aa", notes=NOTES, **done),
        ],
        INCIDENT: [
            incident_body(),
            incident_body(
                "accounts",
                "login-7-aa01",
                release="login",
                title="Login 1.3.2 held: a Deployment was changed by somebody else",
                severity="Medium",
                state="Resolved",
                prevention="The pipeline of the team no longer patches images.",
            ),
        ],
    }


def mirror_of(objects: Mapping[Kind, Iterable[Body]], clock: VirtualClock | None = None) -> Mirror:
    """A mirror that has read all of these, and hears of nothing more."""
    cluster = MemoryCluster(namespaces=())
    mirror = Mirror(cluster, MemoryCollections(cluster), clock or VirtualClock(), lambda: NOW)
    for kind, bodies in objects.items():
        for body in bodies:
            mirror.store.put(kind, body)
            if kind is RECORD:  # read whole where they are shown whole
                cluster._server.objects[ref_of(kind, body)] = body
    for informer in mirror.informers:
        informer.trouble, informer.good_until = "", NOW
    return mirror


def known(objects: Mapping[Kind, Iterable[Body]] | None = None) -> Known:
    """What pages are made of."""
    return Known(mirror_of(scene() if objects is None else objects))
