"""What the operator would do, seen from a Release and what runs."""

from typing import Any

from tests.releases import Body
from tests.unit.cli.waiting import NOW

from release_coordinator.api.attempt import Revision
from release_coordinator.api.codec import parse_release
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.release import ReleaseSpec, WorkloadRef
from release_coordinator.api.status import ReleaseStatus, RevisionRef
from release_coordinator.cli.outlook import Outlook, foresee
from release_coordinator.engine import policy
from release_coordinator.engine.evidence import PolicyFact, PolicyWant
from release_coordinator.engine.observation import Observation
from release_coordinator.engine.runfacts import RevisionWant, WorkloadFact, WorkloadWant

GOOD = "bookshop-1-9b1c"
WORKLOADS = {"bookshop-backend": "api", "bookshop-frontend": "web"}


def workload(name: str, container: str, version: str) -> WorkloadFact:
    return WorkloadFact(
        ref=WorkloadRef(name=name),
        uid=f"uid-of-{name}",
        resource_version="1",
        images={container: f"example/{name}:{version}"},
        init=frozenset(),
        template_hash="0",
        labelled_for="",
        rolled_out=True,
        replicas=2,
        ready=2,
        trouble="",
    )


def good(version: str) -> ReleaseStatus:
    """The status of a Release whose version completed."""
    return ReleaseStatus(current=RevisionRef(version=version, revision=GOOD))


def revision(spec: ReleaseSpec) -> Revision:
    """A plan as it was recorded under the built-in policy."""
    return Revision(
        digest="sha256:" + "0" * 64,
        spec=spec,
        requirements=policy.BUILT_IN,
        previous_version="1.1.0",
        previous=[],
    )


def outlook(
    body: Body,
    running: str = "1.2.0",
    before: ReleaseSpec | None = None,
    rules: dict[str, Any] | None = None,
) -> Outlook:
    """The outlook of a Release, with what runs, what completed last, and a policy."""
    spec = ReleasePolicySpec.model_validate(rules) if rules is not None else None
    fact = PolicyFact("default", spec) if spec else PolicyFact()
    kept = revision(before) if before else None
    facts: dict[Any, Any] = {
        PolicyWant(body["metadata"]["name"]): fact,
        **{
            WorkloadWant(WorkloadRef(name=n)): workload(n, c, running) for n, c in WORKLOADS.items()
        },
        RevisionWant(GOOD): kept,
    }
    found = foresee(parse_release(body), Observation(facts), NOW)
    assert isinstance(found, Outlook), found
    return found
