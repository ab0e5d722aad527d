"""What a changelog says of a version, entry by entry; issues alike however they are written."""

import pytest

from release_coordinator.engine import changes
from release_coordinator.engine.changes import Change

LOG = """# Changelog

## [1.3.0] - 2026-11-23

For publishers.

### Added
- ISBN search (#7).
  It takes old ones, too.

#### Lists
- Sorted by [rating](https://example.test/shop/issues/8)

### Changed
- **Breaking:** no v1 any more

### Breaking Changes
Nothing else.

## [1.2.0] - 2026-09-07
### Fixed
- Typo
"""


def test_entries_are_told_with_their_headings_and_as_they_are_written() -> None:
    found = changes.of_version(LOG, "1.3.0")

    assert [(one.kind, one.within, one.breaking) for one in found] == [
        ("", "", False),
        ("Added", "added", False),
        ("Lists", "added", False),
        ("Changed", "changed", True),
        ("Breaking Changes", "", True),
    ]
    assert found[1].block.source == "- ISBN search (#7).\n  It takes old ones, too."
    assert [one.issues for one in found[1:3]] == [{"#7"}, {"#8"}]


def test_a_version_without_a_section_has_no_entries() -> None:
    assert changes.of_version(LOG, "1.3") == ()
    assert [one.kind for one in changes.of_version(LOG, "1.2.0")] == ["Fixed"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Slow (#7, SHOP-12)", {"#7", "SHOP-12"}),
        ("https://example.test/shop/pull/7", {"#7"}),
        ("https://example.test/browse/SHOP-12", {"SHOP-12"}),
        ("none", set()),
    ],
)
def test_an_issue_is_the_same_however_it_is_written(text: str, expected: set[str]) -> None:
    assert changes.issues(text) == expected


def test_changes_are_values() -> None:
    first, *_ = changes.of_version(LOG, "1.2.0")

    assert isinstance(first, Change)
    assert first == changes.of_version(LOG, "1.2.0")[0]
