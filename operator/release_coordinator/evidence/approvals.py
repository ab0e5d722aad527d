"""Policies and Approvals of a Release. Both are watched: waiting for a signature asks nobody.

An empty store is believed only after a complete listing: before that a policy that asks for more,
or a rejection, could be missed.
"""

from datetime import datetime

from release_coordinator.api.codec import parse_approval, parse_policy
from release_coordinator.api.faults import told
from release_coordinator.cluster.port import APPROVAL, POLICY, Body, Kind
from release_coordinator.engine.evidence import (
    AdmissionFact,
    AdmissionWant,
    ApprovalFact,
    ApprovalsFact,
    ApprovalsWant,
    PolicyFact,
    PolicyWant,
)
from release_coordinator.engine.policy import chosen
from release_coordinator.errors import Denied, NotFound

from .sources import Sources


async def policy(sources: Sources, namespace: str, want: PolicyWant) -> PolicyFact:
    """The policy named like the Release, else the one named `default`, else the built-in one."""
    try:
        listed = await _known(sources, POLICY, namespace, fresh=want.fresh)
    except Denied:
        return PolicyFact(problem=_denied(POLICY, namespace))
    known = {one["metadata"]["name"]: one for one in listed}
    name = chosen(want.release, known)
    if name is None:
        return PolicyFact()
    spec, faults = parse_policy(known[name])
    return PolicyFact(name, spec, told(faults))


async def approvals(sources: Sources, namespace: str, want: ApprovalsWant) -> ApprovalsFact:
    """Every Approval that names the Release. Without the right to list them it is a `problem`."""
    try:
        known = await _known(sources, APPROVAL, namespace, fresh=want.fresh)
    except Denied:
        return ApprovalsFact((), _denied(APPROVAL, namespace))
    facts = (_fact(body) for body in known)
    return ApprovalsFact(tuple(f for f in facts if f and f.spec.release == want.release))


async def admission(sources: Sources, _namespace: str, _want: AdmissionWant) -> AdmissionFact:
    """The last proof."""
    return sources.admission()


async def _known(
    sources: Sources, kind: Kind, namespace: str, *, fresh: bool = False
) -> list[Body]:
    """All objects of a kind in a namespace, from the watch once that is known to be complete."""
    if fresh or not sources.store.complete(kind, namespace):
        mark = sources.store.mark()
        try:
            listed = await sources.cluster.list(kind, namespace)
        except NotFound:  # the definition is not installed
            return []
        # What is gone goes from the store too: the next attempt must not begin with it.
        sources.store.replace_all(
            kind, listed, since=mark, version=listed.version, namespace=namespace
        )
        return listed
    return sources.store.select(kind, namespace)


def _denied(kind: Kind, namespace: str) -> str:
    return (
        f"the operator may not list {kind.plural} in namespace {namespace}; the platform team "
        "installs the chart's roles again"
    )


def _fact(body: Body) -> ApprovalFact | None:
    """None for an object that cannot be read: it says nothing, so it opens nothing."""
    spec, _ = parse_approval(body)
    if spec is None:
        return None
    at = datetime.fromisoformat(body["metadata"]["creationTimestamp"])
    return ApprovalFact(body["metadata"]["name"], spec, at)
