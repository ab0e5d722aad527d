"""The first gate, when nobody may look which policy there is."""

from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import GateState, Role
from release_coordinator.engine.evidence import PolicyFact, PolicyWant
from release_coordinator.engine.gates import policy


def test_policies_that_may_not_be_listed_shut_the_gate_until_they_may() -> None:
    problem = "the operator may not list releasepolicies in namespace shop; the platform team ..."

    found = policy.evaluate(context(facts={PolicyWant("bookshop"): PolicyFact(problem=problem)}))

    assert (found.gate.state, found.gate.owner) == (GateState.FAILED, Role.PLATFORM)
    assert found.gate.message == f"no policy is known: {problem}"
    assert not found.watched  # no news would come of it
