"""Watches the API server during a run and notes every breach of an invariant as it happens.

It sees what is stored, whoever wrote it; the invariants are those that hold at every moment. What
must hold in the end is in `oracles`.
"""

import json
from typing import Any

from tests import kstatus
from tests.campaigns.serving import Serving
from tests.campaigns.watched import Watched

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names
from release_coordinator.engine.closing import HISTORY_LIMIT

STATUS_LIMIT = 48 * 1024
CONFIRM = "prepare/confirm"
STORY = (
    Phase.PENDING,
    Phase.GATING,
    Phase.PREPARING,
    Phase.MIGRATING,
    Phase.ROLLING_OUT,
    Phase.REFRESHING,
    Phase.VERIFYING,
    Phase.WATCHING,
    Phase.COMPLETED,
)
TERMINAL = {
    Phase.COMPLETED,
    Phase.ROLLED_BACK,
    Phase.ROLLBACK_FAILED,
    Phase.FAILED,
    Phase.SUPERSEDED,
}
UNCHANGED = (Phase.PENDING, Phase.GATING, Phase.PREPARING)
"""Phases in which the attempt may still give way to another plan."""
AFTER = {
    **{phase: {*STORY[index:], Phase.ROLLING_BACK} for index, phase in enumerate(STORY)},
    **{phase: {*STORY, Phase.SUPERSEDED} for phase in UNCHANGED},
    Phase.ROLLING_BACK: {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED},
    Phase.HELD: {*STORY, Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED},
    Phase.SUSPENDED: {*STORY, Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED},
}
"""Phase -> what may follow within an attempt; STOPS may follow anything unfinished."""
STOPS = {Phase.HELD, Phase.SUSPENDED, Phase.FAILED}


class Monitor:
    """Collects breaches and the history of what runs."""

    def __init__(self, world: Watched) -> None:
        self._world = world
        self.breaches: list[str] = []
        self.images: dict[str, list[str]] = {}
        """Deployment -> every image it was told to run, in order."""
        self._phase: tuple[int, Phase] | None = None
        self._attempt: Body = {}
        self._current: Body = {}
        self._revisions: dict[str, Body] = {}
        self._let_run: set[str] = set()
        world.cluster.subscribe(self._see)
        self.serving = Serving(world, self._state, self._breach)

    def _see(self, event: str, body: Body) -> None:
        kind, deleted = body["kind"], event == "DELETED"
        if kind == "ControllerRevision":
            self._revision(event, body)
        elif kind == "Release" and "status" in body:
            self._release(body)
        elif kind == "Deployment" and not deleted:
            self._deployment(body)
        elif kind == "Job" and not deleted:
            self._job(body)

    def _breach(self, invariant: str, text: str) -> None:
        self.breaches.append(f"{invariant}: {text} (at {self._world.time.now():%H:%M:%S})")

    def _release(self, body: Body) -> None:
        status = body["status"]
        confirmed = self._confirmed()
        self._attempt = status.get("attempt") or {}
        self._current = status.get("current") or {}
        if self._confirmed() not in {None, confirmed}:
            self._signed()
        size = len(json.dumps(status))
        if size >= STATUS_LIMIT:
            self._breach("size", f"status of {size} bytes")
        for wrong in kstatus.faults(body):
            self._breach("kstatus", wrong)
        self._follow((self._attempt.get("number", 0), Phase(status["phase"])))

    def _confirmed(self) -> int | None:
        """Number of the attempt whose gates are recorded as open for its first change."""
        done = self._state(CONFIRM) == "Succeeded"
        return int(self._attempt["number"]) if done else None

    def _signed(self) -> None:
        """Whether each role that must sign has: the last word of somebody about this plan."""
        bodies = self._world.cluster.everything()
        for role in self._signing():
            words = [
                (body["metadata"]["creationTimestamp"], body["spec"])
                for body in bodies
                if body["kind"] == "Approval"
                and body["spec"].get("role") == role
                and body["spec"]["digest"] == self._attempt["digest"]
            ]
            last = [spec for at, spec in words if at == max(at for at, _ in words)]
            if not last or any(spec["decision"] != "Approved" for spec in last):
                self._breach("I3", f"the gates are open, but {role} has not signed this plan")

    def _signing(self) -> list[str]:
        revision = self._revisions.get(str(self._attempt.get("revision")))
        types = revision["data"]["requirements"]["types"] if revision else []
        kind = self._attempt.get("type")
        return [sign["role"] for one in types if one["type"] == kind for sign in one["signOffs"]]

    def _past_the_gates(self, what: str) -> None:
        if self._confirmed() is None:
            self._breach("I3", f"{what} before the gates were confirmed")

    def _follow(self, now: tuple[int, Phase]) -> None:
        before, self._phase = self._phase, now
        if before is None or before == now:
            return
        if before[0] != now[0]:
            if now[0] != before[0] + 1 or before[1] not in {*TERMINAL, *STOPS, Phase.PENDING}:
                self._breach("I8", f"attempt {before[0]} {before[1]}, then attempt {now[0]}")
        elif before[1] in TERMINAL or now[1] not in {*AFTER[before[1]], *STOPS}:
            self._breach("I8", f"{before[1]}, then {now[1]}")

    def _deployment(self, body: Body) -> None:
        name = body["metadata"]["name"]
        image = body["spec"]["template"]["spec"]["containers"][0]["image"]
        history = self.images.setdefault(name, [])
        if history and history[-1] == image:
            return
        history.append(image)
        if len(history) > 1 and self._attempt and not image.endswith("9.9.9"):
            self._changed(name, image)

    def _changed(self, name: str, image: str) -> None:
        self._needs_revision(f"{name} got {image}")
        self._past_the_gates(f"{name} got {image}")
        if not self._attempt.get("trigger"):
            late = [s for s in self._planned() if self._state(f"migrate/{s}") != "Succeeded"]
            if late:
                self._breach("I2", f"{name} got {image} before {late} were recorded as applied")

    def _job(self, body: Body) -> None:
        step = body["metadata"].get("annotations", {}).get(names.ANNOTATION_STEP, "")
        uid = body["metadata"]["uid"]
        if body["spec"].get("suspend") or uid in self._let_run:
            return
        self._let_run.add(uid)
        if step.startswith("migrate/"):
            self._needs_revision(f"{step} may run")
            self._past_the_gates(f"{step} may run")
        if step.startswith(("migrate/", "undo/migrate/")):
            known = next((s for s in self._steps() if s["id"] == step), {})
            if known.get("uid") != uid:
                self._breach("I1", f"{step} may run, but its Job is not the journalled one")
        if step.startswith("undo/migrate/"):
            self._no_new_code(step)

    def _no_new_code(self, step: str) -> None:
        previous = {
            image
            for revision in self._revisions.values()
            if revision["metadata"]["name"] == self._attempt.get("revision")
            for entry in revision["data"]["previous"]
            for image in entry["images"].values()
        }
        for pod in self._world.cluster.everything():
            app = pod["metadata"].get("labels", {}).get("app")
            if pod["kind"] == "Pod" and app:
                running = {c["image"] for c in pod["spec"]["containers"]}
                if running - previous:
                    self._breach("I6", f"{step} may run while {running - previous} runs")

    def _revision(self, event: str, body: Body) -> None:
        name = body["metadata"]["name"]
        known = self._revisions.setdefault(name, body)
        if known["data"] != body["data"] or (event == "DELETED" and self._is_needed(known)):
            self._breach("I4", f"the recorded revision {name} was changed or deleted")

    def _is_needed(self, revision: Body) -> bool:
        """By a way back that may still be gone, or as the plan of an attempt in the history."""
        ways_back = {
            *(self._attempt.get(key) for key in ("revision", "basis")),
            self._current.get("revision"),
        }
        plans = [self._revisions[name] for name in ways_back if name in self._revisions]
        named = {entry.get("snapshot") for plan in plans for entry in plan["data"]["previous"]}
        named |= {*self._current.get("snapshots", {}).values()}
        number = int(revision["metadata"]["labels"].get(names.LABEL_ATTEMPT, 0))
        recent = number > int(self._attempt.get("number", 0)) - HISTORY_LIMIT if number else False
        settled = bool(self._attempt.get("recorded"))
        return not settled or recent or revision["metadata"]["name"] in ways_back | named

    def _needs_revision(self, what: str) -> None:
        number = str(self._attempt.get("number"))
        recorded = [
            revision
            for revision in self._revisions.values()
            if revision["metadata"]["labels"].get(names.LABEL_ATTEMPT) == number
        ]
        if not recorded:
            self._breach("I4", f"{what} before the previous revision was recorded")

    def _steps(self) -> list[dict[str, Any]]:
        steps: list[dict[str, Any]] = self._attempt.get("steps", [])
        return steps

    def _state(self, step: str) -> str | None:
        return next((s["state"] for s in self._steps() if s["id"] == step), None)

    def _planned(self) -> list[str]:
        name = self._attempt.get("revision")
        revision = self._revisions.get(str(name))
        plan = revision["data"]["spec"] if revision else {}
        return [migration["name"] for migration in plan.get("migrations", [])]
