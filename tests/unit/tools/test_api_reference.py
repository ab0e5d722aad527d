"""The API reference leaves no field unexplained and no word without a meaning."""

import re
from enum import StrEnum

import pytest
from tools import api_fields, api_reference
from tools.meanings import meanings

from release_coordinator.api.faults import FORMS
from release_coordinator.api.schema import crds


class Colour(StrEnum):
    """For the tests."""

    RED = "Red"  # like a cherry
    GREEN = "Green"
    """Like
    grass."""
    PASS = "Pass"  # noqa: S105 - a colour, no password
    GREY = "Grey"


@pytest.fixture(scope="module")
def page() -> str:
    return api_reference.render()


def test_a_meaning_stands_beside_a_word_or_below_it() -> None:
    assert meanings(Colour) == {
        "Red": "like a cherry",
        "Green": "Like grass.",
        "Pass": "",
        "Grey": "",
    }


def test_every_kind_is_on_the_page(page: str) -> None:
    kinds = {body["spec"]["names"]["kind"] for body in crds().values()}

    assert set(api_reference.PARTS) == kinds
    assert [kind for kind in kinds if f"\n### {kind}\n" not in page] == []


def test_every_link_has_its_section(page: str) -> None:
    sections = {title.lower() for title in re.findall(r"^#+ (.*)$", page, re.MULTILINE)}

    assert set(re.findall(r"\(#([^)]*)\)", page)) <= sections


def test_no_section_has_the_name_of_another(page: str) -> None:
    sections = re.findall(r"^#+ (.*)$", page, re.MULTILINE)

    assert len(sections) == len(set(sections))


def test_every_row_ends_with_a_description(page: str) -> None:
    cells = [re.split(r"(?<!\\)\|", row) for row in page.splitlines() if row.startswith("| `")]

    assert [row[1] for row in cells if not row[-2].strip()] == []


def test_every_pattern_has_a_name() -> None:
    assert set(FORMS) <= set(api_fields.PATTERNS)
