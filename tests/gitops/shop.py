"""The bookshop from Git, on the stage of `tests.fakes.stage`: what is in Git, and who writes."""

import asyncio
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from tests.fakes.prometheus import vector
from tests.fakes.stage import WORKLOADS, Stage
from tests.fakes.world import deployment
from tests.gitops.layouts import FIRST, Layout, around, carrying, workloads
from tools.bench.stream import Streams
from tools.gitops.application import PATIENCE, State
from tools.gitops.argocd import ArgoCD
from tools.gitops.repository import Content, Repository
from tools.gitops.writers import Writers
from tools.lab.kubectl import Kubectl
from tools.lab.people import Person

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import DEPLOYMENT, RELEASE, Body, Ref

OPERATOR = "release-coordinator.io"
GOOD, BAD = vector("0.02"), vector("9.9")
FOLDER = "shop"
"""In the repository."""
LOOKS = 3


class GitShop(Stage):
    """A namespace whose content is in Git; nothing is in it before a tool brings it."""

    def __init__(self, layout: Layout, *stage: Any) -> None:
        """`stage` is what a Stage takes."""
        super().__init__(*stage)
        self.layout = layout
        self.repository = Repository.create(self._folder / "git")
        self.writers = Writers()
        self.policy_spec: Body = {}
        """What the policy in Git asks for beyond the basic one."""
        self.present: set[str] = set()
        """Names of the Releases that are there."""

    async def set_up(self, streams: Streams) -> None:
        """Listen, and put there what the layout takes for granted."""
        await self.prepare(streams)
        for kind in (RELEASE, DEPLOYMENT):
            await streams.open(kind, self.namespace, self.writers.hear)
        if not self.layout.inline and not self.layout.images:
            for name, container in WORKLOADS:
                body = deployment(name, container, FIRST)
                body["metadata"]["namespace"] = self.namespace
                await self.user.create(DEPLOYMENT, body)

    def declared(
        self, version: str, *, level: str = "info", duration: str = "2s", **spec: Any
    ) -> Body:
        """Return the Release of a version as it stands in Git, with more in its spec."""
        body = self.release(version, duration=duration)
        for part in ("migrations", "caches", "verify"):
            body["spec"].pop(part)
        body["spec"] |= spec
        return carrying(body, level) if self.layout.inline else body

    def files(
        self, version: str, *, level: str = "info", duration: str = "2s", **spec: Any
    ) -> dict[str, Content | None]:
        """Return all that Git holds for a version; `spec` is more of that of the Release."""
        release = self.declared(version, level=level, duration=duration, **spec)
        found: dict[str, Content | None] = {
            f"{FOLDER}/around.yaml": around(self.namespace, **self.policy_spec),
            f"{FOLDER}/release.yaml": release,
        }
        if not self.layout.inline:
            found[f"{FOLDER}/workloads.yaml"] = workloads(self.layout, self.namespace, level)
        return found

    async def watched(self, version: str) -> ReleaseObject:
        """Return the Release when the metrics of a version are watched."""

        def watching(one: ReleaseObject) -> bool:
            attempt = one.status.attempt
            here = attempt is not None and attempt.version == version
            return here and one.status.phase is Phase.WATCHING

        return await self.until(watching)

    async def ended(self, version: str, seconds: float = PATIENCE) -> ReleaseObject:
        """Return the Release when an attempt for a version is over; not one begun too early.

        The policy may come a moment after the Release, whose first attempt begins anew then.
        """

        def is_over(one: ReleaseObject) -> bool:
            attempt = one.status.attempt
            recorded = attempt is not None and attempt.version == version and attempt.recorded
            return recorded and one.status.phase is not Phase.SUPERSEDED

        return await self.until(is_over, seconds)

    async def asked(self, role: str) -> None:
        """Return when nothing but the signature for a role is missing.

        The policy may come a moment after the Release, which the default one judges until then.
        """

        def is_asked(one: ReleaseObject) -> bool:
            gates = one.status.attempt.gates if one.status.attempt else []
            return {gate.name for gate in gates if not gate.opens} == {f"SignOff/{role}"}

        await self.until(is_asked)

    async def sign(self, role: str) -> None:
        """Somebody who may do everything signs the plan, once it is only that which is missing."""
        await self.asked(role)
        release = await self.user.get(Ref(RELEASE, self.namespace, "bookshop"))
        rights = ("--as=quinn", "--as-group=system:masters")
        person = Person("quinn", Kubectl(self.kubeconfig, rights))
        await asyncio.to_thread(person.says, release, role)

    async def left(self, *, only: AbstractSet[str] = frozenset()) -> None:
        """Return when no Releases are there any more, or only those."""
        await self._wait(lambda: self.present == only, PATIENCE)

    async def runs(self, version: str) -> None:
        """Return when all pods of all workloads run a version."""
        await self._wait(lambda: len(self.running(version)) == len(WORKLOADS), PATIENCE)

    def live(self, name: str) -> Body:
        """Return a Deployment as it was when the watch told of it last."""
        return self._deployments[name]

    def levels(self) -> set[str]:
        """Return what the environments of the Deployments say."""
        found = (body["spec"]["template"]["spec"] for body in self._deployments.values())
        return {one["containers"][0]["env"][0]["value"] for one in found}

    def _hear_release(self, event: str, body: Body, at: float) -> None:
        if event == "DELETED":
            self.present.discard(body["metadata"]["name"])
            self._tell()
        else:
            self.present.add(body["metadata"]["name"])
        super()._hear_release(event, body, at)


class ArgoShop(GitShop):
    """The same, brought by Argo CD."""

    def __init__(self, argo: ArgoCD, layout: Layout, *stage: Any) -> None:
        """`stage` is what a Stage takes."""
        super().__init__(layout, *stage)
        self.argo = argo

    @property
    def app(self) -> str:
        """Return the name of its Application."""
        return self.namespace

    @property
    def healths(self) -> list[str]:
        """Return the healths of the Application so far, repetitions left out."""
        return self.argo.applications.healths(self.app)

    async def follow(self, **spec: Any) -> None:
        """Create the Application."""
        more = {**self.layout.application, **spec}
        await self.argo.follow(self.app, self.repository, FOLDER, self.namespace, **more)

    async def push(self, message: str, files: Mapping[str, Content | None]) -> str:
        """Commit, and tell Argo CD as a webhook does; return the revision."""
        revision = self.repository.commit(message, files)
        await self.argo.refresh(self.app)
        return revision

    async def becomes(self, health: str, revision: str, seconds: float = PATIENCE) -> State:
        """Return when the Application is settled at a commit and so healthy."""
        return await self.argo.until(
            self.app, lambda one: one.at(revision) and one.health == health, seconds
        )

    async def looked_at(self) -> State:
        """Let Argo CD look several times, as if time had passed; return what it says then."""
        for _ in range(LOOKS):
            await self.argo.refresh(self.app, hard=True)
        return self.argo.applications.said[self.app][-1]

    async def tear_down(self) -> None:
        """End the operator and the Application; what they deployed stays."""
        if self.argo.applications.said[self.app]:
            await self.argo.forget(self.app)
        await super().tear_down()
