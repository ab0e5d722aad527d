"""Links and anchors of all Markdown files lead somewhere, and the site lists every page."""

from pathlib import Path

import pytest
from tools import markdown
from tools.docsite import navigation
from tools.markdown import ROOT, Page, broken, pages

PAGES = pages()


def test_every_link_leads_to_a_file_and_a_heading() -> None:
    assert sum(len(page.links) for page in PAGES) > 200
    assert [fault for page in PAGES for fault in broken(page)] == []


def test_a_page_that_is_named_in_a_sentence_is_linked() -> None:
    found = Page(
        "x.md", "See docs/a.md, [docs/b.md](b.md), `docs/c.md`.\n\n    docs/d.md\n"
    ).mentions

    assert [one.text for one in found] == ["docs/a.md"]
    assert [str(one) for page in PAGES for one in page.mentions] == []


def test_every_page_of_the_docs_is_listed_once_at_most() -> None:
    lists = [Page.read(f"{name}.md") for name in navigation.LISTS]
    listed = [f"{name}.md" for one in lists for name in navigation.listed(one.path, one.source)]
    shown = {page.path for page in PAGES if page.path.startswith("docs/")}

    assert sorted(listed) == sorted(set(listed))
    assert shown - set(listed) - {f"{navigation.ROOT_PAGE}.md", *navigation.NO_PAGES} == set()


@pytest.mark.parametrize(
    ("link", "fault"),
    [
        ("b.md", ""),
        ("b.md#a-heading-with-code", ""),
        ("b.md#twice-1", ""),
        ("#here", ""),
        ("https://example.com/nowhere", ""),
        ("c.md", "no such file"),
        ("b.md#elsewhere", "no such heading"),
        ("#b", "no such heading"),
        (".", "is a folder"),
    ],
)
def test_a_link_that_leads_nowhere_is_told(
    link: str, fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markdown, "ROOT", tmp_path)
    text = "# A heading, with `code`\n## Twice\n## Twice\n"
    (tmp_path / "b.md").write_text(text, encoding="utf-8")
    (tmp_path / "a.md").write_text(f"# Here\n\n[x]({link})\n", encoding="utf-8")

    found = broken(Page.read("a.md"))

    assert [fault in one for one in found] == [True] * bool(fault)


def test_a_list_of_links_becomes_a_table_of_contents() -> None:
    text = "# T\n\n## How\n\n- [Sign](approvals.md)\n- [Up](../README.md)\n\n## Words\n\nNone.\n"

    shown = navigation.with_contents(navigation.ROOT_PAGE, text)

    assert shown.startswith(text)
    assert (
        "```{toctree}\n:hidden:\n:caption: How\n\nSign </docs/approvals>\nUp </README>\n```"
        in shown
    )
    assert "Words\n\n" not in shown.removeprefix(text)
    assert navigation.with_contents("docs/gates", text) == text


def test_the_site_is_of_this_checkout() -> None:
    assert (ROOT / f"{navigation.ROOT_PAGE}.md").is_file()
