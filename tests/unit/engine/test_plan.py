"""Order and digest of a plan."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests import releases
from tests.releases import everything

from release_coordinator.api.base import parse_duration
from release_coordinator.api.policy import ReleasePolicySpec, Requirements
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.engine import plan
from release_coordinator.engine.policy import requirements

DIGEST = "sha256:94586b158f361d3078943f10a936d77dbe03d5ccc983f7fbb8b29c8e13490bca"


def bookshop() -> dict[str, Any]:
    """The bookshop as it was written by the first version of the operator."""
    body = releases.bookshop()
    del body["spec"]["watch"]["start"]
    return body


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for key, item in enumerate(value) for leaf in leaves(item, (*path, key))]
    return [path]


BUILT_IN_DIGEST = "sha256:5270261b88470707f7df74f91f241f62fff4c3e539ab26757d694ea75b8ab9bc"
POLICY: dict[str, Any] = {
    "gates": [{"name": "CI", "enforcement": "Off"}],
    "enforcement": "Advisory",
    "signOffs": [{"role": "qa", "count": 2, "enforcement": "Advisory"}],
    "suites": ["smoke"],
    "types": [
        {
            "type": "Minor",
            "enforcement": "Off",
            "gates": [{"name": "Window", "enforcement": "Advisory"}],
            "signOffs": [{"role": "security"}],
            "suites": ["full"],
        }
    ],
    "approvals": {"validFor": "24h", "authorMayApprove": True},
    "staging": {"namespace": "shop-staging", "release": "shop", "differences": ["*/env/LOG"]},
}
OTHER: dict[str, Any] = {
    "name": "Alerts",
    "enforcement": "Required",
    "role": "legal",
    "count": 3,
    "suites": "regression",
    "type": "Major",
    "validFor": "48h",
    "authorMayApprove": False,
    "namespace": "staging",
    "release": "books",
    "differences": "*/env/OTHER",
}
COUNT = 8


def read(spec: dict[str, Any]) -> ReleaseSpec:
    return ReleaseSpec.model_validate(spec)


def components(edges: list[tuple[int, int]]) -> ReleaseSpec:
    """Eight components; an edge (a, b) makes a depend on b."""
    spec = bookshop()["spec"]
    spec["components"] = [
        {
            "name": f"c{index}",
            "workloadRef": {"name": f"w{index}"},
            "images": {"app": "example/app:1.3.0"},
            "dependsOn": sorted({f"c{b}" for a, b in edges if a == index}),
        }
        for index in range(COUNT)
    ]
    return read(spec)


EDGES = st.lists(st.tuples(st.integers(0, COUNT - 1), st.integers(0, COUNT - 1)), max_size=12)


@given(EDGES)
def test_every_component_comes_after_those_it_depends_on(edges: list[tuple[int, int]]) -> None:
    spec = components([(a, b) for a, b in edges if a > b])

    resolved = plan.resolve(spec)

    assert isinstance(resolved, plan.Plan)
    order = [component.name for component in resolved.order]
    assert sorted(order) == sorted(component.name for component in spec.components)
    for component in spec.components:
        for needed in component.depends_on:
            assert order.index(needed) < order.index(component.name)


@given(EDGES)
def test_an_order_is_found_exactly_when_there_is_no_circle(edges: list[tuple[int, int]]) -> None:
    resolved = plan.resolve(components(edges))

    assert isinstance(resolved, plan.Plan) == (not has_circle(edges))


def has_circle(edges: list[tuple[int, int]]) -> bool:
    left = set(range(COUNT))
    while free := {n for n in left if not any(a == n and b in left for a, b in edges)}:
        left -= free
    return bool(left)


def test_components_that_depend_on_nothing_keep_their_order() -> None:
    resolved = plan.resolve(components([(0, 7)]))

    assert isinstance(resolved, plan.Plan)
    assert [c.name for c in resolved.order] == ["c1", "c2", "c3", "c4", "c5", "c6", "c7", "c0"]


def test_all_faults_are_told_at_once() -> None:
    spec = bookshop()["spec"]
    spec["components"][1]["workloadRef"]["name"] = "bookshop-backend"
    spec["components"][0]["dependsOn"] = ["cache", "search"]

    resolved = plan.resolve(read(spec))

    assert isinstance(resolved, tuple)
    assert [fault.path for fault in resolved] == [
        "spec.components[1].workloadRef.name",
        "spec.components[0].dependsOn",
        "spec.components[0].dependsOn",
    ]


def shuffled(value: Any, reverse: bool) -> Any:  # noqa: FBT001 - drawn
    if isinstance(value, dict):
        keys = sorted(value, reverse=reverse)
        return {key: shuffled(value[key], reverse) for key in keys}
    if isinstance(value, list):
        return [shuffled(item, reverse) for item in value]
    return value


@given(st.booleans())
def test_the_order_of_keys_does_not_change_the_digest(reverse: bool) -> None:  # noqa: FBT001
    spec = everything()["spec"]

    assert plan.spec_digest(read(shuffled(spec, reverse))) == plan.spec_digest(read(spec))


@pytest.mark.parametrize(
    ("path", "default"),
    [
        (("watch", "interval"), "15s"),
        (("watch", "unknownLimit"), "5m"),
        (("components", 0, "progressDeadline"), "10m"),
        (("components", 0, "health", "timeout"), "2s"),
        (("migrations", 0, "up", "timeout"), "10m"),
        (("watch", "metrics", 0, "source"), "default"),
        (("watch", "metrics", 0, "failureThreshold"), 1),  # stored objects have it written out
        (("watch", "metrics", 0, "onUnknown"), "Hold"),
        (("warmup",), []),
    ],
)
def test_a_default_that_is_written_out_does_not_change_the_digest(
    path: tuple[str | int, ...], default: Any
) -> None:
    spec = bookshop()["spec"]
    before = plan.spec_digest(read(spec))
    place: Any = spec
    for part in path[:-1]:
        place = place[part]
    assert path[-1] not in place

    place[path[-1]] = default

    assert plan.spec_digest(read(spec)) == before


CHANGES: dict[type, Any] = {str: "x", int: 7, float: 0.123}
SPECIAL = {
    "start": "FirstChange",
    "notBefore": "2026-11-25T20:00:00Z",
    "apiVersion": "example.com/v1",
    "kind": "Other",
    "jsonPath": "$.status",
    "version": "9.9.9",
    "type": "Hotfix",
    "onUnknown": "Pass",
    "reversibility": "ExpandOnly",
    "path": "/x",
    "mountPath": "/x",
    "source": "x",
}
TIMES = {"timeout", "duration", "interval", "unknownLimit", "progressDeadline"}
QUANTITIES = {"cpuRequest", "cpuLimit", "memoryRequest", "memoryLimit"}


LEAVES = [path for path in leaves(everything()["spec"]) if path[-2:] != ("workloadRef", "kind")]
"""There is one kind of workload."""


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_every_field_counts_in_the_digest(path: tuple[Any, ...]) -> None:
    spec = everything()["spec"]

    assert plan.spec_digest(read(changed_at(spec, path))) != plan.spec_digest(read(spec))


def changed_at(spec: dict[str, Any], path: tuple[Any, ...]) -> dict[str, Any]:
    """The spec with another value at a leaf."""
    changed = copy.deepcopy(spec)
    place: Any = changed
    for part in path[:-1]:
        place = place[part]
    last = path[-1]
    new = CHANGES[type(place[last])]
    if last in TIMES or last in QUANTITIES:
        new = "77s" if last in TIMES else "77"

    place[last] = SPECIAL.get(last, new)
    return changed


def test_the_digest_of_a_plan_is_the_same_in_every_version_of_the_operator() -> None:
    assert plan.spec_digest(read(bookshop()["spec"])) == DIGEST


def digest(spec: dict[str, Any], policy: dict[str, Any] | None) -> str:
    required = requirements(ReleasePolicySpec.model_validate(policy) if policy else None)
    resolved = plan.resolve(read(spec), required)
    assert isinstance(resolved, plan.Plan)
    return resolved.digest


def test_the_digest_that_approvals_bind_to_is_the_same_on_any_machine() -> None:
    assert digest(bookshop()["spec"], None) == BUILT_IN_DIGEST


def test_a_requirement_that_a_later_operator_adds_leaves_the_plans_of_before() -> None:
    class Later(Requirements):
        """With a field more, which has a default."""

        signatures_of_images: str = "none"

    spec, required = read(bookshop()["spec"]), requirements(None)

    later = Later(**{name: getattr(required, name) for name in Requirements.model_fields})
    assert plan.digest(spec, later) == plan.digest(spec, required)


@given(st.booleans())
def test_the_order_of_keys_in_a_policy_does_not_change_the_digest(reverse: bool) -> None:  # noqa: FBT001
    spec = everything()["spec"]

    assert digest(spec, shuffled(POLICY, reverse)) == digest(spec, POLICY)


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"gates": [{"name": "CI", "enforcement": "Required"}]},
        {"approvals": {"validFor": "168h", "authorMayApprove": False}},
        {"windows": [{"name": "day", "start": "2026-01-05T09:00", "duration": "8h"}]},
        {"freezes": [{"name": "xmas", "start": "2026-12-20T00:00", "duration": "240h"}]},
        {"targets": {"timeToDeploy": "10m"}},
    ],
    ids=lambda said: ",".join(said) or "nothing",
)
def test_a_policy_that_requires_the_same_leaves_the_digest(said: dict[str, Any]) -> None:
    """Approvals stay good when a freeze is announced, or a default is written out."""
    required = requirements(ReleasePolicySpec.model_validate(said))
    assert plan.digest(read(bookshop()["spec"]), required) == BUILT_IN_DIGEST


@pytest.mark.parametrize("path", leaves(POLICY), ids=lambda path: ".".join(map(str, path)))
def test_every_requirement_counts_in_the_digest(path: tuple[Any, ...]) -> None:
    changed = copy.deepcopy(POLICY)
    place: Any = changed
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = OTHER[str(path[-1]) if isinstance(path[-1], str) else str(path[-2])]

    spec = everything()["spec"]
    assert digest(spec, changed) != digest(spec, POLICY)


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_the_digest_of_the_artifacts_is_about_what_is_deployed_and_nothing_else(
    path: tuple[Any, ...],
) -> None:
    spec = everything()["spec"]

    before, after = (plan.artifact_digest(read(one)) for one in (spec, changed_at(spec, path)))

    assert (before != after) is deployed(path)


def deployed(path: tuple[Any, ...]) -> bool:
    """Whether a leaf says what is deployed."""
    match path:
        case ("version",):
            return True
        case ("components", _, "name" | "images" | "dependsOn", *_):
            return True
        case ("migrations", _, "name" | "reversibility"):
            return True
        case ("migrations", _, "up" | "down", "image" | "command" | "args", *_):
            return True
        case _:
            return False


@given(st.integers(0, 9999), st.integers(0, 99999), st.integers(0, 999999))
def test_a_duration_is_the_sum_of_its_parts(hours: int, minutes: int, seconds: int) -> None:
    text = f"{hours}h{minutes}m{seconds}s"

    assert parse_duration(text) == hours * 3600 + minutes * 60 + seconds


@given(st.text(max_size=8))
def test_what_is_no_duration_is_refused(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return
    assert seconds >= 0
    assert text[-1] in "hms"
