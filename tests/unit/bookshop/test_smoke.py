"""The smoke test judges like a customer, and says what is wrong."""

import pytest
from bookshop import smoke
from bookshop.behaviours import behaviour_of
from bookshop.smoke import SmokeTestError

BOOK = {"id": 1, "title": "Middlemarch", "author": "George Eliot", "price_cents": 1290}


def test_the_expected_version_passes() -> None:
    assert smoke.judge_version("backend", ["1.3.0"] * 5, "1.3.0") == "backend serves 1.3.0"


def test_without_an_expectation_any_single_version_passes() -> None:
    assert smoke.judge_version("backend", ["1.2.0"], "") == "backend serves 1.2.0"


def test_another_version_fails() -> None:
    with pytest.raises(SmokeTestError, match=r"frontend serves 1\.2\.0, expected 1\.3\.0"):
        smoke.judge_version("frontend", ["1.2.0"], "1.3.0")


def test_two_versions_at_once_fail() -> None:
    with pytest.raises(SmokeTestError, match=r"several versions: 1\.2\.0, 1\.3\.0"):
        smoke.judge_version("backend", ["1.3.0", "1.2.0"], "1.3.0")


def test_an_empty_shop_fails() -> None:
    with pytest.raises(SmokeTestError, match="no books"):
        smoke.judge_books([])


@pytest.mark.parametrize("version", ["1.2.0", "1.3.0", "1.4.0"])
def test_right_totals_pass(version: str) -> None:
    order = {"total_cents": behaviour_of(version).total_cents(1290, 3)}
    assert smoke.judge_order(BOOK, 3, order) == "3 copies cost 3870 cents"


def test_the_total_of_1_4_2_fails() -> None:
    order = {"total_cents": behaviour_of("1.4.2").total_cents(1290, 3)}
    with pytest.raises(SmokeTestError, match="order total is 1290 cents, expected 3870"):
        smoke.judge_order(BOOK, 3, order)


def test_an_order_that_was_kept_differently_fails() -> None:
    with pytest.raises(SmokeTestError, match="order 7 was kept as"):
        smoke.judge_kept({"id": 7, "quantity": 3}, {"id": 7, "quantity": 1})


def test_a_page_without_the_books_fails() -> None:
    with pytest.raises(SmokeTestError, match="does not show 'Middlemarch'"):
        smoke.judge_page(200, "<html></html>", [BOOK])


def test_a_page_that_is_an_error_fails() -> None:
    with pytest.raises(SmokeTestError, match="answers 502: The shop is closed"):
        smoke.judge_page(502, "The shop is closed for a moment.", [BOOK])
