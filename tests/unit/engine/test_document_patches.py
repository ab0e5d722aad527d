"""Documents and their patches: the operator changes what it has declared, and nothing else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine import documents

KEYS = st.sampled_from("abc")
LEAVES = st.one_of(st.integers(1, 3), st.sampled_from(["x", "y"]), st.just([{"a": 1}]))
DOCUMENTS = st.recursive(
    LEAVES, lambda inner: st.dictionaries(KEYS, inner, min_size=1, max_size=3), max_leaves=8
).filter(lambda value: isinstance(value, dict))


@given(declared=DOCUMENTS, others=DOCUMENTS, wanted=DOCUMENTS)
def test_a_patch_brings_what_is_wanted(declared: Any, others: Any, wanted: Any) -> None:
    live = documents.merged(others, declared)

    after = documents.merged(live, documents.patch(documents.outline(declared), wanted))

    assert list(documents.lost(after, wanted)) == []


@given(declared=DOCUMENTS, wanted=DOCUMENTS)
def test_what_is_declared_no_more_is_gone(declared: Any, wanted: Any) -> None:
    after = documents.merged(declared, documents.patch(documents.outline(declared), wanted))

    assert after == wanted


@given(declared=DOCUMENTS, others=DOCUMENTS, wanted=DOCUMENTS)
def test_what_nobody_has_declared_stays(declared: Any, others: Any, wanted: Any) -> None:
    live = {"mine": declared, "theirs": others}
    change = documents.patch({"mine": documents.outline(declared)}, {"mine": wanted})

    assert documents.merged(live, change)["theirs"] == others


@given(before=DOCUMENTS, after=DOCUMENTS)
def test_the_way_back_restores_all_that_was_declared(before: Any, after: Any) -> None:
    first, second = documents.outline(before), documents.outline(after)
    live = documents.merged(before, documents.patch(first, after))

    change = documents.back(documents.joined(second, first), live, before)

    assert documents.merged(live, change) == before
    again = documents.merged(live, change)
    assert documents.back(documents.joined(second, first), again, before) == {}


@pytest.mark.parametrize("recorded", [{}, {"spec": {"replicas": 1}}, {"metadata": {}, "spec": {}}])
def test_the_way_back_never_takes_a_whole_part_away(recorded: Any) -> None:
    live = {
        "metadata": {"labels": {"tier": "api", "team": "shop"}},
        "spec": {"replicas": 3, "revisionHistoryLimit": 5},
    }
    declared = {"metadata": {"labels": {"tier": 0}}, "spec": {"replicas": 0}}

    after = documents.merged(live, documents.back(declared, live, recorded))

    assert after["metadata"]["labels"].get("team", "") == "shop"
    assert after["spec"] == {"revisionHistoryLimit": 5, **recorded.get("spec", {})}


def test_a_part_of_which_nothing_is_declared_is_left_to_others() -> None:
    live = {"metadata": {"labels": {"team": "shop"}, "annotations": {}}, "spec": {"replicas": 3}}
    before = {"metadata": {"labels": {}, "annotations": {}}, "spec": {"replicas": 1}}
    declared = documents.outline({"metadata": {}, "spec": {"replicas": 3}})

    assert documents.back(declared, live, before) == {"spec": {"replicas": 1}}


@given(document=DOCUMENTS)
def test_nothing_of_a_document_is_lost_in_itself(document: Any) -> None:
    assert list(documents.lost(document, document)) == []


@pytest.mark.parametrize(
    ("stored", "wanted"),
    [
        ("500m", "0.5"),
        ("1", 1),
        ("1Gi", "1024Mi"),
        (None, ""),
        (None, {}),
        (None, []),
        (None, False),
        (None, 0),
    ],
)
def test_the_spelling_of_the_api_server_is_no_loss(stored: Any, wanted: Any) -> None:
    assert list(documents.lost({"field": stored}, {"field": wanted})) == []


@pytest.mark.parametrize(
    ("stored", "wanted", "path"),
    [
        ({"a": {"b": 1}}, {"a": {"b": 2}}, "a.b"),
        ({"a": {}}, {"a": {"b": 2}}, "a.b"),
        ({"a": [{"b": 1}]}, {"a": [{"b": 1, "c": "x"}]}, "a[0].c"),
        ({"a": [1, 2]}, {"a": [1]}, "a"),
        ({"a": "500m"}, {"a": "0.6"}, "a"),
        ({"a": True}, {"a": "1"}, "a"),
        ({}, {"a": True}, "a"),
    ],
)
def test_a_field_that_is_not_stored_as_declared_is_named(
    stored: Any, wanted: Any, path: str
) -> None:
    assert list(documents.lost(stored, wanted)) == [path]


def test_another_strategy_takes_the_defaults_of_the_old_one_away() -> None:
    wanted = {"spec": {"strategy": {"type": "Recreate"}}}

    found = documents.patch(0, wanted)

    assert found["spec"]["strategy"] == {"type": "Recreate", "rollingUpdate": None}
