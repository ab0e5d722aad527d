"""The bodies of everything else we write, as they are written."""

from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests import goldens
from tests.fakes.world import DAWN, deployment
from tests.releases import bookshop
from tests.unit.engine.contexts import context, running

from release_coordinator.api.attempt import End, PreviousComponent, Revision
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.release import WorkloadRef
from release_coordinator.api.snapshot import ConfigKind
from release_coordinator.cluster import workloads
from release_coordinator.cluster.double.server import merge_patch
from release_coordinator.engine import closing, names, templates
from release_coordinator.engine.action import ApplyTemplate, CreateRecord, CreateRevision
from release_coordinator.render import objects
from release_coordinator.render.event import event_body, news

GOLDEN = Path(__file__).with_name("golden")
CTX = context(bookshop(), steps=(running("gates"), running("migrate/0007-add-isbn", uid="j-1")))


def check(name: str, body: dict[str, Any]) -> None:
    goldens.check(GOLDEN / f"{name}.yaml", yaml.safe_dump(body, sort_keys=False))


def test_a_workload_patch_has_what_differs_and_our_marks_only() -> None:
    live = deployment("bookshop-backend", "api", "1.2.0")
    template = templates.with_images(live["spec"]["template"], {"api": "example/api:1.3.0"})
    backend = WorkloadRef(name="bookshop-backend")
    action = ApplyTemplate(backend, "uid-backend", "17", template, {}, "1/rollout/backend")

    check("workload_patch", objects.template_patch(CTX.release, action, live))


def test_a_workload_patch_says_which_configuration_is_a_copy_and_unsays_it_later() -> None:
    live = deployment("bookshop-backend", "api", "1.2.0")
    template = live["spec"]["template"]
    backend = WorkloadRef(name="bookshop-backend")
    renamed = {(ConfigKind.CONFIG_MAP, "shop-kept-1"): "shop"}
    action = ApplyTemplate(backend, "uid", "17", template, renamed, "1/undo/rollout/backend")
    marks = objects.template_patch(CTX.release, action, live)["metadata"]["annotations"]
    assert marks[names.ANNOTATION_CONFIG] == '["ConfigMap/shop-kept-1/shop"]'

    live["metadata"] |= {"annotations": marks, "uid": "uid", "resourceVersion": "18"}
    assert workloads.fact_of({"kind": "Deployment", **live}).renamed == renamed
    again = ApplyTemplate(backend, "uid", "18", template, {}, "2/rollout/backend")
    patch = objects.template_patch(CTX.release, again, live)
    assert patch["metadata"]["annotations"][names.ANNOTATION_CONFIG] is None


LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=3)


def maps(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from("abc"), inner, max_size=3)


JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=2) | maps(inner), max_leaves=12)


def without_nulls(value: Any) -> Any:
    """A body as the API server has it: a null is no value."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    return value


@given(maps(JSON).map(without_nulls), maps(JSON).map(without_nulls))
def test_the_difference_of_two_bodies_makes_the_one_of_the_other(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    patch = objects.difference(before, after)

    assert merge_patch(before, patch) == after
    assert bool(patch) == (before != after)


def test_a_copy_of_configuration_is_immutable_and_says_whose_it_is() -> None:
    source = {
        "metadata": {"name": "shop", "namespace": "shop", "uid": "u", "labels": {"app": "shop"}},
        "type": "Opaque",
        "data": {"key": "dmFsdWU="},
    }

    check("copy", objects.copy_body(CTX.release, "shop-kept-1", source))


def test_a_revision_keeps_the_plan_and_the_way_back() -> None:
    previous = PreviousComponent(
        name="backend",
        workload="bookshop-backend",
        uid="uid-backend",
        images={"api": "example/bookshop-backend:1.2.0"},
    )
    revision = Revision(
        digest=CTX.attempt.digest,
        spec=CTX.plan.spec,
        previous_version="1.2.0",
        previous=[previous],
    )
    body = objects.revision_body(CTX.release, CreateRevision("bookshop-1-x", 1, revision))

    check("revision", body)
    assert objects.read_revision(body) == revision


def test_a_record_tells_everything() -> None:
    end = End(outcome=Phase.FAILED, reason=Reason.BACKUP_FAILED, message="disk full", at=DAWN)
    ended = CTX.attempt.model_copy(update={"end": end})

    spec = closing.record(CTX.release, ended, CTX.plan)

    check("record", objects.record_body(CTX.release, CreateRecord("bookshop-1-y", spec)))


def test_an_event_is_about_the_release_and_has_a_name_of_its_own() -> None:
    before = CTX.status.model_copy(update={"attempt": None})
    (item,) = news(before, CTX.status)

    body = event_body(CTX.release, 1, item, DAWN)

    check("event", body)
    assert body == event_body(CTX.release, 1, item, DAWN)
    assert body["metadata"]["name"] != event_body(CTX.release, 2, item, DAWN)["metadata"]["name"]


def test_finalizers_are_replaced_only_on_the_object_that_was_seen() -> None:
    check("finalizers_patch", objects.finalizers_patch(CTX.release, ["other/one"]))
