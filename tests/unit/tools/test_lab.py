"""The pure parts of the laboratory: which Release is applied."""

import pytest
from manifests.bookshop import build
from tools.lab import bookshop

from release_coordinator.api.codec import parse_release


@pytest.mark.parametrize("version", build.VERSIONS[1:])
def test_each_version_has_a_release_measured_in_its_own_namespace(version: str) -> None:
    release = parse_release(bookshop.release("books", version, {}))

    assert release.faults == ()
    assert release.spec is not None
    assert release.spec.watch is not None
    assert {metric.source for metric in release.spec.watch.metrics} == {"bookshop-books"}


def test_a_patch_meets_entries_of_lists_by_their_names() -> None:
    patch = {
        "watch": {"duration": "20s"},
        "components": [{"name": "backend", "progressDeadline": "30s"}],
    }

    spec = bookshop.release("books", "1.4.1", patch)["spec"]

    backend, frontend = spec["components"]
    assert spec["watch"]["duration"] == "20s"
    assert spec["watch"]["interval"] == "5s"
    assert backend["progressDeadline"] == "30s"
    assert backend["images"] == {"api": "bookshop-backend:1.4.1"}
    assert frontend["progressDeadline"] != "30s"


def test_a_patch_adds_entries_and_replaces_what_has_no_name() -> None:
    old = {"args": ["a", "b"], "steps": [{"name": "one"}]}

    assert bookshop.merged(old, {"args": ["c"], "steps": [{"name": "two"}]}) == {
        "args": ["c"],
        "steps": [{"name": "one"}, {"name": "two"}],
    }


def test_the_metric_source_is_the_prometheus_of_the_namespace() -> None:
    source = bookshop.metric_source("books")

    assert source["metadata"]["name"] == "bookshop-books"
    assert source["spec"]["url"] == "http://bookshop-prometheus.books.svc:9090"
