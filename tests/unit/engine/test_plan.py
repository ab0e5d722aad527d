"""Order and digest of a plan."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.releases import bookshop, everything

from release_coordinator.api.base import parse_duration
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.engine import plan

DIGEST = "sha256:94586b158f361d3078943f10a936d77dbe03d5ccc983f7fbb8b29c8e13490bca"
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

    assert plan.digest(read(shuffled(spec, reverse))) == plan.digest(read(spec))


@pytest.mark.parametrize(
    ("path", "default"),
    [
        (("watch", "interval"), "15s"),
        (("watch", "unknownLimit"), "5m"),
        (("components", 0, "progressDeadline"), "10m"),
        (("components", 0, "health", "timeout"), "2s"),
        (("migrations", 0, "up", "timeout"), "10m"),
        (("watch", "metrics", 0, "failureThreshold"), 1),
        (("watch", "metrics", 0, "onUnknown"), "Hold"),
        (("warmup",), []),
    ],
)
def test_a_default_that_is_written_out_does_not_change_the_digest(
    path: tuple[str | int, ...], default: Any
) -> None:
    spec = bookshop()["spec"]
    before = plan.digest(read(spec))
    place: Any = spec
    for part in path[:-1]:
        place = place[part]
    assert path[-1] not in place

    place[path[-1]] = default

    assert plan.digest(read(spec)) == before


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for key, item in enumerate(value) for leaf in leaves(item, (*path, key))]
    return [path]


CHANGES: dict[type, Any] = {str: "x", int: 7, float: 0.123}
SPECIAL = {
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


LEAVES = [path for path in leaves(everything()["spec"]) if path[-1] != "kind"]
"""There is one kind of workload."""


@pytest.mark.parametrize("path", LEAVES, ids=lambda path: ".".join(map(str, path)))
def test_every_field_counts_in_the_digest(path: tuple[Any, ...]) -> None:
    spec = everything()["spec"]
    before = plan.digest(read(spec))
    changed = copy.deepcopy(spec)
    place: Any = changed
    for part in path[:-1]:
        place = place[part]
    last = path[-1]
    new = CHANGES[type(place[last])]
    if last in TIMES or last in QUANTITIES:
        new = "77s" if last in TIMES else "77"

    place[last] = SPECIAL.get(last, new)

    assert plan.digest(read(changed)) != before


def test_the_digest_of_a_plan_is_the_same_in_every_version_of_the_operator() -> None:
    assert plan.digest(read(bookshop()["spec"])) == DIGEST


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
