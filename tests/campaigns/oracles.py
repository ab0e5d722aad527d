"""What must be true when a run is over: the written expectation, and the run without faults."""

from dataclasses import dataclass
from typing import Any

from tests.campaigns.monitor import Monitor
from tests.campaigns.serving import is_empty_twin, left_pinned
from tests.campaigns.watched import Ended
from tests.campaigns.workloads import Workload

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names

MOMENTS = {
    *("startedAt", "finishedAt", "endedAt", "changedAt", "at", "since"),
    *("sampledAt", "unknownSince", "nextCheck", "shutSince", "lastTransitionTime"),
}
CHANCE = {
    *("uid", "releaseUid", "samples"),
    *("watchedSeconds", "successes", "history", "durationSeconds", "waitedSeconds"),
} | {
    # Named by what a workload runs, and by its UID if we have created it; and digests over that.
    *("kept", "snapshots", "revisionDigest", "basisDigest"),
    # Over all that a record says, moments included.
    *("recordDigest", "previous"),
}
"""What may differ between two good runs besides moments."""


@dataclass(frozen=True)
class Outcome:
    """The end of a run, without what may differ between good runs."""

    release: Any
    """Status of the Release, None if it is gone."""
    programs: tuple[str, ...]
    images: dict[str, list[str]]
    workloads: dict[str, Any]
    objects: frozenset[str]
    records: Any


def timeless(value: Any) -> Any:
    """The value without moments, UIDs and counts of samples."""
    if isinstance(value, dict):
        return {k: timeless(v) for k, v in value.items() if k not in MOMENTS | CHANCE}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def outcome(world: Ended, monitor: Monitor) -> Outcome:
    """How a run has ended."""
    bodies = world.cluster.everything()
    release = next((b for b in bodies if b["kind"] == "Release"), None)
    return Outcome(
        release=timeless(release["status"]) if release else None,
        programs=tuple(step for step, _ in world.controllers.database.applied),
        images=monitor.images,
        workloads={_name(b): b["spec"] for b in bodies if b["kind"] == "Deployment"},
        objects=frozenset(_name(b) for b in bodies if b["kind"] != "Event"),
        records={_name(b): timeless(b["spec"]) for b in bodies if b["kind"] == "ReleaseRecord"},
    )


def unexpected(workload: Workload, world: Ended, found: Outcome) -> list[str]:
    """What differs from the written expectation, and what no run may leave behind."""
    bodies = world.cluster.everything()
    breaches = [*_ended(workload, bodies), *_duplicates(world, bodies)]
    if workload.phase is not Phase.HELD:
        breaches += left_pinned(bodies)
    if found.programs != workload.programs:
        breaches.append(f"I1: the programs {list(found.programs)} ran")
    for name, spec in found.workloads.items():
        if is_empty_twin(spec):
            continue
        component = name.rpartition("-")[2]
        version = workload.images.get(component, workload.version)
        image = spec["template"]["spec"]["containers"][0]["image"]
        if not image.endswith(f":{version}"):
            breaches.append(f"I12: {name} runs {image}, not {version}")
    return breaches


def _ended(workload: Workload, bodies: list[Body]) -> list[str]:
    release = next((b for b in bodies if b["kind"] == "Release"), None)
    if (release is None) != workload.gone:
        return ["I10: the Release is gone" if release is None else "I10: the Release is left"]
    records = [b for b in bodies if b["kind"] == "ReleaseRecord"]
    last = max(records, key=lambda b: b["spec"]["attempt"], default=None)
    phase = release["status"]["phase"] if release else last and last["spec"]["outcome"]
    if phase != workload.phase:
        message = release["status"]["message"] if release else ""
        return [f"I10: it ended as {phase}, not {workload.phase}: {message}"]
    hold = (release["status"]["attempt"].get("hold") or {}) if release else {}
    if hold.get("reason") != workload.reason:
        return [f"I10: it is held for {hold.get('reason')}, not for {workload.reason}"]
    return []


def _duplicates(world: Ended, bodies: list[Body]) -> list[str]:
    """Two Jobs for one step, or a Job that ran twice."""
    jobs = [
        (body["metadata"]["labels"][names.LABEL_ATTEMPT], step)
        for body in bodies
        if body["kind"] == "Job"
        and (step := body["metadata"]["annotations"][names.ANNOTATION_STEP])
    ]
    runs = [uid for _, uid in world.controllers.database.applied]
    return [
        *(f"I1: two Jobs for {job}" for job in sorted(set(jobs)) if jobs.count(job) > 1),
        *(f"I1: Job {uid} ran twice" for uid in sorted(set(runs)) if runs.count(uid) > 1),
    ]


def differences(found: Outcome, reference: Outcome) -> list[str]:
    """What differs from the run without faults."""
    return [
        f"I12: {name}: {difference}"
        for name in ("release", "images", "workloads", "objects", "records")
        for difference in _compare(getattr(found, name), getattr(reference, name), "")
    ]


def _compare(found: Any, wanted: Any, path: str) -> list[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        return [
            line
            for key in sorted(found.keys() | wanted.keys())
            for line in _compare(found.get(key), wanted.get(key), f"{path}.{key}")
        ]
    if isinstance(found, list) and isinstance(wanted, list) and len(found) == len(wanted):
        return [
            line
            for index, pair in enumerate(zip(found, wanted, strict=True))
            for line in _compare(*pair, f"{path}[{index}]")
        ]
    if isinstance(found, frozenset) and found != wanted:
        return [f"more: {sorted(found - wanted)}, less: {sorted(wanted - found)}"]
    return [] if found == wanted else [f"{path} is {found!r}, not {wanted!r}"]


def _name(body: Body) -> str:
    name: str = body["metadata"]["name"]
    if "workload" in body.get("data", {}):  # a snapshot
        name = name.rpartition("-")[0]
    return name if body["kind"] == "Deployment" else f"{body['kind']}/{name}"
