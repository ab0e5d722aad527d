"""What happened, one line each, in the words of a release manager.

Listens on a `World`: the operator's calls through the cluster's hooks, everything else through
its watch. Hashes in names are left out, so that a golden file changes only with the story.
"""

import re
import sys

from tests.fakes.world import STAGING, World

from release_coordinator.api.attempt import Step
from release_coordinator.api.codec import parse_release
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import Body
from release_coordinator.cluster.workloads import fact_of
from release_coordinator.engine import names
from release_coordinator.errors import ReleaseCoordinatorError

WORKLOADS = {"Deployment", "StatefulSet", "DaemonSet"}
_HASH = re.compile(r"-[0-9a-f]{10}\b")


class Transcript:
    """Lines of one story."""

    def __init__(self, title: str, world: World) -> None:
        self.lines = [title, "=" * len(title)]
        self._world = world
        self._began = world.time.now()
        self._told: dict[str, object] = {}
        """Name of a thing -> what was last said of it."""
        self._consequences: list[str] | None = None
        """What the operator's present call brings about: told after the call itself."""

    def begin(self) -> None:
        """Listen from now on."""
        self._began = self._world.time.now()
        self._world.cluster.before = self._calling
        self._world.cluster.after = self._called
        self._world.cluster.subscribe(self._changed)

    def person(self, words: str) -> None:
        """Somebody does something."""
        self._add("person", words)

    def world(self, words: str) -> None:
        """Something happens by itself."""
        self._add("world", words)

    def add(self, text: str) -> None:
        """Lines as they are."""
        self.lines += ["", *_HASH.sub("-#", text).splitlines()]

    def text(self) -> str:
        """The whole transcript."""
        return "\n".join(self.lines) + "\n"

    def _add(self, who: str, words: str) -> None:
        seconds = int((self._world.time.now() - self._began).total_seconds())
        words = _HASH.sub("-#", words)
        lines = self.lines if self._consequences is None else self._consequences
        lines.append(f"+{seconds // 60:02}:{seconds % 60:02}  {who:8}  {words}".rstrip())

    async def _calling(self, _: Call) -> None:
        self._consequences = []

    async def _called(self, call: Call) -> None:
        consequences, self._consequences = self._consequences or [], None
        if call.writes:
            self._tell(call)
        self.lines += consequences

    def _tell(self, call: Call) -> None:
        error = sys.exception()  # the hook runs in a `finally`: this is what the caller gets
        if error is not None and not isinstance(error, ReleaseCoordinatorError):
            return
        if call.ref.namespace == STAGING:
            return  # a story of its own
        body = call.body or {}
        for who, words in self._words(call, body):
            self._add(who, f"{words} -- {type(error).__name__}: {error}" if error else words)

    def _words(self, call: Call, body: Body) -> list[tuple[str, str]]:
        metadata = body.get("metadata", {})
        match call.verb, call.ref.kind.kind:
            case "create", "Event":
                return [("event", f"{body['type']} {body['reason']}: {body['note']}")]
            case "create", "Job":
                words = _creates_job(body)
            case "create", "ControllerRevision":
                words = _records(body)
            case "create", "ReleaseRecord":
                words = f"writes the ReleaseRecord: {body['spec']['outcome']}"
            case _, "Lease":
                words = _locks(metadata)
            case "patch", _:
                words = _patches(call, body)
            case (("create" | "delete"), "Deployment"):
                words = f"{call.verb}s Deployment {call.ref.name}"
            case "replace_status", "Release":
                return self._status(body)
            case _:
                words = _other(call, metadata)
        return [("operator", words)]

    def _status(self, body: Body) -> list[tuple[str, str]]:
        """What a status says that the one before did not."""
        release = parse_release(body)
        found = []
        attempt = release.status.attempt
        steps = [(attempt.number, step) for step in attempt.steps] if attempt else []
        news = [
            _step_words(step)
            for number, step in steps
            if self._news(f"step {number} {step.id}", (step.state, step.uid, step.hash))
        ]
        if news:
            found.append(("journal", "; ".join(news)))
        status = release.status
        if self._news("phase", (status.phase, status.message)):
            found.append(("status", f"{status.phase}: {status.message}"))
        return found

    def _news(self, key: str, value: object) -> bool:
        known = self._told.get(key)
        self._told[key] = value
        return known != value

    def _changed(self, event: str, body: Body) -> None:
        kind, metadata = body["kind"], body["metadata"]
        if metadata.get("namespace") == STAGING:
            return
        if kind == "Release" and event == "DELETED":
            self._add("world", "the Release is gone")
        elif kind == "Job":
            for condition in body.get("status", {}).get("conditions", []):
                step = metadata["annotations"][names.ANNOTATION_STEP]
                if self._news(f"job {metadata['uid']}", condition["type"]):
                    why = "" if condition["type"] == "Complete" else f" ({condition['reason']})"
                    self._add("world", f"Job {step}: {condition['type']}{why}")
        elif kind in WORKLOADS and event == "MODIFIED" and fact_of(body).rolled_out:
            seen = body.get("status", {}).get("observedGeneration")
            if seen == metadata["generation"] and self._news(metadata["name"], _images(body)):
                self._add("world", f"{kind} {metadata['name']} runs {_images(body)}")


def _creates_job(body: Body) -> str:
    image = body["spec"]["template"]["spec"]["containers"][0]["image"]
    held = ", suspended" if body["spec"]["suspend"] else ""
    return f"creates Job {_step(body['metadata'])} ({image}){held}"


def _records(body: Body) -> str:
    if "workload" in body["data"]:
        return f"keeps what {body['data']['kind']} {body['data']['workload']} runs"
    return "records the plan and the previous revision"


def _patches(call: Call, body: Body) -> str:
    name = call.ref.name
    match call.ref.kind.kind:
        case "Job":
            return "lets the Job run"
        case "Release":
            return f"sets the finalizers to {body['metadata']['finalizers']}"
        case "Service":
            return f"Service {name} -> {_pinned(body)}"
        case "Deployment" if "replicas" in body["spec"]:
            return f"Deployment {name}: {body['spec']['replicas']} replicas"
        case kind:
            return f"{kind} {name}: {_images(body) or 'template'}{_config(body)}"


def _other(call: Call, metadata: Body) -> str:
    kind = call.ref.kind.kind
    if call.verb == "delete":
        return f"deletes {kind} {call.ref.name}"
    original = metadata.get("annotations", {}).get(names.ANNOTATION_COPY_OF)
    if original:
        return f"copies {kind} {original}"
    return f"{call.verb} {kind} {metadata.get('name', '')}"


def _config(body: Body) -> str:
    """Which copies of configuration a workload is given."""
    told = body["metadata"].get("annotations", {})
    if names.ANNOTATION_CONFIG not in told:
        return ""
    text = told[names.ANNOTATION_CONFIG]
    return f", with the kept {text}" if text else ", with the originals"


def _locks(metadata: Body) -> str:
    """A delete carries no body."""
    workload = metadata.get("annotations", {}).get(names.ANNOTATION_WORKLOAD)
    return f"locks {workload}" if workload else "gives a lock back"


def _pinned(body: Body) -> str:
    """What a patch adds to a selector; which pods a template has is chance."""
    pin = {key: value for key, value in body["spec"]["selector"].items() if value}
    if not pin:
        return "as its owner wrote it"
    return "the second Deployment" if names.LABEL_SLOT in pin else "the pods of its Deployment"


def _step(metadata: Body) -> str:
    step: str = metadata["annotations"][names.ANNOTATION_STEP]
    return step


def _step_words(step: Step) -> str:
    known = " (template known)" if step.hash else " (Job known)" if step.uid else ""
    return f"{step.id} {step.state}{known if step.state == 'Running' else ''}"


def _images(body: Body) -> str:
    pod = body.get("spec", {}).get("template", {}).get("spec", {})
    return ", ".join(
        f"{container['name']} -> {container['image']}"
        for kind in ("initContainers", "containers")
        for container in pod.get(kind, [])
    )
