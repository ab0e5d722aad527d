"""Who waits for a staging Release."""

from typing import Any

import pytest
from tests.releases import Body

from release_coordinator.cluster.port import POLICY, RELEASE, Kind
from release_coordinator.cluster.staging import waiting_on
from release_coordinator.cluster.store import Store


def put(store: Store, kind: Kind, namespace: str, name: str, **spec: Any) -> None:
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": f"{kind.kind}/{namespace}/{name}",
        "resourceVersion": "1",
    }
    store.put(kind, {"metadata": metadata, "spec": spec})


def ended(name: str = "bookshop", *, recorded: bool = True) -> Body:
    metadata = {"name": name, "namespace": "shop-staging"}
    return {"metadata": metadata, "status": {"attempt": {"recorded": recorded}}}


@pytest.fixture
def store() -> Store:
    """Two shops and two policies that name staging."""
    store = Store()
    for namespace, name in (
        ("shop", "bookshop"),
        ("shop", "cafe"),
        ("other", "bookshop"),
        ("shop-staging", "bookshop"),
    ):
        put(store, RELEASE, namespace, name)
    put(store, POLICY, "shop", "default", staging={"namespace": "shop-staging"})
    return store


def test_the_release_of_the_same_name_waits(store: Store) -> None:
    assert waiting_on(store, ended()) == [("shop", "bookshop")]
    assert waiting_on(store, ended("cafe")) == [("shop", "cafe")]


def test_nobody_is_woken_before_an_attempt_has_ended(store: Store) -> None:
    assert waiting_on(store, ended(recorded=False)) == []
    assert waiting_on(store, {"metadata": ended()["metadata"]}) == []


def test_all_wait_for_a_staging_release_that_the_policy_names(store: Store) -> None:
    staging = {"namespace": "shop-staging", "release": "everything"}
    put(store, POLICY, "other", "default", staging=staging)
    put(store, RELEASE, "other", "cafe")

    assert waiting_on(store, ended("everything")) == [("other", "bookshop"), ("other", "cafe")]


def test_a_policy_of_its_own_counts_and_not_the_default(store: Store) -> None:
    put(store, POLICY, "shop", "bookshop", staging={"namespace": "elsewhere"})
    put(store, POLICY, "other", "bookshop", staging={"namespace": "shop-staging"})

    assert waiting_on(store, ended()) == [("other", "bookshop")]


def test_a_policy_without_staging_wakes_nobody(store: Store) -> None:
    put(store, POLICY, "other", "default")

    assert waiting_on(store, ended()) == [("shop", "bookshop")]


def test_a_staging_of_another_cluster_wakes_nobody_here(store: Store) -> None:
    """A namespace of the same name may be in this cluster, and have nothing to do with it."""
    staging = {"namespace": "shop-staging", "exported": {"keys": []}}
    put(store, POLICY, "other", "default", staging=staging)

    assert waiting_on(store, ended()) == [("shop", "bookshop")]


def test_a_release_is_not_woken_by_itself(store: Store) -> None:
    put(store, POLICY, "shop-staging", "default", staging={"namespace": "shop-staging"})

    assert waiting_on(store, ended()) == [("shop", "bookshop")]
