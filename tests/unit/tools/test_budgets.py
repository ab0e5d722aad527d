"""The measure of sizes: what counts, and when it is too much."""

from pathlib import Path

from tools.budgets import FUNCTIONS, Budget, Size, file_sizes, function_sizes, quantile


def sizes(*lines: int) -> list[Size]:
    return [Size(count, f"f{count}") for count in lines]


def test_nested_and_async_functions_count_with_all_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    file.write_text("async def outer():\n    def inner():\n        pass\n    inner()\n", "utf-8")

    measured = {size.where.split()[1]: size.lines for size in function_sizes([file], tmp_path)}

    assert measured == {"outer": 4, "inner": 2}


def test_an_empty_file_does_not_lower_the_median(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()

    assert file_sizes([tmp_path / "__init__.py"], tmp_path) == []


def test_quantiles_name_a_size_that_exists() -> None:
    assert quantile(sizes(1, 2, 3, 4), 0.5) == 2
    assert quantile(sizes(*range(1, 11)), 0.9) == 9
    assert quantile([], 0.9) == 0


def test_one_function_over_the_cap_is_named() -> None:
    assert FUNCTIONS.breaches(sizes(*[5] * 20, 61)) == [
        "f61: 61 lines, the cap for a function is 60"
    ]


def test_many_functions_under_the_cap_can_be_too_large_as_well() -> None:
    budget = Budget("function", cap=60, quantile=0.9, at_quantile=30)

    assert budget.breaches(sizes(31, 31, 31)) == [
        "90% of all functions should have at most 30 lines and have 31"
    ]
