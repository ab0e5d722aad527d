"""What is read from a file, and what is wrong with it in one sentence."""

import pytest

from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.manifest import read, settle

HEAD = "apiVersion: release-coordinator.io/v1alpha1\n"
RELEASE = f"{HEAD}kind: Release\nmetadata: {{name: bookshop}}\nspec: {{version: 1.3.0}}\n"
POLICY = f"{HEAD}kind: ReleasePolicy\nmetadata: {{name: default}}\nspec: {{}}\n"
OTHER = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: docs}\n"


def refusal(text: str, name: str = "bookshop") -> str:
    with pytest.raises(UnansweredError) as caught:
        read(text, "release.yaml", name)
    return str(caught.value)


def test_releases_and_policies_count_and_all_else_is_named() -> None:
    found = read(f"{OTHER}---\n{RELEASE}---\n---\n{POLICY}", "release.yaml", "bookshop")

    assert found.release["spec"] == {"version": "1.3.0"}
    assert list(found.policies) == ["default"]
    assert found.ignored == ("ConfigMap docs",)


def test_a_list_is_taken_apart() -> None:
    items = '{"kind": "List", "items": [{"kind": "Release", "apiVersion": '
    items += '"release-coordinator.io/v1alpha1", "metadata": {"name": "bookshop"}}]}'

    assert read(items, "list.json", "bookshop").release["kind"] == "Release"


def test_a_moment_stays_text_as_for_kubectl() -> None:
    text = RELEASE.replace("version: 1.3.0", "at: 2026-12-01T20:00:00Z")

    assert read(text, "release.yaml", "bookshop").release["spec"]["at"] == "2026-12-01T20:00:00Z"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (RELEASE.replace("bookshop", "other"), "has no Release 'bookshop'; it has: other"),
        (OTHER, "has no Release (kind: Release, apiVersion: release-coordinator.io/v1alpha1)"),
        ("a: [", "release.yaml, line 1: this is no YAML"),
        ("- 1\n- 2", "a document is no Kubernetes object"),
        ("kind: Release", "an object has no metadata"),
        ("", "has no Release"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_message(text: str, expected: str) -> None:
    assert expected in refusal(text)


def test_the_namespace_of_the_file_counts_unless_another_one_was_named() -> None:
    body = read(RELEASE, "f", "bookshop").release
    own = body | {"metadata": {"name": "bookshop", "namespace": "shop"}}

    assert settle(body, "here", "f", named=True)["metadata"]["namespace"] == "here"
    assert settle(own, "here", "f", named=False)["metadata"]["namespace"] == "shop"
    with pytest.raises(UnansweredError, match="is for namespace 'shop', not 'here'"):
        settle(own, "here", "f", named=True)
