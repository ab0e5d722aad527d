"""A story: a scripted world, what people do in it, and the transcript that is compared.

story = await Story.begin("A release that goes well")
await story.apply(bookshop())
await story.run()
await story.check("success")
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from tests import goldens
from tests.fakes.transcript import Transcript
from tests.fakes.world import AUTHOR, NAMESPACE, World
from tests.releases import BOOKSHOP, Body

from release_coordinator.api.attempt import Gate
from release_coordinator.api.base import format_time
from release_coordinator.api.checklist import Enforcement
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.api.notes import PublishedNotes
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.port import (
    CONFIG_MAP,
    DEPLOYMENT,
    RECORD,
    RELEASE,
    Kind,
    Ref,
)
from release_coordinator.errors import NotFound

GOLDEN = Path(__file__).resolve().parents[1] / "stories" / "golden"
RELEASE_REF = Ref(RELEASE, NAMESPACE, "bookshop")


def following(version: str, migration: str = "0008-add-stock") -> Body:
    """The bookshop's Release of another version with a migration of its own."""
    body: Body = yaml.safe_load(
        BOOKSHOP.replace("1.3.0", version).replace("0007-add-isbn", migration)
    )
    return body


def two_migrations(version: str) -> Body:
    """The same with two migrations."""
    body = following(version)
    (first,) = body["spec"]["migrations"]
    body["spec"]["migrations"].append({**first, "name": "0009-fill-stock"})
    return body


def in_phase(phase: Phase) -> Callable[[ReleaseObject], bool]:
    """Tell when a Release has come to a phase."""
    return lambda release: release.status.phase is phase


def told(words: str) -> Callable[[ReleaseObject], bool]:
    """Tell when the message of a Release has these words."""
    return lambda release: words in release.status.message


class Story:
    """The hands of the people in a story."""

    def __init__(self, title: str) -> None:
        self.world = World()
        self.transcript = Transcript(title, self.world)

    @classmethod
    async def begin(cls, title: str, version: str = "1.2.0") -> "Story":
        """An application that runs a version."""
        story = cls(title)
        await story.world.setup(version)
        story.transcript.begin()
        return story

    async def apply(self, body: Body, words: str = "") -> None:
        """`kubectl apply` of a Release."""
        version = body["spec"]["version"]
        self.transcript.person(
            f"kubectl apply: Release bookshop {version}{words and f' ({words})'}"
        )
        await self.world.apply(body)

    async def annotate(self, key: str, value: str) -> None:
        """`kubectl annotate` of the Release."""
        self.transcript.person(f"kubectl annotate release bookshop {key}={value}")
        await self.world.annotate(key, value)

    async def suspend(self, mode: str | None, by: str = AUTHOR, *, in_spec: bool = False) -> None:
        """`kubectl release suspend`, or `resume` without a mode; `in_spec`: as Git does it."""
        what = f"suspend: {mode}" if mode else "no longer suspended"
        self.transcript.person(f"{by}: {what}" + (" (spec.suspend)" if in_spec else ""))
        await self.world.suspend(mode, by, in_spec=in_spec)

    async def say(
        self, who: str, decision: str, *, digest: str | None = None, **about: str
    ) -> None:
        """Somebody signs, rejects, waives or revokes; `about` is role or gate, and comment."""
        subject = about.get("role") or about.get("gate")
        old = " an older plan" if digest else ""
        self.transcript.person(
            f"{who}: {decision}{old} ({subject}) {about.get('comment', '')}".rstrip()
        )
        await self.world.say(who, decision, digest=digest, **about)

    async def require(self, **spec: Any) -> None:
        """The platform team writes the policy."""
        self.transcript.person(f"kubectl apply: ReleasePolicy default ({', '.join(spec)})")
        await self.world.require(**spec)

    async def delete(self) -> None:
        """`kubectl delete` of the Release."""
        self.transcript.person("kubectl delete release bookshop")
        live = await self.world.user.get(RELEASE_REF)
        await self.world.user.delete(RELEASE_REF, uid=live["metadata"]["uid"])

    async def set_image(self, workload: str, container: str, image: str) -> None:
        """`kubectl set image` behind the operator's back."""
        self.transcript.person(f"kubectl set image deployment/{workload} {container}={image}")
        ref = Ref(DEPLOYMENT, NAMESPACE, workload)
        live = await self.world.user.get(ref)
        live["spec"]["template"]["spec"]["containers"][0]["image"] = image
        await self.world.user.replace(DEPLOYMENT, live)

    async def patch(self, kind: Kind, name: str, patch: Body) -> None:
        """Somebody changes an object."""
        await self.world.user.patch(Ref(kind, NAMESPACE, name), patch)

    async def delete_object(self, kind: Kind, name: str) -> None:
        """Somebody deletes an object."""
        ref = Ref(kind, NAMESPACE, name)
        live = await self.world.user.get(ref)
        await self.world.user.delete(ref, uid=live["metadata"]["uid"])

    async def write_changelog(self, text: str) -> None:
        """The developer writes the changelog."""
        self.transcript.person("kubectl apply: ConfigMap bookshop-docs")
        await self.patch(CONFIG_MAP, "bookshop-docs", {"data": {"CHANGELOG.md": text}})

    async def look(self) -> None:
        """Let the operator do what it can at once."""
        await self.run(lambda _: True)

    async def restart(self) -> None:
        """A new process of the operator."""
        self.transcript.world("the operator is started anew")
        await self.world.restart()

    async def run(self, until: Callable[[ReleaseObject], bool] | None = None) -> None:
        """Let everything happen, until the Release says so, or nothing is left to do."""
        try:
            await self.world.run(until)
        except NotFound:
            return

    async def release(self) -> ReleaseObject:
        """The Release as it is stored."""
        return await self.world.release()

    def ran(self, step: str) -> int:
        """How often the program of a step did its work."""
        return self.world.controllers.database.count(step)

    async def check(self, name: str) -> None:
        """Compare the transcript, the conditions and the records with the golden file."""
        try:
            release = await self.world.release()
        except NotFound:
            self.transcript.add("The Release is gone.")
        else:
            self.transcript.add(conditions(release))
        for body in await self.world.user.list(RECORD, NAMESPACE):
            self.transcript.add(record(RecordSpec.model_validate(body["spec"])))
        images = [
            body["spec"]["template"]["spec"]["containers"][0]["image"]
            for body in await self.world.user.list(DEPLOYMENT, NAMESPACE)
        ]
        self.transcript.add(f"Images now: {', '.join(images)}")
        goldens.check(GOLDEN / f"{name}.txt", self.transcript.text())


def conditions(release: ReleaseObject) -> str:
    """The conditions as a table."""
    rows = [
        f"{entry.type:12} {entry.status:8} {entry.reason:24} {entry.message}".rstrip()
        for entry in release.status.conditions
    ]
    return "\n".join([f"Conditions in phase {release.status.phase}", *rows])


def gate_line(gate: Gate) -> str:
    """A gate as one line."""
    advisory = "" if gate.enforcement is Enforcement.REQUIRED else f" {gate.enforcement}"
    line = f"gate {gate.name} {gate.state}{advisory} ({gate.owner}): {gate.message}"
    return f"{line} WAIVED by {gate.waiver.by}: {gate.waiver.comment}" if gate.waiver else line


def published(notes: PublishedNotes) -> list[str]:
    """Release notes as the record has them."""
    same = "as the gate let them pass" if notes.passed == notes.digest else "not as a gate saw them"
    told = notes.problem or (same if notes.passed else "no gate let them pass")
    return [f"of ConfigMap {notes.config_map}: {told}", *notes.text.splitlines()]


def record(spec: RecordSpec) -> str:
    """A record as a short report."""
    kind = f" ({spec.type})" if spec.type else ""
    lines = [
        f"Record of attempt {spec.attempt}: {spec.previous_version} -> {spec.version}{kind}",
        f"  {spec.outcome}, {spec.reason}, after {spec.duration_seconds:.0f} s",
        f"  {spec.message}",
        f"  plan {'kept' if spec.plan else 'not kept'}",
        *(f"  {gate_line(gate)}" for gate in spec.gates),
    ]
    for step in spec.timeline:
        begun = format_time(step.started_at)[11:19]
        ended = format_time(step.finished_at)[11:19] if step.finished_at else "-".ljust(8)
        lines.append(f"  {begun} {ended} {step.state:9} {step.id}  {step.message}".rstrip())
    lines += [
        f"  metric {entry.metric}: {entry.verdict}, baseline {entry.baseline}, "
        f"last {entry.value}, {entry.samples} samples: {entry.message}"
        for entry in spec.measurements
    ]
    lines += [
        f"  order {order.what} by {order.by}{order.reason and f': {order.reason}'}"
        for order in spec.orders
    ]
    if spec.downtime and spec.downtime.seconds:
        down = spec.downtime
        lines.append(f"  downtime {down.seconds} s ({down.component})")
    if spec.downtime and spec.downtime.measured_seconds is not None:
        lines.append(f"  downtime {spec.downtime.measured_seconds} s by the availability metric")
    if spec.notes:
        lines += [f"  notes {line}".rstrip() for line in published(spec.notes)]
    if spec.rollback:
        lines.append(f"  rolled back because of {spec.rollback.reason}: {spec.rollback.message}")
    return "\n".join(lines)
