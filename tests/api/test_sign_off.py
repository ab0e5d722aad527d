"""Sign-offs on a real API server: a release waits for people, asks nobody meanwhile, and goes on.

People are impersonated and have the roles of the chart; the operator has its own account. What the
API server refuses to store is the business of `test_approvals`.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.api.rights import chart_account
from tests.fakes.stage import Stage, at_step
from tools import admission
from tools.bench.audit import Audit
from tools.bench.process import OperatorProcess
from tools.cluster.clusters import Cluster
from tools.lab.kubectl import Kubectl

from release_coordinator.api.attempt import Gate, GateState
from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import JOB, RECORD

pytestmark = pytest.mark.api

ROLES = {"qa": "quinn", "security": "sasha"}
WAITING_SECONDS = 65.0
"""How long a waiting release is looked at: longer than the time between two looks of a gate."""
RENEWALS = 2
"""So often a watch of one kind begins in that time, at most."""
A_SECOND = 1.1
PREPARED = "prepare/backup"


@pytest.fixture
async def audit(shop: Stage, own_light_cluster: Cluster) -> Audit:
    """The log of what the operator asks; the API server is restarted for it."""
    if own_light_cluster.existing:
        pytest.skip("a cluster that is not ours gets no audit log")
    user = f"system:serviceaccount:{shop.namespace}:release-coordinator"
    log = await asyncio.to_thread(Audit.of, own_light_cluster, user)
    # It has to learn our definitions again.
    await asyncio.to_thread(admission.await_enforced, Kubectl(own_light_cluster.kubeconfig))
    return log


@pytest.fixture
async def operator(shop: Stage, own_kubeconfig: Path, tmp_path: Path) -> OperatorProcess:
    """An operator with the chart's rights, where quinn signs for qa and sasha for security."""
    login = await asyncio.to_thread(chart_account, own_kubeconfig, shop.namespace, tmp_path)
    for role, person in ROLES.items():
        await asyncio.to_thread(bind, own_kubeconfig, shop.namespace, role, person)
    await shop.policy(signOffs=[{"role": role} for role in ROLES])
    return await shop.start(KUBECONFIG=str(login))


def bind(kubeconfig: Path, namespace: str, role: str, person: str) -> None:
    """Let somebody sign for a role."""
    which = f"--clusterrole=release-coordinator-sign-off-{role}"
    create = ("create", "rolebinding", f"{role}-{person}", which, f"--user={person}")
    Kubectl(kubeconfig).run(*create, f"--namespace={namespace}")


def gates_of(release: ReleaseObject) -> dict[str, Gate]:
    attempt = release.status.attempt
    return {gate.name: gate for gate in attempt.gates} if attempt else {}


def waits_for(*roles: str) -> Callable[[ReleaseObject], bool]:
    """Tell when exactly these sign-offs are all that is missing."""
    missing = {f"SignOff/{role}" for role in roles}

    def waits(release: ReleaseObject) -> bool:
        gates = gates_of(release)
        shut = {name for name, gate in gates.items() if gate.state is not GateState.PASSED}
        return bool(gates) and shut == missing

    return waits


def ended_early(release: ReleaseObject) -> bool:
    attempt = release.status.attempt
    return attempt is not None and attempt.end is not None


async def test_it_waits_for_both_asks_nobody_meanwhile_and_goes_on_after_the_last(
    shop: Stage, audit: Audit, operator: OperatorProcess
) -> None:
    await operator.wait_ready()
    await shop.apply(shop.release())
    await shop.until(waits_for("qa", "security"))
    await shop.source_until(lambda source: bool(source.status.conditions))
    await asyncio.sleep(2)  # Events of what was decided are still being posted
    mark = audit.mark()
    await asyncio.sleep(WAITING_SECONDS)

    calm = audit.since(mark)
    assert (calm.reads, calm.writes, calm.events) == (0, 0, 0), calm.lines()
    # A watch is renewed after a minute or, where it is Kopf's, after five: each on its own time.
    assert max(calm.by_verb.values(), default=0) <= RENEWALS, calm.lines()
    assert await shop.user.list(JOB, shop.namespace) == []

    await shop.says("quinn", "qa")
    await shop.until(waits_for("security"))
    await shop.says("sasha", "security")
    release = await shop.ended("1.3.0")

    assert release.status.phase is Phase.COMPLETED, release.status.message
    assert audit.since(mark).writes, "the log does tell of requests"
    (record,) = await shop.user.list(RECORD, shop.namespace)
    signed = {gate["name"]: gate["message"] for gate in record["spec"]["gates"]}
    assert signed["SignOff/qa"] == "signed off by quinn"
    assert signed["SignOff/security"] == "signed off by sasha"


async def test_a_rejection_stops_until_the_same_person_signs(
    shop: Stage, operator: OperatorProcess
) -> None:
    await operator.wait_ready()
    await shop.apply(shop.release())
    await shop.until(waits_for("qa", "security"))
    await shop.says("quinn", "qa")
    await shop.says("sasha", "security", "Rejected", comment="a key is in the image")
    stopped = await shop.until(
        lambda one: gates_of(one)["SignOff/security"].state is GateState.FAILED
    )

    assert stopped.status.phase is Phase.GATING
    assert "sasha rejected the plan: a key is in the image" in stopped.status.message
    assert await shop.user.list(JOB, shop.namespace) == []

    await asyncio.sleep(A_SECOND)  # of two words within one second the stricter counts
    await shop.says("sasha", "security", comment="the key is void")
    release = await shop.ended("1.3.0")
    assert release.status.phase is Phase.COMPLETED, release.status.message


async def test_a_signature_taken_back_during_the_backup_stops_before_the_first_change(
    shop: Stage, operator: OperatorProcess
) -> None:
    await operator.wait_ready()
    body = shop.release()
    body["spec"]["backup"] = {"job": {"image": "example/backup:1"}}
    shop.kubelet.script.hanging_steps.add(PREPARED)
    await shop.apply(body)
    await shop.until(waits_for("qa", "security"))
    await shop.says("quinn", "qa")
    await shop.says("sasha", "security")
    await shop.until(at_step(PREPARED))

    await shop.says("quinn", "qa", "Revoked", comment="the report was of another build")
    shop.kubelet.let_go.set()
    first = await shop.until(ended_early)
    await shop.until(lambda one: waits_for("qa")(one) and not ended_early(one))

    assert first.status.attempt is not None
    assert first.status.attempt.end is not None
    assert first.status.attempt.end.outcome is Phase.SUPERSEDED
    assert "SignOff/qa: not signed off" in first.status.message
    assert len(shop.running("1.2.0")) == 2
    assert shop.ran("migrate/0007-add-isbn") == 0


async def test_who_changed_the_spec_does_not_sign_it_off(
    shop: Stage, operator: OperatorProcess, own_kubeconfig: Path
) -> None:
    await operator.wait_ready()
    await shop.policy(signOffs=[{"role": "qa"}])
    await shop.apply(shop.release())
    release = await shop.until(waits_for("qa"))
    author = release.annotations["release-coordinator.io/changed-by"]
    await asyncio.to_thread(bind, own_kubeconfig, shop.namespace, "qa", author)
    await shop.says(author, "qa")
    told = await shop.until(lambda one: author in gates_of(one)["SignOff/qa"].message)

    assert told.status.phase is Phase.GATING
    assert "who changed the spec last does not sign it off" in told.status.message

    await shop.says("quinn", "qa")
    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED


async def test_what_was_signed_while_the_operator_was_down_counts(
    shop: Stage, operator: OperatorProcess, tmp_path: Path
) -> None:
    await operator.wait_ready()
    await shop.apply(shop.release())
    await shop.until(waits_for("qa", "security"))
    await operator.kill()
    await shop.says("quinn", "qa")
    await shop.says("sasha", "security")
    await shop.start("successor", KUBECONFIG=str(tmp_path / "account.kubeconfig"))

    assert (await shop.ended("1.3.0")).status.phase is Phase.COMPLETED
