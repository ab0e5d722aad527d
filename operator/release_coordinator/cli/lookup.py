"""Reads what a plan is about, with the caller's own rights, and rehearses a file on the server.

Between `cli.commands` and `cluster`. What the caller may not read becomes a note on the page,
except the Release itself.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from release_coordinator.api.attempt import Revision
from release_coordinator.api.codec import ReleaseObject, parse_policy
from release_coordinator.api.faults import Fault, told
from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster import workloads
from release_coordinator.cluster.bodies import ref_of
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.port import (
    CONTROLLER_REVISION,
    POLICY,
    Body,
    Cluster,
    Kind,
    Ref,
)
from release_coordinator.engine.evidence import PolicyFact, PolicyWant
from release_coordinator.engine.observation import NotSeen, Observation, Want
from release_coordinator.engine.policy import chosen
from release_coordinator.engine.runfacts import RevisionWant, WorkloadFact, WorkloadWant
from release_coordinator.errors import Denied, NotFound
from release_coordinator.render.objects import read_revision

from .failure import UnansweredError
from .outlook import Outlook, foresee


class InvalidSpecError(UnansweredError):
    """There is no plan, because the spec has faults."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__(f"the spec cannot be used: {told(faults)}")
        self.faults = faults


class Lookup:
    """Answers the engine's questions about one namespace."""

    def __init__(
        self, cluster: Cluster, namespace: str, policies: Mapping[str, Body] | None = None
    ) -> None:
        """`policies` of a file stand in for those of the namespace, by name."""
        self.notes: list[str] = []
        self._cluster = cluster
        self._namespace = namespace
        self._policies = policies or {}

    async def outlook(self, release: ReleaseObject, now: datetime) -> Outlook:
        """What the operator would do. Raises InvalidSpecError if the spec cannot be used."""
        facts: dict[Want, Any] = {}
        while True:
            try:
                found = foresee(release, Observation(facts), now)
            except NotSeen as question:
                for want in question.wants:
                    facts[want] = await self._answer(want)
                continue
            if isinstance(found, Outlook):
                return found
            raise InvalidSpecError(found)

    async def policies(self) -> dict[str, Body]:
        """The policies of the namespace, and in their place those of the file."""
        try:
            listed: list[Body] = await self._cluster.list(POLICY, self._namespace)
        except (NotFound, Unserved):  # a cluster without the definition has the built-in one
            listed = []
        except Denied:
            listed = []
            self._unread("releasepolicies", "the policy of this namespace, which the digest needs,")
        return {str(body["metadata"]["name"]): body for body in listed} | dict(self._policies)

    async def _answer(self, want: Want) -> Any:
        match want:
            case PolicyWant():
                return await self.policy(want.release)
            case WorkloadWant():
                return await self._workload(want.workload)
            case RevisionWant():
                return await self._revision(want.name)
            case _:
                raise LookupError(f"nobody here knows {want}")

    async def policy(self, release: str) -> PolicyFact:
        """The policy that counts for a Release."""
        known = await self.policies()
        name = chosen(release, known)
        if name is None:
            return PolicyFact()
        spec, faults = parse_policy(known[name])
        return PolicyFact(name, spec, told(faults))

    async def _workload(self, workload: WorkloadRef) -> WorkloadFact | None:
        ref = workloads.ref_in(self._namespace, workload)
        try:
            return workloads.fact_of(await self._cluster.get(ref))
        except NotFound:
            self._note(f"There is no {workload}: gate RollbackTarget will fail.")
        except Denied:
            self._unread(ref.kind.plural, "what runs now")
        return None

    async def _revision(self, name: str) -> Revision | None:
        try:
            return read_revision(
                await self._cluster.get(Ref(CONTROLLER_REVISION, self._namespace, name))
            )
        except Denied:
            self._unread("controllerrevisions", "what is in place already")
        except (NotFound, ValidationError):
            pass  # as for the operator: without it nothing is known to be in place
        return None

    def _unread(self, plural: str, what: str) -> None:
        self._note(
            f"You may not read {plural} in namespace {self._namespace}, so {what} is not shown: "
            "ask for the role 'view'."
        )

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)


async def rehearse(cluster: Cluster, kind: Kind, body: Body) -> Body:
    """What the API server would store if the object were applied: a dry run, nothing is written.

    The file is the whole spec; labels and annotations are added to those that are there.
    """
    try:
        live = await cluster.get(ref_of(kind, body))
    except NotFound:
        return await cluster.create(kind, body, dry_run=True)
    metadata = dict(live["metadata"])
    for part in ("labels", "annotations"):
        added = body["metadata"].get(part) or {}
        if added:
            metadata[part] = {**(metadata.get(part) or {}), **added}
    new = {key: value for key, value in body.items() if key != "status"}
    return await cluster.replace(kind, live | new | {"metadata": metadata}, dry_run=True)
