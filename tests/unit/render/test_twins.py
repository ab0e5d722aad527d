"""The second Deployment and the patch of a Service, as they are written."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.world import deployment
from tests.releases import Body, bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.release import WorkloadRef
from release_coordinator.cluster.double.server import merge_patch
from release_coordinator.engine import names, templates
from release_coordinator.engine.action import CreateTwin, MoveTraffic
from release_coordinator.render import twins

RELEASE = context(bookshop()).release
BACKEND = WorkloadRef(name="bookshop-backend")
KEYS = st.sampled_from(["app", "tier", "example.org/part"])
PINS = st.sampled_from([{}, {names.LABEL_TEMPLATE: "abc"}, {names.LABEL_SLOT: "0123456789"}])


def twin() -> tuple[dict[str, Any], dict[str, Any]]:
    live = deployment("bookshop-backend", "api", "1.2.0")
    live["metadata"]["labels"] = {"argocd.argoproj.io/instance": "shop"}
    live["spec"] |= {"paused": True, "minReadySeconds": 7}
    template = templates.with_label(live["spec"]["template"], names.LABEL_SLOT, "s1")
    action = CreateTwin("bookshop-backend-s1", BACKEND, "uid", template, "s1", "1/rollout/backend")
    return live, twins.twin_body(RELEASE, action, live)


def test_the_second_deployment_has_no_pods_no_owner_and_none_of_the_labels_of_the_first() -> None:
    live, body = twin()

    assert body["spec"]["replicas"] == 0
    assert "ownerReferences" not in body["metadata"]
    assert not live["metadata"]["labels"].keys() & body["metadata"]["labels"].keys()
    assert body["metadata"]["labels"][names.LABEL_RELEASE] == RELEASE.name
    assert body["spec"]["minReadySeconds"] == 7
    assert "paused" not in body["spec"]


def test_the_second_deployment_selects_its_own_pods_only_and_they_keep_their_labels() -> None:
    live, body = twin()

    selector = body["spec"]["selector"]["matchLabels"]
    labels = body["spec"]["template"]["metadata"]["labels"]
    assert selector == {**live["spec"]["selector"]["matchLabels"], names.LABEL_SLOT: "s1"}
    assert selector.items() <= labels.items()
    assert live["spec"]["template"]["metadata"]["labels"].items() <= labels.items()


@given(st.dictionaries(KEYS, st.text("ab", max_size=3)), st.lists(PINS, max_size=5))
def test_whatever_a_selector_went_through_it_is_in_the_end_as_its_owner_wrote_it(
    selector: dict[str, str], pins: list[dict[str, str]]
) -> None:
    body: Body = {"metadata": {"name": "shop"}, "spec": {"selector": selector}}

    for pin in [*pins, {}]:
        patch = twins.traffic_patch(RELEASE, MoveTraffic("shop", "uid", "7", pin, "1/step"))
        assert patch["metadata"]["uid"] == "uid"
        assert patch["metadata"]["resourceVersion"] == "7"
        body = merge_patch(body, patch)
        assert body["spec"]["selector"] == {**selector, **pin}
