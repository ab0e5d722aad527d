"""When evidence lay in the API server, and when the operator's next write followed; pure.

Fed with watch events of Jobs, Deployments and Releases, all stamped on one clock by one process:
the watches' own delay is in both times and drops out of their difference.
"""

import asyncio
from collections.abc import Callable

from release_coordinator.api.attempt import Attempt, StepState
from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster import facts, workloads
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names
from release_coordinator.engine.runfacts import JobPhase

Step = tuple[str, int, str]
"""Release, attempt and step."""


class Timeline:
    """What was seen of one namespace."""

    def __init__(self) -> None:
        self.releases: dict[str, ReleaseObject] = {}
        self.triggered: dict[tuple[str, int], float] = {}
        """Release and attempt -> when its rollback was first written down."""
        self.ended: dict[tuple[str, str], float] = {}
        """Release and version -> when the attempt was recorded."""
        self.images: dict[tuple[str, str], list[float]] = {}
        """Deployment and image -> when its template came to have it, each time."""
        self._signed: dict[tuple[str, str], float] = {}
        self._last_image: dict[str, str] = {}
        self._jobs: dict[Step, float] = {}
        self._rollouts: dict[tuple[str, str], float] = {}
        self._settled: dict[Step, tuple[float, Attempt]] = {}
        self._news = asyncio.Event()

    def job(self, event: str, body: Body, at: float) -> None:
        """Hear of a Job."""
        ended = facts.job_fact(body).phase in {JobPhase.SUCCEEDED, JobPhase.FAILED}
        labels = body["metadata"].get("labels", {})
        if event != "DELETED" and ended and names.LABEL_RELEASE in labels:
            step = body["metadata"]["annotations"][names.ANNOTATION_STEP]
            number = int(labels[names.LABEL_ATTEMPT])
            self._jobs.setdefault((labels[names.LABEL_RELEASE], number, step), at)

    def deployment(self, _event: str, body: Body, at: float) -> None:
        """Hear of a Deployment."""
        fact = workloads.fact_of(body)
        (image,) = fact.images.values()
        if self._last_image.get(fact.ref.name) != image:
            self._last_image[fact.ref.name] = image
            self.images.setdefault((fact.ref.name, image), []).append(at)
        if fact.rolled_out:
            self._rollouts.setdefault((fact.ref.name, image.rpartition(":")[2]), at)
        self._news.set()

    def approval(self, event: str, body: Body, at: float) -> None:
        """Hear of an Approval."""
        if event == "ADDED":
            self._signed.setdefault((body["spec"]["release"], body["metadata"]["uid"]), at)

    def release(self, event: str, body: Body, at: float) -> None:
        """Hear of a Release."""
        if event == "DELETED":
            return
        seen = parse_release(body)
        self.releases[seen.name] = seen
        attempt = seen.status.attempt
        if attempt is not None:
            self._attempt(seen.name, attempt, at)
        self._news.set()

    def _attempt(self, name: str, attempt: Attempt, at: float) -> None:
        for step in attempt.steps:
            if step.state is not StepState.RUNNING:
                self._settled.setdefault((name, attempt.number, step.id), (at, attempt))
        if attempt.trigger is not None:
            self.triggered.setdefault((name, attempt.number), at)
        if attempt.recorded:
            self.ended.setdefault((name, attempt.version), at)

    def since_signed(self, name: str) -> float:
        """Return the seconds from the last Approval to the write that the gates have passed."""
        attempt = self.releases[name].status.attempt
        number = attempt.number if attempt else 0
        passed, _ = self._settled[name, number, "gates"]
        return passed - max(at for (release, _), at in self._signed.items() if release == name)

    def rolled_out(self, workload: str, version: str) -> bool:
        """Tell whether a workload has come to run a version."""
        return (workload, version) in self._rollouts

    def phase(self, name: str) -> Phase:
        """Return the present phase of a Release."""
        return self.releases[name].status.phase if name in self.releases else Phase.PENDING

    def delays(self) -> list[float]:
        """Return the seconds from evidence to the write, for each step that has evidence."""
        found = []
        for key, (at, attempt) in self._settled.items():
            name, _, step = key
            part = step.removeprefix("rollout/")
            evidence = self._jobs.get(key) or self._rollouts.get(
                (f"{name}-{part}", attempt.version)
            )
            if evidence is not None and not step.startswith("undo/rollout"):
                found.append(at - evidence)
        return found

    async def until(self, condition: Callable[[], bool], what: str, seconds: float = 300) -> None:
        """Return when it holds, looked at after each event. Raises TimeoutError."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise TimeoutError(f"not within {seconds:.0f} s: {what}") from None
