"""What a reader of Markdown sees: headings, text, and what is not written yet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine.markdown import Text, finished, sections, whole


def test_headings_of_all_forms_begin_sections_and_code_and_comments_do_not() -> None:
    text = (
        "Before.\n\n# One\n\nTwo\n---\n\n- a\n- b\n\n```\n# code\n```\n\n"
        "<!--\n# comment\n-->\n\n### Three *bold* `code` ###\n"
    )

    found = sections(text)

    assert [(s.level, s.title) for s in found] == [
        (0, ""),
        (1, "One"),
        (2, "Two"),
        (3, "Three bold code"),
    ]
    assert [entry.plain for entry in found[2].entries] == ["a", "b"]
    assert [code.plain for code in found[2].code] == ["# code\n"]


def test_only_the_text_that_begins_an_item_of_an_outermost_list_is_an_item() -> None:
    text = "Paragraph.\n\n- first\n\n  more of it\n\n  - inner\n- second\n\nParagraph.\n"

    entries = sections(text)[0].entries

    assert [entry.plain for entry in entries if entry.item] == ["first", "second"]
    assert len(entries) == 6


def test_a_section_is_whole_with_all_that_stands_below_it() -> None:
    document = sections("# A\n## B\n### C\n## D\n# E\n")

    assert [s.title for s in whole(document, 1)] == ["B", "C"]
    assert [s.title for s in whole(document, 0)] == ["A", "B", "C", "D"]


def texts(markdown: str) -> tuple[Text, ...]:
    return sections(markdown)[0].texts


@pytest.mark.parametrize(
    "text",
    [
        "ISBN search.",
        "- ISBN search\n- none\n",
        "Todo lists can be shared.",
        "```\nkubectl apply -f shop.yaml\n```\n",
        "ISBN search <!-- what is new? -->",
        "No longer slow.",
        "[The guide](https://example.test/guide)",
        "2",
    ],
)
def test_text_that_somebody_wrote_is_finished(text: str) -> None:
    assert finished(texts(text))


@pytest.mark.parametrize(
    "text",
    [
        "TODO",
        "todo.",
        "TBD",
        "*TBD*",
        "...",
        "…",
        "- ...\n",
        "TODO: describe the search",
        "- ISBN search\n- TODO: the rest\n",
        "**<describe what is new>**",
        "[describe what is new]",
        "{{ summary }}",
        "Lorem ipsum dolor sit amet",
        "None.",
        "n/a",
        "--",
        "(none)",
    ],
)
def test_what_is_left_for_later_is_not_finished(text: str) -> None:
    assert not finished(texts(text))


def test_nothing_is_not_finished() -> None:
    assert not finished(())


@given(st.text(max_size=200) | st.text(alphabet="#-*[]<>`| \n\tab1.", max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    for section in sections(text):
        assert section.level or section.texts
        finished(section.texts)
