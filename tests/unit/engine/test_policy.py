"""What a policy makes of the built-in checklist, and how the first gate tells it."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import GateState, PolicyRef
from release_coordinator.api.checklist import Enforcement, GateName
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.release import ReleaseType
from release_coordinator.engine import policy
from release_coordinator.engine.evidence import PolicyFact, PolicyWant
from release_coordinator.engine.gates import policy as gate
from release_coordinator.engine.gates.verdict import GateVerdict

RANK = {Enforcement.REQUIRED: 2, Enforcement.ADVISORY: 1, Enforcement.OFF: 0}
TYPES = st.sampled_from(list(ReleaseType))
LEVELS = st.sampled_from(list(Enforcement))
RULES = st.dictionaries(st.sampled_from(list(GateName)), LEVELS, max_size=6).map(
    lambda found: [{"name": name, "enforcement": level} for name, level in found.items()]
)
SIGNS = st.dictionaries(
    st.sampled_from(["qa", "security", "product-owner", "legal"]),
    st.tuples(st.integers(1, 3), LEVELS),
    max_size=4,
).map(lambda found: [{"role": r, "count": c, "enforcement": e} for r, (c, e) in found.items()])


def one_of(values: Any) -> Any:
    return st.one_of(st.none(), values)


RULES_OF_TYPE = st.fixed_dictionaries(
    {"type": TYPES, "enforcement": one_of(LEVELS), "gates": RULES, "signOffs": one_of(SIGNS)}
)
POLICIES = st.fixed_dictionaries(
    {
        "enforcement": one_of(LEVELS),
        "gates": RULES,
        "signOffs": one_of(SIGNS),
        "types": st.lists(RULES_OF_TYPE, max_size=3, unique_by=lambda rules: rules["type"]),
    }
)


def read(spec: dict[str, Any]) -> ReleasePolicySpec:
    return ReleasePolicySpec.model_validate(spec)


def level(spec: dict[str, Any], kind: ReleaseType, name: GateName) -> Enforcement:
    return policy.enforcement(policy.of_type(policy.requirements(read(spec)), kind), name)


@pytest.mark.parametrize("kind", ReleaseType)
def test_the_built_in_policy_asks_for_every_gate(kind: ReleaseType) -> None:
    required = policy.of_type(policy.BUILT_IN, kind)

    assert {policy.enforcement(required, name) for name in GateName} <= {
        Enforcement.REQUIRED,
        Enforcement.ADVISORY,
    }
    assert {sign.role for sign in required.sign_offs} == {"qa", "security", "product-owner"}


def test_the_built_in_suites_and_exceptions_are_those_of_the_requirements() -> None:
    suites = {r.type: r.suites for r in policy.BUILT_IN.types}

    assert suites == {
        ReleaseType.HOTFIX: ["smoke"],
        ReleaseType.PATCH: ["smoke", "regression"],
        ReleaseType.MINOR: ["smoke", "full"],
        ReleaseType.MAJOR: ["smoke", "full"],
        ReleaseType.ROLLBACK: ["smoke"],
    }
    assert level({}, ReleaseType.HOTFIX, GateName.WINDOW) is Enforcement.ADVISORY
    assert level({}, ReleaseType.MINOR, GateName.WINDOW) is Enforcement.REQUIRED


def test_what_is_said_nearest_to_type_and_gate_counts() -> None:
    said: dict[str, Any] = {
        "enforcement": "Advisory",
        "gates": [{"name": "CI", "enforcement": "Off"}],
        "types": [
            {"type": "Minor", "enforcement": "Required"},
            {"type": "Major", "gates": [{"name": "CI", "enforcement": "Required"}]},
        ],
    }

    assert level(said, ReleaseType.PATCH, GateName.WINDOW) is Enforcement.ADVISORY
    assert level(said, ReleaseType.PATCH, GateName.CI) is Enforcement.OFF
    assert level(said, ReleaseType.MINOR, GateName.CI) is Enforcement.REQUIRED
    assert level(said, ReleaseType.MAJOR, GateName.CI) is Enforcement.REQUIRED
    assert level(said, ReleaseType.MAJOR, GateName.WINDOW) is Enforcement.ADVISORY


@given(POLICIES, TYPES)
def test_the_policy_itself_is_always_read(said: dict[str, Any], kind: ReleaseType) -> None:
    assert level(said, kind, GateName.POLICY) is Enforcement.REQUIRED


@given(POLICIES, TYPES)
def test_less_than_the_built_in_policy_never_goes_untold(
    said: dict[str, Any], kind: ReleaseType
) -> None:
    required = policy.requirements(read(said))
    own, base = policy.of_type(required, kind), policy.of_type(policy.BUILT_IN, kind)
    text = "; ".join(policy.relaxed(required, kind))

    for name in GateName:
        less = RANK[policy.enforcement(own, name)] < RANK[policy.enforcement(base, name)]
        assert less == (name in text.replace(";", ",").replace(": ", ", ").split(", "))
    levels = {sign.role: RANK[sign.enforcement] for sign in own.sign_offs}
    for sign in base.sign_offs:
        less = levels.get(sign.role, 0) < RANK[sign.enforcement]
        assert less == (f"sign-off {sign.role}" in text)
    assert all(len(one) <= 512 for one in policy.relaxed(required, kind))


def test_longer_trust_and_a_staging_that_differs_are_told() -> None:
    places = ["*/*", "backend/env/LOG_LEVEL"]
    said = {
        "approvals": {"validFor": "9999h", "authorMayApprove": True},
        "staging": {"namespace": "shop-staging", "differences": places},
    }

    assert policy.relaxed(policy.requirements(read(said)), ReleaseType.MINOR) == [
        "who changed the spec may sign it off",
        "approvals are valid for 9999h",
        "staging may differ in */*, backend/env/LOG_LEVEL",
    ]


def test_the_way_back_is_looked_for_whatever_a_policy_says() -> None:
    said = {"enforcement": "Off", "gates": [{"name": "RollbackTarget", "enforcement": "Off"}]}

    assert level(said, ReleaseType.MINOR, GateName.ROLLBACK_TARGET) is Enforcement.REQUIRED


@pytest.mark.parametrize("path", ["suites", "signOffs", "differences"])
def test_the_order_in_which_a_policy_lists_things_voids_no_signature(path: str) -> None:
    lists: dict[str, list[Any]] = {
        "suites": ["full", "smoke"],
        "signOffs": [{"role": "qa"}, {"role": "legal"}, {"role": "nobody", "enforcement": "Off"}],
        "differences": ["a/b", "c/d"],
    }

    def required(items: list[Any]) -> Any:
        inner = {"namespace": "s", "differences": items}
        return policy.requirements(
            read({"staging": inner} if path == "differences" else {path: items})
        )

    assert required(lists[path]) == required(list(reversed(lists[path])))
    if path == "signOffs":
        assert required(lists[path]) == required(lists[path][:2])


@given(POLICIES)
def test_a_policy_that_only_adds_is_not_called_relaxed(said: dict[str, Any]) -> None:
    strict = {**said, "enforcement": "Required", "gates": [], "types": [], "signOffs": None}

    assert policy.relaxed(policy.requirements(read(strict)), ReleaseType.MINOR) == []


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["default", "bookshop"], "bookshop"),
        (["default", "other"], "default"),
        (["other"], None),
        ([], None),
    ],
)
def test_the_policy_named_like_the_release_counts_before_the_default(
    names: list[str], chosen: str | None
) -> None:
    assert policy.chosen("bookshop", names) == chosen


def asked(fact: PolicyFact, relaxed: tuple[str, ...] = ()) -> GateVerdict:
    ctx = context(facts={PolicyWant("bookshop"): fact})
    ref = PolicyRef(name=fact.name, relaxed=list(relaxed))
    return gate.evaluate(replace(ctx, attempt=ctx.with_attempt(policy=ref)))


def test_the_first_gate_names_the_policy_and_what_it_relaxes() -> None:
    found = asked(PolicyFact("default", read({})), ("Off: CI",))

    assert found.gate.state is GateState.PASSED
    assert "less than the built-in policy asks for: Off: CI" in found.gate.message


def test_without_a_policy_the_built_in_one_is_named() -> None:
    assert asked(PolicyFact()).gate.message == "the built-in policy applies"


def test_a_policy_that_cannot_be_read_keeps_the_gate_shut_and_the_built_in_one_counts() -> None:
    fact = PolicyFact("default", None, "spec.windows[0].timeZone: has the wrong form; write a name")

    found = asked(fact)

    assert found.gate.state is GateState.FAILED
    assert "spec.windows[0].timeZone" in found.gate.message
    assert policy.requirements(fact.spec) == policy.BUILT_IN
