"""What only a cluster can say of a Release: does what it names exist, and would it be admitted?

Part of `cli.lint` with --server, with the caller's own rights. What the caller may not see is a
note, no fault; of a Secret only the names of its keys are looked at.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from release_coordinator.api.codec import parse_release
from release_coordinator.api.release import Component
from release_coordinator.cli.lookup import rehearse
from release_coordinator.cli.refusals import said
from release_coordinator.cluster import workloads
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.port import RELEASE, Body, Cluster, Kind, Ref
from release_coordinator.errors import (
    Conflict,
    Denied,
    Invalid,
    NotFound,
    ReleaseCoordinatorError,
)

from .findings import Finding, error, note
from .gitopsserver import Appliers
from .references import Reference, references

REVIEW = Kind(
    "authorization.k8s.io",
    "v1",
    "selfsubjectaccessreviews",
    "SelfSubjectAccessReview",
    namespaced=False,
)
VERBS = ("create", "update", "patch")
"""What applying a Release takes."""


class ServerCheck:
    """One file against one namespace."""

    def __init__(self, cluster: Cluster, namespace: str) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._seen: dict[Ref, Body | ReleaseCoordinatorError] = {}
        self._appliers = Appliers(cluster)

    async def findings(self, kind: Kind, body: Body) -> list[Finding]:
        """Everything; a kind other than Release is only rehearsed."""
        found = [one async for one in self._rehearsed(kind, body)]
        spec = parse_release(body).spec if kind == RELEASE else None
        if spec is None:
            return found
        found += [one async for one in self._rights()]
        for index, component in enumerate(spec.components):
            path = f"spec.components[{index}]"
            found += [one async for one in self._workload(path, component)]
        for reference in references(spec):
            found += [one async for one in self._reference(reference)]
        return found

    async def _rehearsed(self, kind: Kind, body: Body) -> AsyncIterator[Finding]:
        """A dry run: schema, rules, admission policies and rights of this very server."""
        try:
            await rehearse(self._cluster, kind, body)
        except (Invalid, Conflict) as refusal:
            yield error("refused", "", f"the API server refuses it: {said(refusal)}")
        except Unserved:
            text = f"this cluster does not know {kind.kind}: install Release Coordinator there"
            yield error("refused", "kind", text)
        except NotFound:
            text = f"there is no namespace {self._namespace!r} in this cluster; create it first"
            yield error("missing-object", "metadata.namespace", text)
        except Denied as refusal:
            yield note("not-checked", "", f"you may not try it as a dry run: {said(refusal)}")

    async def _rights(self) -> AsyncIterator[Finding]:
        missing = [verb for verb in VERBS if not await self._may(verb)]
        if missing:
            yield note(
                "rights",
                "",
                f"you may not {', '.join(missing)} Releases in namespace {self._namespace}: "
                "somebody else has to apply it, or ask for the role 'edit'",
            )

    async def _may(self, verb: str) -> bool:
        asked = {
            "namespace": self._namespace,
            "verb": verb,
            "group": RELEASE.group,
            "resource": RELEASE.plural,
        }
        body: Body = {"metadata": {}, "spec": {"resourceAttributes": asked}}
        try:
            review = await self._cluster.create(REVIEW, body)
        except ReleaseCoordinatorError:
            return True  # nobody knows; then it is not said
        return bool(review.get("status", {}).get("allowed", True))

    async def _workload(self, path: str, component: Component) -> AsyncIterator[Finding]:
        ref = workloads.ref_in(self._namespace, component.target)
        seen = await self._get(ref)
        if isinstance(seen, dict):
            for one in await self._appliers.findings(
                path, component, {"kind": ref.kind.kind} | seen
            ):
                yield one
        if component.workload is not None:
            return  # it is created; the dry run has looked at it
        match seen:
            case NotFound():
                text = f"there is no {component.target} in namespace {self._namespace}"
                yield error("missing-object", f"{path}.workloadRef.name", text)
            case ReleaseCoordinatorError():
                yield _unseen(f"{path}.workloadRef.name", ref.kind)
            case body:
                fact = workloads.fact_of({"kind": ref.kind.kind} | body)
                for container in component.images:
                    if container not in fact.images:
                        known = ", ".join(sorted(fact.images))
                        yield error(
                            "missing-container",
                            f"{path}.images[{container}]",
                            f"{component.target} has no container {container!r}; it has: {known}",
                        )
                if fact.kept_back:
                    yield error("workload", f"{path}.workloadRef.name", fact.kept_back)

    async def _reference(self, one: Reference) -> AsyncIterator[Finding]:
        namespace = self._namespace if one.kind.namespaced else None
        match await self._get(Ref(one.kind, namespace, one.name)):
            case NotFound():
                where = f" in namespace {namespace}" if namespace else ""
                text = f"there is no {one.kind.kind} {one.name}{where}; create it, or correct this"
                yield error("missing-object", one.path, text)
            case ReleaseCoordinatorError():
                yield _unseen(one.path, one.kind)
            case body:
                keys = _keys(body)
                if one.key and one.key not in keys:
                    known = ", ".join(sorted(keys)) or "no keys"
                    text = f"{one.kind.kind} {one.name} has no key {one.key!r}; it has: {known}"
                    yield error("missing-key", one.path, text)

    async def _get(self, ref: Ref) -> Any:
        """The object, or why it was not read. Raises Transient."""
        if ref not in self._seen:
            try:
                self._seen[ref] = await self._cluster.get(ref)
            except (NotFound, Denied, Invalid, Unserved) as refusal:
                self._seen[ref] = refusal
        return self._seen[ref]


def _keys(body: Mapping[str, Any]) -> set[str]:
    return {*(body.get("data") or {}), *(body.get("binaryData") or {})}


def _unseen(path: str, kind: Kind) -> Finding:
    return note("not-checked", path, f"you may not read {kind.plural}: whether it is there is open")
