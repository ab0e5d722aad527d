"""Commits as `git log` prints them, in the form of Conventional Commits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine.commits import read, told

FULL = """commit 5b1f0f4e5b1f0f4e5b1f0f4e5b1f0f4e5b1f0f4e
Author: Dana <dana@example.test>
Date:   Mon Nov 23 10:00:00 2026 +0000

    feat(search)!: find books by ISBN

    Note: this took a while.

    BREAKING CHANGE: the index has to be built anew
    Refs: SHOP-12

commit 0b7c0b7c0b7c0b7c0b7c0b7c0b7c0b7c0b7c0b7c
Author: Dana <dana@example.test>

    Merge branch 'main'

    Closes: #99
"""


def test_a_log_with_bodies_is_read_commit_by_commit() -> None:
    (commit,) = read(FULL)

    assert (commit.type, commit.scope, commit.text) == ("feat", "search", "find books by ISBN")
    assert commit.breaks
    assert commit.breaking == ["the index has to be built anew"]
    assert commit.refers == ["SHOP-12"], "that of the merge is not its own"


@pytest.mark.parametrize(
    "line",
    [
        "fix: slow search",
        "5b1f0f4 fix: slow search",
        "5b1f0f4 (HEAD -> main, tag: v1.3.0) fix: slow search",
        "- fix: slow search",
        "Fix: slow search",
    ],
)
def test_a_line_of_each_usual_form_is_a_commit(line: str) -> None:
    (commit,) = read(f"{line}\n\nFixes #7\n")

    assert (commit.type, commit.text, commit.refers) == ("fix", "slow search", ["#7"])


def test_a_sentence_with_a_colon_is_no_commit() -> None:
    assert read("Note: all is well\nhttps://example.test\n") == []


def test_only_what_users_notice_is_told() -> None:
    found = read("feat: a\nfix: b\nperf: c\nchore: d\nrefactor!: e\ndocs: f\n")

    assert [one.text for one in told(found)] == ["a", "b", "c", "e"]


@given(st.text(max_size=200) | st.text(alphabet="feat(!):fix BREAKING CHANGE:#1\n", max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    assert all(one.text for one in read(text))
