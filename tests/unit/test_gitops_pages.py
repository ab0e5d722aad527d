"""The pages about Git say what is tried: their snippets are those of the tests, which exist."""

from typing import Any

import pytest
import yaml
from tests.gitops.layouts import BY_MANAGER, BY_PATH, NO_IMAGES, Layout
from tests.gitops.test_waves import NO_RETRIES
from tests.unit.named_tests import existing, named_in
from tools.gitops.application import application
from tools.markdown import ROOT, Page

LAYOUTS, HELM_AND_FLUX = "docs/gitops/layouts.md", "docs/gitops/helm-and-flux.md"


def specs(page: str) -> list[dict[str, Any]]:
    """What the foreign blocks of a page say in their spec."""
    blocks = (one for one in Page.read(page).blocks if one.info == "yaml foreign")
    return [body["spec"] for one in blocks for body in yaml.safe_load_all(one.text)]


@pytest.mark.parametrize("page", [LAYOUTS, HELM_AND_FLUX])
def test_a_page_names_tests_that_there_are(page: str) -> None:
    named = named_in((ROOT / page).read_text(encoding="utf-8"))

    assert len(named) > 5
    assert named - existing() == set()


def test_the_first_layout_is_an_application_as_the_tests_create_it() -> None:
    shown, tried = specs(LAYOUTS)[0], application("bookshop", "argocd", "", "shop", "shop")["spec"]

    assert shown["syncPolicy"] == tried["syncPolicy"]
    assert shown["destination"] == tried["destination"]
    assert shown.keys() == tried.keys()


@pytest.mark.parametrize(("at", "layout"), [(1, NO_IMAGES), (2, BY_PATH), (3, BY_MANAGER)])
def test_the_other_layouts_are_shown_as_they_are_tried(at: int, layout: Layout) -> None:
    assert specs(LAYOUTS)[at] == layout.application


def test_an_application_with_waves_is_shown_as_it_is_tried() -> None:
    assert specs(LAYOUTS)[4] == {"syncPolicy": NO_RETRIES}


def test_each_row_of_the_table_is_a_test_of_all_layouts() -> None:
    text = (ROOT / "tests/gitops/test_layouts.py").read_text(encoding="utf-8")
    table = (ROOT / LAYOUTS).read_text(encoding="utf-8").partition("## What happens when")[2]
    rows = [line for line in table.partition("\n\nThrough")[0].splitlines() if "`test_" in line]

    assert sum("def test_" in line for line in text.splitlines()) == len(rows)
    assert all(f"def {name}(" in text for row in rows for name in named_in(row))
