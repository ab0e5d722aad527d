"""Which JSONPaths are read, and which are refused because of what they could cost."""

import contextlib
import re
from typing import Any

import pytest
from hypothesis import example, given, settings
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
        ("$" + "[?@" * 80, "one filter, '*' or slice is enough"),
        ("$" + "[*]" * 80, "one filter, '*' or slice is enough"),
        ("$.status[*][?@.ok]", "one filter, '*' or slice is enough"),
        ("$.status.steps[?@[*]]", "one filter, '*' or slice is enough"),
        ("$.status.steps[ 0 : 1 ][:1]", "one filter, '*' or slice is enough"),
        ("$.status.steps[?@.ok>=0 && @.ok>=0 && @.ok>=0]", "may have 2 comparisons"),
        ("$.status.steps[?" + "!" * 200 + "@.ok]", "parts, more than 64"),
        ("$.status.steps[?" + "(" * 100 + "@.ok" + ")" * 100 + "]", "parts, more than 64"),
        ("$[1e5]", "1e5 is no number here; write it without an exponent"),
        ("$[-1E2]", "-1E2 is no number here"),
        ("$.status.steps[1e400:]", "1e400 is no number here"),
        ("$.status.steps[?1e999==@.b]", "1e999 is no number here"),
        ("$.status.steps[?1.5e999==@.b]", "1.5e999 is no number here"),
    ],
)
def test_what_cannot_be_used_says_what_to_write_instead(path: str, words: str) -> None:
    with pytest.raises(fields.PathError, match=re.escape(words)):
        fields.find(path, BODY)


ROWS = (
    "$ . .. [ ] ? @ ( ) * a b 'x' \"y\" 0 -1 01 1:2 :: , == != < >= && || ! length( match( true",
    "null 1e999 1e5 -1E2 1.5e-9 ^ ~ # _ in contains =~ /a*/ <> and or not nil \\ud800 { } | & .a",
    "[*] [?@.a 99999999999999999999 [?(@.type=='Ready')] .status.conditions",
)
PIECES = " ".join(ROWS).split()
PATHS = st.text(alphabet="$.@?*[]()'\"!&|=<>,:~^abe019- ", max_size=60) | st.lists(
    st.sampled_from(PIECES), max_size=12
).map("".join)


@settings(max_examples=500)
@given(PATHS.map(lambda end: f"${end}") | st.text(max_size=20))
@example("$[1e5]")
@example("$.status[1e400:]")
@example("$.status[?1e999==@.b]")
def test_any_text_is_a_path_or_is_refused(path: str) -> None:
    with contextlib.suppress(fields.PathError):
        assert isinstance(fields.find(path, BODY), list)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=20,
)


@given(JSON, st.sampled_from(["$.a.b[0]", "$.a[*]", "$[?@.a==1].b", "$[?@==@]", "$.a[?@>1]"]))
def test_an_object_of_any_shape_is_read(body: Any, path: str) -> None:
    fields.find(path, {"a": body, "": body})


@pytest.mark.parametrize("selector", ["[?@.ok]", "[*]", "[:1]", "[?@==@]"])
@pytest.mark.parametrize("make", [list, lambda members: {str(key): 1 for key in members}])
def test_no_more_members_are_looked_at_than_one_waits_for(selector: str, make: Any) -> None:
    fields.find(f"$.spec.parts{selector}", {"spec": {"parts": make(range(fields.MEMBERS))}})

    with pytest.raises(fields.PathError, match="has 1,001 members, more than the 1,000") as refused:
        fields.find(f"$.spec.parts{selector}", {"spec": {"parts": make(range(fields.MEMBERS + 1))}})
    assert "parts" in str(refused.value)


def test_what_is_nested_too_deep_to_be_compared_is_refused() -> None:
    deep: list[Any] = []
    twin: list[Any] = []
    for _ in range(100_000):
        deep, twin = [deep], [twin]

    with pytest.raises(fields.PathError, match="nested too deep; name a field further in"):
        fields.find("$[?@.a==@.b]", {"x": {"a": deep, "b": twin}})


@pytest.mark.parametrize(
    ("value", "text"), [("a", "a"), (True, "true"), (1.5, "1.5"), ({}, None), ([], None)]
)
def test_a_single_value_as_a_person_writes_it(value: object, text: str | None) -> None:
    assert fields.said(value) == text
