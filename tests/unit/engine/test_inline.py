"""What is wrong with an inline workload is told before anything happens, and by its field."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.releases import Body, bookshop

from release_coordinator.api.codec import parse_release
from release_coordinator.api.workload import INLINE_LIMIT
from release_coordinator.engine import inline, plan

LABELS = {"app": "search"}
COMPONENT: Body = {
    "name": "search",
    "images": {"search": "example/search:1.3.0"},
    "workload": {
        "name": "search",
        "spec": {
            "selector": {"matchLabels": LABELS},
            "template": {
                "metadata": {"labels": LABELS},
                "spec": {"containers": [{"name": "search"}]},
            },
        },
    },
}


def faults(component: Body) -> list[str]:
    body = bookshop()
    body["spec"]["components"].append(component)
    release = parse_release(body)
    if release.spec is None:
        return [str(fault) for fault in release.faults]
    resolved = plan.resolve(release.spec)
    return [] if isinstance(resolved, plan.Plan) else [str(fault) for fault in resolved]


def changed(change: Callable[[Body], Any]) -> Body:
    component = copy.deepcopy(COMPONENT)
    change(component)
    return component


def test_a_sound_workload_has_no_fault() -> None:
    assert faults(COMPONENT) == []


def test_the_images_of_the_component_are_those_of_the_version() -> None:
    body = bookshop()
    body["spec"]["components"].append(COMPONENT)
    spec = parse_release(body).spec
    assert spec is not None

    document = inline.document(spec.components[2])

    (container,) = document["spec"]["template"]["spec"]["containers"]
    assert container == {"name": "search", "image": "example/search:1.3.0"}
    assert "replicas" not in document["spec"]


TEMPLATE = "spec.components[2].workload.spec.template"


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (
            lambda c: c["workload"]["spec"].pop("selector"),
            "spec.components[2].workload.spec.selector.matchLabels: is missing",
        ),
        (
            lambda c: c["workload"]["spec"]["template"].pop("metadata"),
            (
                f"{TEMPLATE}.metadata.labels: do not contain all labels of "
                "selector.matchLabels; add app: search"
            ),
        ),
        (
            lambda c: c["images"].update(other="example/other:1"),
            (
                "spec.components[2].images[other]: is no container of the inline workload; use "
                "one of search"
            ),
        ),
        (
            lambda c: c["workload"]["spec"]["template"]["spec"]["containers"].append(
                {"name": "sidecar"}
            ),
            f"{TEMPLATE}.spec.containers[1].image: is missing, here and in images",
        ),
        (
            lambda c: c["workload"]["spec"]["template"]["spec"]["containers"][0].update(
                image="example/search:1.2.0"
            ),
            (
                f"{TEMPLATE}.spec.containers[0].image: is example/search:1.2.0, but images of the "
                "component says example/search:1.3.0; leave it out here"
            ),
        ),
        (
            lambda c: c["workload"].update(
                metadata={"labels": {"release-coordinator.io/release": "other"}}
            ),
            (
                "spec.components[2].workload.metadata.labels[release-coordinator.io/release]: "
                "is set by the operator; remove it"
            ),
        ),
        (
            lambda c: c["workload"]["spec"].update(x="x" * INLINE_LIMIT),
            "spec.components[2].workload: all inline workloads together have",
        ),
        (lambda c: c.pop("workload"), "spec.components[2]: names no workload, or two"),
        (
            lambda c: c.update(workloadRef={"name": "search"}),
            "spec.components[2]: names no workload, or two; set exactly one of",
        ),
        (
            lambda c: c["workload"].update(name="bookshop-backend"),
            "spec.components[2].workload.name: Deployment bookshop-backend is already the workload",
        ),
    ],
)
def test_each_fault_names_its_field(change: Callable[[Body], Any], fault: str) -> None:
    assert any(one.startswith(fault) for one in faults(changed(change))), faults(changed(change))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("selector", "matchLabels", "template", "metadata", "labels", "spec"),
                    *("name", "containers", "image"),
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=20,
)


@given(spec=st.dictionaries(st.sampled_from(["selector", "template", "replicas"]), JSON))
def test_whatever_is_written_as_a_spec_is_judged_and_breaks_nothing(spec: Any) -> None:
    component = copy.deepcopy(COMPONENT)
    component["workload"]["spec"] = spec

    assert all(isinstance(one, str) for one in faults(component))
