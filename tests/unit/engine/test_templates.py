"""Pod templates: whatever configures pods is found, and can be exchanged and put back."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.api.snapshot import ConfigKind
from release_coordinator.engine import templates

MAP, SECRET = ConfigKind.CONFIG_MAP, ConfigKind.SECRET
NAMES = st.sampled_from(["one", "other", "third"])
Naming = Callable[[str], dict[str, Any]]
VOLUMES: list[Naming] = [
    lambda name: {"configMap": {"name": name}},
    lambda name: {"secret": {"secretName": name}},
    lambda name: {"projected": {"sources": [{"configMap": {"name": name}}]}},
    lambda name: {"projected": {"sources": [{"secret": {"name": name}}]}},
]
KINDS = [MAP, SECRET, MAP, SECRET]
SOURCES: list[Naming] = [
    lambda name: {"envFrom": [{"configMapRef": {"name": name}}]},
    lambda name: {"envFrom": [{"prefix": "A_", "secretRef": {"name": name}}]},
    lambda name: {"env": [{"name": "A", "valueFrom": {"configMapKeyRef": {"name": name}}}]},
    lambda name: {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": name}}}]},
]


@st.composite
def pods(draw: st.DrawFn) -> tuple[dict[str, Any], set[tuple[ConfigKind, str]]]:
    """A template and what configures it."""
    found = set()
    picks = st.lists(st.tuples(st.integers(0, 3), NAMES), max_size=4)
    volumes: list[dict[str, Any]] = []
    for index, name in draw(picks):
        volumes.append({"name": f"v{len(volumes)}", **VOLUMES[index](name)})
        found.add((KINDS[index], name))
    spec: dict[str, Any] = {"volumes": volumes, "imagePullSecrets": [{"name": "pull"}]}
    for field in ("containers", "initContainers"):
        spec[field] = []
        for index, name in draw(picks):
            container = {"name": f"c{len(spec[field])}", "image": "i:1", **SOURCES[index](name)}
            spec[field].append(container)
            found.add((KINDS[index], name))
    return {"metadata": {"labels": {"app": "a"}}, "spec": spec}, found


@given(pods())
def test_all_that_configures_pods_is_found(
    case: tuple[dict[str, Any], set[tuple[ConfigKind, str]]],
) -> None:
    template, found = case

    assert templates.sources(template) == sorted(found)


@given(pods(), st.sets(NAMES))
def test_configuration_is_exchanged_everywhere_and_put_back(
    case: tuple[dict[str, Any], set[tuple[ConfigKind, str]]], picked: set[str]
) -> None:
    template, found = case
    names = {source: f"{source[1]}-kept" for source in found if source[1] in picked}

    changed = templates.renamed(template, names)

    assert set(templates.sources(changed)) == {(k, names.get((k, n), n)) for k, n in found}
    back = {(kind, copy): name for (kind, name), copy in names.items()}
    assert templates.renamed(changed, back) == template


@given(pods())
def test_images_are_all_that_changes(
    case: tuple[dict[str, Any], set[tuple[ConfigKind, str]]],
) -> None:
    template, _ = case
    changed = templates.with_images(template, {"c0": "i:2"})

    images = {(one["name"], one["image"]) for one in templates.containers(changed)}
    assert images <= {("c0", "i:2"), ("c1", "i:1"), ("c2", "i:1"), ("c3", "i:1")}
    assert templates.with_images(changed, {"c0": "i:1"}) == template


@pytest.mark.parametrize(
    ("actual", "covered"),
    [
        ({"a": {"b": 1, "c": 2}, "l": [{"x": 1, "y": 2}]}, True),
        ({"a": {"b": 2}, "l": [{"x": 1}]}, False),
        ({"a": {"b": 1}, "l": [{"x": 1}, {"x": 2}]}, False),
        ({"a": {"b": 1}}, False),
        ({"a": None, "l": [{"x": 1}]}, False),
    ],
)
def test_what_the_api_server_adds_does_not_matter_all_else_does(
    actual: dict[str, Any],
    covered: bool,  # noqa: FBT001
) -> None:
    assert templates.covers(actual, {"a": {"b": 1}, "l": [{"x": 1}]}) == covered
