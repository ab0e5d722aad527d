"""Which JSONPaths are read, and which are refused because of what they could cost."""

import contextlib
import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine import fields

BODY = {
    "metadata": {"labels": {"app.kubernetes.io/name": "shop"}},
    "status": {
        "phase": "Succeeded",
        "steps": [{"name": "a", "ok": True}, {"name": "b", "ok": False}],
        "conditions": [{"type": "Ready", "status": "False"}, {"type": "Done", "status": "True"}],
    },
}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("$.status.phase", ["Succeeded"]),
        ("$['status']['phase']", ["Succeeded"]),
        ("$.metadata.labels['app.kubernetes.io/name']", ["shop"]),
        ("$.status.conditions[?@.type=='Done'].status", ["True"]),
        ("$.status.conditions[?(@.type=='Done' && @.status!='x') || !@.type].status", ["True"]),
        ("$.status.steps[-1].ok", [False]),
        ("$.status.steps[*].name", ["a", "b"]),
        ("$.status.steps[0:1].name", ["a"]),
        ("$.status.steps[?@.name=='..,$'].ok", []),
        ("$.status.missing", []),
        ("$.status.phase.more", []),
    ],
)
def test_the_way_to_a_field(path: str, found: list[Any]) -> None:
    assert fields.find(path, BODY) == found


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("status.phase", "write a path like $.status.phase"),
        ("$.status.", "write a path like"),
        ("$.status[", "write a path like"),
        (" $.status", "'$' stands at the beginning only"),
        ("{.status.phase}", "write a path like"),
        ("$..phase", "'..' searches the whole object"),
        ("$.status[?@..a]", "'..' searches the whole object"),
        ("$['status', 'metadata']", "',' selects several fields"),
        ("$.status.steps[?match(@.name, '(a+)+')]", "functions are not supported"),
        ("$.status.steps[?length(@.name) > 1]", "functions are not supported"),
        ("$.status.steps[?$.status.phase == 'Succeeded']", "'$' stands at the beginning only"),
        ("$.status | $.metadata", "write a path like"),
        ("$.status.steps[?@.name =~ /a/]", "write a path like"),
        ("$" + "[?@" * 80, "write a path like"),
    ],
)
def test_what_cannot_be_used_says_what_to_write_instead(path: str, words: str) -> None:
    with pytest.raises(fields.PathError, match=re.escape(words)):
        fields.find(path, BODY)


@given(st.text(alphabet="$.@?*[]()'\"!&|=<>,:~^ab0 ", max_size=60).map(lambda end: f"$.{end}"))
def test_any_text_is_a_path_or_is_refused(path: str) -> None:
    with contextlib.suppress(fields.PathError):
        assert isinstance(fields.find(path, BODY), list)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)


@given(JSON, st.sampled_from(["$.a.b[0]", "$[*][*]", "$[?@.a==1].b", "$[?@[*]]", "$.a[?@>1]"]))
def test_an_object_of_any_shape_is_read(body: Any, path: str) -> None:
    fields.find(path, {"a": body, "": body})


class Counted(dict[str, Any]):
    """An object that counts how often one of its members is looked at."""

    looks = 0

    def __getitem__(self, key: str) -> Any:
        Counted.looks += 1
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[str]:
        Counted.looks += len(self)
        return super().__iter__()

    def items(self) -> Any:
        """All members."""
        Counted.looks += len(self)
        return super().items()

    def values(self) -> Any:
        """All values."""
        Counted.looks += len(self)
        return super().values()


LONG = ["$" + "[*]" * 80, "$" + "[?@[*]]" * 36, "$" + "[?@" * 60 + "]" * 60]


@pytest.mark.parametrize("path", LONG)
def test_the_longest_path_costs_little_more_than_a_walk_over_the_object(path: str) -> None:
    depth, width = 6, 5
    body: Any = "leaf"
    for _ in range(depth):
        body = Counted({str(key): body for key in range(width)})
    nodes = sum(width**level for level in range(1, depth + 1))
    Counted.looks = 0

    fields.find(path, body)

    assert 0 < Counted.looks <= depth * nodes


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (True, "true"), (1.5, "1.5"), ({}, None), ([], None)]
)
def test_a_single_value_as_a_person_writes_it(value: object, text: str | None) -> None:
    assert fields.said(value) == text
