"""R1.1-R1.3: which step a version is, and which steps are let through."""

import pytest
import semver
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import GateState
from release_coordinator.api.conditions import Phase
from release_coordinator.api.release import ReleaseType
from release_coordinator.api.status import HistoryEntry
from release_coordinator.engine import images
from release_coordinator.engine.context import Context
from release_coordinator.engine.gates import version, version_consistency
from release_coordinator.engine.versions import derive_type

NUMBER = st.integers(0, 30)
PRE = st.sampled_from(["", "-rc.1", "-rc.2", "-alpha"])
BUILD = st.sampled_from(["", "+b1", "+b2"])
VERSIONS = st.builds("{}.{}.{}{}{}".format, NUMBER, NUMBER, NUMBER, PRE, BUILD)

STEPS = [
    # previous, version, declared, passes
    ("1.2.3", "1.2.4", None, True),
    ("1.2.3", "1.2.4", "Patch", True),
    ("1.2.3", "1.2.4", "Hotfix", True),
    ("1.2.3", "1.2.4", "Minor", False),
    ("1.2.3", "1.2.3", None, True),
    ("1.2.3", "1.2.3", "Patch", True),
    ("1.2.3", "1.2.3", "Hotfix", False),
    ("1.2.3", "1.2.3", "Rollback", False),
    ("2.0.0-rc.1", "2.0.0-rc.2", "Major", True),
    ("2.0.0-rc.1", "2.0.0-rc.2", "Hotfix", False),
    ("2.0.0-rc.1", "2.0.0-rc.2", "Rollback", False),
    (None, "1.0.0", "Rollback", False),
    ("1.2.3", "1.2.5", "Patch", True),
    ("1.2.3", "1.3.0", None, True),
    ("1.2.3", "1.3.0", "Minor", True),
    ("1.2.3", "1.3.0", "Hotfix", False),
    ("1.2.3", "1.3.1", None, False),
    ("1.2.3", "1.4.0", None, True),
    ("1.2.3", "2.0.0", None, True),
    ("1.2.3", "2.0.0", "Major", True),
    ("1.2.3", "2.0.0", "Minor", False),
    ("1.2.3", "2.1.0", None, False),
    ("1.2.3", "2.0.1", None, False),
    ("1.2.3", "1.2.3", None, True),
    ("1.2.3", "1.2.2", None, False),
    ("1.2.3", "1.2.2", "Patch", False),
    ("1.2.3", "1.2.2", "Rollback", True),
    ("1.2.3", "1.2.4", "Rollback", False),
    ("1.2.3", "1.3.0-rc.1", None, True),
    ("1.3.0-rc.1", "1.3.0-rc.2", None, True),
    ("1.3.0-rc.1", "1.3.0", "Minor", True),
    ("2.0.0-rc.1", "2.0.0", "Major", True),
    ("2.0.0-rc.1", "2.0.0", "Minor", False),
    ("1.2.4-rc.1", "1.2.4", "Hotfix", True),
    ("1.3.0", "1.3.0-rc.1", None, False),
    ("1.2.3+b1", "1.2.3+b2", None, True),
    ("0.3.0", "0.4.0", "Minor", True),
    ("0.9.0", "1.0.0", "Major", True),
    (None, "0.1.0", None, True),
    (None, "7.3.1", "Hotfix", False),
]


def step(previous: str | None, wanted: str, declared: str | None = None) -> Context:
    body = bookshop()
    body["spec"]["version"] = wanted
    if declared:
        body["spec"]["type"] = declared
    return context(body, previous_version=previous)


@pytest.mark.parametrize(("previous", "wanted", "declared", "passes"), STEPS)
def test_a_step_is_let_through_if_it_fits(
    previous: str | None,
    wanted: str,
    declared: str | None,
    passes: bool,  # noqa: FBT001 - a table
) -> None:
    gate = version.evaluate(step(previous, wanted, declared)).gate

    assert (gate.state is GateState.PASSED) == passes, gate.message


@given(VERSIONS, VERSIONS)
def test_going_back_is_never_let_through_undeclared(previous: str, wanted: str) -> None:
    gate = version.evaluate(step(previous, wanted)).gate

    if semver.Version.parse(wanted) < semver.Version.parse(previous):
        assert gate.state is GateState.FAILED


@given(VERSIONS, VERSIONS)
def test_the_step_that_a_refusal_names_is_let_through(previous: str, wanted: str) -> None:
    gate = version.evaluate(step(previous, wanted)).gate

    if "set spec.version: " in gate.message:
        advised = gate.message.rpartition("set spec.version: ")[2]
        assert version.evaluate(step(previous, advised)).gate.state is GateState.PASSED


@given(VERSIONS, VERSIONS)
def test_the_derived_type_may_always_be_declared(previous: str, wanted: str) -> None:
    derived = derive_type(previous, wanted)
    undeclared = version.evaluate(step(previous, wanted)).gate.state
    if derived is None:
        return

    declared = version.evaluate(step(previous, wanted, derived.value)).gate.state

    assert declared is (GateState.PASSED if derived is ReleaseType.ROLLBACK else undeclared)


def test_a_number_that_was_tried_and_taken_back_is_not_skipped() -> None:
    ctx = step("1.3.0", "1.4.1")
    entry = HistoryEntry(attempt=1, version="1.4.0", outcome=Phase.ROLLED_BACK, ended_at=DAWN)
    tried = Context(
        ctx.release,
        ctx.status.model_copy(update={"history": [entry]}),
        ctx.attempt,
        ctx.plan,
        None,
        ctx.seen,
        ctx.now,
    )

    assert version.evaluate(ctx).gate.state is GateState.FAILED
    assert version.evaluate(tried).gate.state is GateState.PASSED


@pytest.mark.parametrize(
    ("image", "tag"),
    [
        ("example/app:1.3.0", "1.3.0"),
        ("example/app", None),
        ("host:5000/app", None),
        ("host:5000/app:1.3.0", "1.3.0"),
        ("app:v1.3.0@sha256:00", "v1.3.0"),
        ("host:5000/example/app@sha256:00", None),
    ],
)
def test_the_tag_of_an_image(image: str, tag: str | None) -> None:
    assert images.tag_of(image) == tag


@pytest.mark.parametrize(
    ("wanted", "image", "passes"),
    [
        ("1.3.0", "example/app:1.3.0", True),
        ("1.3.0", "example/app:v1.3.0", True),
        ("1.3.0+b1", "example/app:1.3.0_b1", True),
        ("1.3.0", "example/app@sha256:00", True),
        ("1.3.0", "example/app:1.3", False),
        ("1.3.0", "example/app:latest", False),
        ("1.3.0", "example/app", False),
        ("1.3.0", "example/app:1.3.0-rc.1", False),
    ],
)
def test_a_tag_says_the_version(
    wanted: str,
    image: str,
    passes: bool,  # noqa: FBT001 - a table
) -> None:
    body = bookshop()
    body["spec"]["version"] = wanted
    for component in body["spec"]["components"]:
        component["images"] = {"app": image}

    gate = version_consistency.evaluate(context(body)).gate

    assert (gate.state is GateState.PASSED) == passes, gate.message
