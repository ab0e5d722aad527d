"""Notes of a version find their place in a document of many, and nothing else is touched."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine import notes
from release_coordinator.engine.placing import heading, placed

OLD = "## 1.2.0\n\n### Summary\n\nOlder.\n"
MINE = "## 1.3.0\n\n### Summary\n\nBooks are found by ISBN."


def test_a_new_document_has_a_title() -> None:
    assert placed("", "1.3.0", MINE, "bookshop") == f"# Release notes of bookshop\n\n{MINE}\n"


def test_the_newest_version_comes_first() -> None:
    found = placed(f"# Bookshop\n\nAll of them.\n\n{OLD}", "1.3.0", MINE, "bookshop")

    assert found == f"# Bookshop\n\nAll of them.\n\n{MINE}\n\n{OLD}"


def test_only_the_notes_of_the_version_are_replaced() -> None:
    before = f"# Bookshop\n\n## 1.4.0\n\nTODO\n\n{MINE}\n\n{OLD}"

    found = placed(before, "1.3.0", MINE.replace("ISBN", "title"), "bookshop")

    assert found == before.replace("ISBN", "title")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("1.3.0", 2)),
        (OLD, ("1.3.0", 2)),
        ("# Bookshop v1.2.0\n\nText\n", ("Bookshop v1.3.0", 1)),
        ("# All\n\n### [1.2.0] - 2026-09-07\n", ("[1.3.0]", 3)),
        ("## Features of 1.2.0\n", ("1.3.0", 2)),
    ],
)
def test_a_heading_looks_like_those_of_other_versions(text: str, expected: tuple[str, int]) -> None:
    assert heading(text, "1.3.0") == expected


def test_a_document_that_is_about_another_version_as_a_whole_is_left_to_people() -> None:
    assert placed("Notes of 1.2.0\n\n## Summary\n\nOld.\n", "1.3.0", "# 1.3.0", "x") is None
    assert placed(OLD, "1.3.0", "Without a heading.", "bookshop") is None


@given(st.text(max_size=200) | st.text(alphabet="#-[] 1.230Sumary`<!>\n", max_size=80))
def test_whatever_a_document_says_the_notes_are_found_in_it_and_the_rest_is_kept(text: str) -> None:
    found = placed(text, "1.3.0", MINE, "bookshop")

    if found is not None:
        assert notes.text_of(found, "1.3.0") == MINE
        assert placed(found, "1.3.0", MINE, "bookshop") == found
