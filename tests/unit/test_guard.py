"""When signatures are believed: only after a proof, and not for long without a new one."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.guarding import PERIOD, REFUSAL, WANTED, World, title

from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import APPROVAL, Body
from release_coordinator.errors import Denied, Invalid, NotFound, ReleaseCoordinatorError, Transient
from release_coordinator.guard import OUTAGE_SECONDS, RETRY_SECONDS, Guard, differences
from release_coordinator.render.forgery import forgeries


async def test_nothing_is_believed_before_the_first_proof() -> None:
    world = await World.installed()

    assert "not yet seen" in world.problem
    assert await world.proves()
    assert world.problem == ""
    assert world.heard == [""]


async def test_a_signature_a_waiver_and_a_revocation_are_tried_and_nothing_is_stored() -> None:
    world = await World.installed("shop", "billing")
    await world.proves()

    said = [(one["metadata"]["namespace"], one["spec"]["decision"]) for one in world.tried]
    assert said == [
        (space, word) for space in ("shop", "billing") for word in ("Approved", "Revoked", "Waived")
    ]
    assert await world.cluster.list(APPROVAL) == []


@pytest.mark.parametrize(
    ("refusal", "told"),
    [
        (None, "a forged Approval was not refused in namespace default"),
        (Denied('403 User "x" cannot create resource "approvals"'), "may not create Approvals"),
        (Denied(str(REFUSAL)), "may not create Approvals"),
        (Invalid("422 spec.digest: should match"), "another reason than forgery"),
        (Invalid("422 ValidatingAdmissionPolicy 'approvals' denied request"), "another reason"),
        (Invalid(str(REFUSAL).replace("approvals.", "my-approvals.")), "another reason"),
        (NotFound('namespaces "default" not found'), "there is no namespace default"),
        (Denied("403 unable to create: because it is being terminated"), "there is no namespace"),
        (Transient("404 the server could not find the requested resource"), "not yet seen"),
    ],
)
async def test_only_a_refusal_by_our_policy_is_a_proof(
    refusal: ReleaseCoordinatorError | None, told: str
) -> None:
    world = await World.installed()
    world.refusal = refusal

    assert not await world.proves()
    assert told in world.problem


async def test_a_namespace_that_is_gone_is_left_out_if_another_is_there() -> None:
    world = await World.installed("shop")
    guard = Guard(world.cluster, ["gone", "shop"], clock=world.clock)

    assert await guard.prove()


@pytest.mark.parametrize("wanted", WANTED, ids=title)
async def test_every_policy_and_binding_must_be_there(wanted: Body) -> None:
    world = await World.installed()
    await world.remove(wanted)

    assert not await world.proves()
    assert world.problem.startswith(f"there is no {wanted['kind']} {wanted['metadata']['name']}; ")


WEAKER: dict[str, tuple[int, Body]] = {
    "failurePolicy": (0, {"failurePolicy": "Ignore"}),
    "validations": (0, {"validations": WANTED[0]["spec"]["validations"][1:]}),
    "matchConstraints.namespaceSelector.matchLabels": (
        0,
        {"matchConstraints": {"namespaceSelector": {"matchLabels": {"a": "b"}}}},
    ),
    "matchConditions": (0, {"matchConditions": [{"name": "no", "expression": "false"}]}),
    "validationActions": (1, {"validationActions": ["Warn"]}),
    "matchResources": (1, {"matchResources": {"objectSelector": {"matchLabels": {"a": "b"}}}}),
    "paramRef": (1, {"paramRef": {"name": "none"}}),
    "policyName": (1, {"policyName": "other"}),
}


@pytest.mark.parametrize("path", WEAKER)
async def test_what_weakens_a_policy_is_named(path: str) -> None:
    world = await World.installed()
    number, spec = WEAKER[path]
    await world.alter(WANTED[number], **spec)

    assert not await world.proves()
    assert f"differs in spec.{path};" in world.problem


async def test_a_missing_right_says_who_gives_it() -> None:
    world = await World.installed()
    world.outage = Denied("403 cannot get resource")

    assert not await world.proves()
    assert "the operator may not read ValidatingAdmissionPolicy approvals." in world.problem
    assert "the platform team installs the chart" in world.problem


async def test_an_outage_keeps_the_last_proof_for_a_while() -> None:
    world = await World.installed()
    await world.proves()
    world.outage = Transient("connection refused")

    world.clock.tick(PERIOD + OUTAGE_SECONDS)
    assert not await world.proves()
    assert world.problem == ""

    world.clock.tick(1)
    assert "last seen more than" in world.problem
    await world.proves()
    assert world.heard == ["", world.problem]

    world.outage = None
    assert await world.proves()
    assert world.problem == ""


async def test_an_outage_does_not_excuse_what_was_found() -> None:
    world = await World.installed()
    await world.remove(WANTED[1])
    await world.proves()
    found = world.problem
    world.outage = Transient("connection refused")

    await world.proves()

    assert world.problem == found


async def test_it_proves_at_once_then_every_period_and_sooner_after_a_failure() -> None:
    world = await World.installed()
    proofs: list[float] = []
    await _running(world, proofs, _periods(world))

    assert proofs == [0, PERIOD, PERIOD + RETRY_SECONDS, 2 * PERIOD + RETRY_SECONDS]


def _periods(world: World) -> Callable[[], Awaitable[None]]:
    async def passing() -> None:
        await world.clock.settle()
        world.refusal = None
        await world.clock.advance(PERIOD)
        world.refusal = REFUSAL
        await world.clock.advance(RETRY_SECONDS)
        await world.clock.advance(PERIOD)

    return passing


async def _running(
    world: World, proofs: list[float], passing: Callable[[], Awaitable[None]]
) -> None:
    start = world.clock.now()

    async def note(call: Call) -> None:
        first = forgeries("default")[0]["spec"]["decision"]
        if call.ref.kind is APPROVAL and call.body and call.body["spec"]["decision"] == first:
            proofs.append(world.clock.now() - start)

    world.cluster.before = note
    task = asyncio.create_task(world.guard.run(PERIOD))
    await passing()
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


JSON = st.recursive(
    st.sampled_from(["Deny", "Audit", "", "*"]) | st.booleans(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_two_specs_differ_somewhere_exactly_when_they_are_not_equal(
    one: object, two: object
) -> None:
    assert bool(differences(one, two)) == (one != two)
