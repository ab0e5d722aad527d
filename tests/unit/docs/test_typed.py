"""What the docs tell people to type exists: commands and options of the plugin, targets of make."""

import re

import pytest
from tests.unit.docs.typed import fault, plugin_lines, targets
from tools.markdown import ROOT, Page, pages

PAGES = pages()
MAKE = set(
    re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
)


def test_every_line_of_the_plugin_is_one_it_takes() -> None:
    lines = [line for page in PAGES for line in plugin_lines(page)]

    assert len(lines) > 60
    found = [(line, fault(line.text, whole=bool(line.info))) for line in lines]
    assert [f"{line}: {wrong}" for line, wrong in found if wrong] == []


def test_every_target_of_make_is_in_the_makefile() -> None:
    named = [one for page in PAGES for one in targets(page)]

    assert len(named) > 20
    assert [str(one) for one in named if one.text not in MAKE] == []


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        ("kubectl release approve bookshop --role qa", ""),
        ("kubectl release approve NAME --role R", ""),
        ("kubectl release approve bookshop --roll qa", "--roll"),
        ("kubectl release approve bookshop shop --role qa", "unexpected extra argument"),
        ("kubectl release approve bookshop", "--role"),
        ("kubectl release aprove bookshop --role qa", "no command aprove"),
        ("kubectl release waive NAME --gate G --coment C", "--coment"),
        ("kubectl release chart bookshop -o gif", "gif"),
    ],
)
def test_a_line_is_judged_by_the_plugin_itself(line: str, wrong: str) -> None:
    found = fault(line)

    assert wrong.lower() in found.lower()
    assert bool(found) == bool(wrong)


def test_arguments_may_be_missing_in_a_sentence_alone() -> None:
    assert fault("kubectl release approve", whole=False) == ""
    assert "Missing" in fault("kubectl release approve", whole=True)


def test_lines_are_found_in_blocks_and_in_sentences() -> None:
    page = Page("x.md", "`kubectl release a`\n\n```sh\nkubectl release b \\\n  -n x  # c\n```\n")

    assert [line.text for line in plugin_lines(page)] == [
        "kubectl release b -n x # c",
        "kubectl release a",
    ]
