"""The watch cache: newer wins, dead stays dead, and a list cannot deny what came after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.releases import bookshop

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.cluster import store as stores
from release_coordinator.cluster.bodies import has_labels
from release_coordinator.cluster.port import JOB, LEASE, METRIC_SOURCE, RELEASE, Body, Kind, Ref
from release_coordinator.cluster.store import Store
from release_coordinator.engine import names


def job(name: str = "a", uid: str = "u1", version: int = 1, **metadata: object) -> Body:
    identity = {"name": name, "namespace": "shop", "uid": uid, "resourceVersion": str(version)}
    return {"metadata": {**identity, **metadata}}


def ref(name: str = "a", kind: Kind = JOB) -> Ref:
    return Ref(kind, "shop", name)


def test_an_unknown_object_is_none() -> None:
    assert Store().get(ref()) is None


def test_a_newer_state_replaces_an_older_one() -> None:
    store = Store()
    assert store.put(JOB, job(version=9))
    assert store.put(JOB, job(version=10))
    assert store.get(ref()) == job(version=10)


def test_an_older_or_equal_state_changes_nothing() -> None:
    store = Store()
    store.put(JOB, job(version=10, labels={"a": "1"}))
    assert not store.put(JOB, job(version=9))
    assert not store.put(JOB, job(version=10))
    assert store.get(ref()) == job(version=10, labels={"a": "1"})


def test_kinds_and_namespaces_are_apart() -> None:
    store = Store()
    store.put(JOB, job())
    assert store.get(ref(kind=LEASE)) is None
    assert store.get(Ref(JOB, "other", "a")) is None


def test_managed_fields_are_not_kept() -> None:
    store = Store()
    store.put(JOB, job(managedFields=[{"manager": "kubectl"}]))
    assert store.get(ref()) == job()


def test_a_successor_of_the_same_name_replaces_its_predecessor_for_good() -> None:
    store = Store()
    store.put(JOB, job(uid="old", version=5))
    assert store.put(JOB, job(uid="new", version=7))
    assert not store.put(JOB, job(uid="old", version=99))
    assert store.get(ref()) == job(uid="new", version=7)


def test_a_late_predecessor_does_not_replace_its_successor() -> None:
    store = Store()
    store.put(JOB, job(uid="new", version=7))
    assert not store.put(JOB, job(uid="old", version=5))
    assert store.get(ref()) == job(uid="new", version=7)


def test_what_was_seen_deleted_does_not_come_back() -> None:
    store = Store()
    store.put(JOB, job(version=5))
    assert store.remove(ref(), uid="u1", version="6")
    assert not store.put(JOB, job(version=5))
    assert not store.put(JOB, job(version=7))
    assert store.get(ref()) is None
    assert store.put(JOB, job(uid="u2", version=8))


def test_a_deletion_that_comes_first_still_counts() -> None:
    store = Store()
    assert not store.remove(ref(), uid="u1", version="6")
    assert not store.put(JOB, job(version=5))


def test_the_deletion_of_a_predecessor_leaves_the_successor() -> None:
    store = Store()
    store.put(JOB, job(uid="new", version=7))
    assert not store.remove(ref(), uid="old", version="6")
    assert store.get(ref()) == job(uid="new", version=7)


def test_a_deletion_without_uid_goes_by_version() -> None:
    store = Store()
    store.put(JOB, job(version=7))
    assert not store.remove(ref(), uid="", version="6")
    assert store.remove(ref(), uid="", version="8")
    assert not store.put(JOB, job(version=9))


def test_only_so_many_deletions_are_remembered() -> None:
    store = Store()
    for number in range(10_001):
        store.remove(ref(), uid=f"u{number}")
    assert store.put(JOB, job(uid="u0"))
    assert not store.put(JOB, job(uid="u1", version=2))


def test_select_finds_by_namespace_and_labels_in_order() -> None:
    store = Store()
    for name, label in (("b", "x"), ("a", "x"), ("c", "y")):
        store.put(JOB, job(name, uid=name, labels={"l": label}))
    store.put(JOB, {"metadata": {"name": "a", "namespace": "other", "resourceVersion": "1"}})
    assert [body["metadata"]["name"] for body in store.select(JOB, "shop")] == ["a", "b", "c"]
    assert [body["metadata"]["name"] for body in store.select(JOB, "shop", {"l": "x"})] == [
        "a",
        "b",
    ]
    assert [body["metadata"]["namespace"] for body in store.select(JOB)] == [
        "other",
        "shop",
        "shop",
        "shop",
    ]
    assert store.select(LEASE) == []


def test_cluster_scoped_objects_have_no_namespace() -> None:
    store = Store()
    source = {"metadata": {"name": "prometheus", "resourceVersion": "3"}}
    store.put(METRIC_SOURCE, source)
    assert store.get(Ref(METRIC_SOURCE, None, "prometheus")) == source
    assert store.select(METRIC_SOURCE) == [source]


def test_a_list_replaces_what_was_known_before_it_was_asked_for() -> None:
    store = Store()
    for name in ("same", "changed", "gone"):
        store.put(JOB, job(name, uid=name))
    mark = store.mark()
    store.put(JOB, job("young", uid="young", version=4))
    listed = [job("same", uid="same"), job("changed", uid="changed", version=3)]
    listed.append(job("new", uid="new", version=2))
    changed = store.replace_all(JOB, listed, since=mark)
    assert changed == {ref("changed"), ref("gone"), ref("new")}
    assert [body["metadata"]["name"] for body in store.select(JOB)] == [
        "changed",
        "new",
        "same",
        "young",
    ]


def test_a_list_of_one_namespace_leaves_the_others() -> None:
    store = Store()
    store.put(JOB, job())
    assert store.replace_all(JOB, [], since=store.mark(), namespace="other") == set()
    assert store.get(ref()) is not None


def test_what_only_an_old_list_denied_comes_back() -> None:
    store = Store()
    store.put(JOB, job(version=5))
    store.replace_all(JOB, [], since=store.mark())
    assert store.get(ref()) is None
    assert store.replace_all(JOB, [job(version=5)], since=store.mark()) == {ref()}


def test_what_is_younger_than_an_old_list_stays_though_the_list_was_asked_for_later() -> None:
    store = Store()
    store.put(JOB, job("young", uid="young", version=5))
    store.put(JOB, job("gone", uid="gone", version=3))
    changed = store.replace_all(JOB, [], since=store.mark(), version="4")
    assert changed == {ref("gone")}
    assert store.get(ref("young")) is not None


def test_a_list_does_not_bring_back_what_was_seen_deleted_meanwhile() -> None:
    store = Store()
    store.put(JOB, job(version=5))
    mark = store.mark()
    store.remove(ref(), uid="u1")
    assert store.replace_all(JOB, [job(version=5)], since=mark) == set()
    assert store.get(ref()) is None


def test_a_list_of_some_labels_leaves_what_has_others() -> None:
    store = Store()
    store.put(JOB, job("ours", uid="1", labels={"a": "1"}))
    store.put(JOB, job("theirs", uid="2"))
    changed = store.replace_all(JOB, [], since=store.mark(), labels={"a": "1"})
    assert changed == {ref("ours")}
    assert store.get(ref("theirs")) is not None


LABELS = st.dictionaries(
    st.sampled_from([names.LABEL_UID, names.LABEL_RELEASE, "team"]), st.sampled_from(["1", "2"])
)
CHANGES = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from(["u1", "u2"]), st.none() | LABELS),
    max_size=30,
)


@given(changes=CHANGES, wanted=LABELS)
def test_what_is_selected_by_labels_is_what_bears_them_now_by_name(
    changes: list[tuple[str, str, dict[str, str] | None]], wanted: dict[str, str]
) -> None:
    store = Store()
    for version, (name, uid, labels) in enumerate(changes, start=1):
        if labels is None:
            store.remove(ref(name), uid="", version=str(version))
        else:
            store.put(JOB, job(name, f"{name}/{uid}", version, labels=labels))

    known = [found for name in "abcd" if (found := store.get(ref(name))) is not None]
    expected = [found for found in known if has_labels(found, wanted)]
    assert store.select(JOB, "shop", wanted) == expected
    assert store.select(JOB, None, wanted) == expected


def test_only_what_bears_the_label_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    store, looked = Store(), list[str]()
    for number in range(100):
        labels = {names.LABEL_UID: f"uid-{number // 10}", names.LABEL_RELEASE: "bookshop"}
        store.put(JOB, job(f"job-{number:02}", f"u{number}", labels=labels))

    def spied(body: Body, wanted: dict[str, str]) -> bool:
        looked.append(body["metadata"]["name"])
        return has_labels(body, wanted)

    monkeypatch.setattr(stores, "has_labels", spied)
    found = store.select(JOB, "shop", {names.LABEL_RELEASE: "bookshop", names.LABEL_UID: "uid-3"})

    assert [one["metadata"]["name"] for one in found] == [f"job-{n}" for n in range(30, 40)]
    assert len(looked) == 10


def test_changes_are_counted_by_kind() -> None:
    store = Store()
    assert store.changes(JOB) == 0
    store.put(JOB, job(version=2))
    store.put(JOB, job(version=1))
    assert (store.changes(JOB), store.changes(LEASE)) == (1, 0)
    store.remove(ref(), uid="u1")
    assert store.changes(JOB) == 2


def test_each_state_of_a_release_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    store, parsed = Store(), list[str]()

    def spied(body: Body) -> ReleaseObject:
        parsed.append(body["metadata"]["resourceVersion"])
        return parse_release(body)

    monkeypatch.setattr(stores, "parse_release", spied)
    first = release_body("1")
    store.put(RELEASE, first)

    assert store.release(first) is store.release(release_body("1"))
    store.put(RELEASE, second := release_body("2"))
    assert store.release(second).resource_version == "2"
    assert parsed == ["1", "2"]

    store.remove(ref("bookshop", RELEASE), "r1")
    assert store.release(second) is not store.release(second), "who is gone is not remembered"


def release_body(version: str) -> Body:
    meta = {"name": "bookshop", "namespace": "shop", "uid": "r1", "resourceVersion": version}
    return bookshop() | {"metadata": meta}
