"""Rules about the tree as a whole that neither the linter nor the import contracts can state."""

import ast
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tools import budgets, hygiene

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "operator" / "release_coordinator"
PURE = ("api", "engine", "render")
CLOCKS = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time"}


def python_files(*folders: str) -> list[Path]:
    return sorted(file for name in folders for file in (PACKAGE / name).rglob("*.py"))


def calls(file: Path, wanted: Callable[[str], bool]) -> Iterator[str]:
    """Yield `file:line` of each call whose dotted name is wanted."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and wanted(ast.unparse(node.func)):
            yield f"{file.relative_to(ROOT)}:{node.lineno}"


def test_files_and_functions_stay_within_their_budgets() -> None:
    files = budgets.sources()

    breaches = budgets.FILES.breaches(budgets.file_sizes(files))
    breaches += budgets.FUNCTIONS.breaches(budgets.function_sizes(files))

    assert breaches == []


def test_the_status_of_each_kind_has_one_writer() -> None:
    cluster = set(python_files("cluster"))
    sites = [
        site
        for file in python_files(".")
        if file not in cluster
        for site in calls(file, lambda name: name.endswith(".replace_status"))
    ]

    files = sorted(site.partition(":")[0].rpartition("/")[2] for site in sites)
    assert files == [
        "channels.py",  # of a Channel
        "delivery.py",  # of a Notification
        "incidents.py",  # of an Incident
        "reconcile.py",  # of a Release
        "sourcehealth.py",  # of a MetricSource
    ]


@pytest.mark.parametrize("layer", PURE)
def test_a_pure_layer_is_told_the_time(layer: str) -> None:
    sites = [
        site
        for file in python_files(layer)
        for site in calls(file, lambda name: any(name.endswith(clock) for clock in CLOCKS))
    ]

    assert sites == []


def test_the_source_root_holds_one_package_and_no_module() -> None:
    entries = {entry.name for entry in (ROOT / "operator").iterdir()} - {"__pycache__"}

    assert entries == {"release_coordinator"}


def test_operator_is_the_standard_librarys_when_started_from_the_checkout() -> None:
    code = "import operator, collections; print(operator.__file__)"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert not Path(done.stdout.strip()).is_relative_to(ROOT)


def test_no_module_can_shadow_the_standard_library() -> None:
    # Starting such a file by its path would put its folder in front of the standard library.
    names = {file.stem for file in python_files(".")} - {"__init__", "__main__"}

    assert names & set(sys.stdlib_module_names) == set()


def test_a_file_that_names_an_index_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hygiene, "ROOT", tmp_path)
    bad = tmp_path / "bad.txt"
    bad.write_text("fetch\nfrom https://index.example.test/simple\n", encoding="utf-8")
    good = tmp_path / "good.txt"
    good.write_text("not-index.example.test index.example.tests\n", encoding="utf-8")

    found = hygiene.named_hosts([bad, good], {"index.example.test"})

    assert found == ["bad.txt:2: from https://index.example.test/simple"]


def test_a_file_that_names_the_checkout_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hygiene, "ROOT", tmp_path)
    bad = tmp_path / "bad.txt"
    bad.write_text(f"cd {tmp_path}/operator\n", encoding="utf-8")

    assert hygiene.own_path([bad]) == [f"bad.txt:1: cd {tmp_path}/operator"]


def is_unordered(node: ast.expr) -> bool:
    """Whether an expression makes a set, as far as it can be read off."""
    if isinstance(node, ast.BinOp):
        return is_unordered(node.left) or is_unordered(node.right)
    made = isinstance(node, ast.Call) and ast.unparse(node.func) in {"set", "frozenset"}
    return made or isinstance(node, ast.Set | ast.SetComp)


def test_no_test_takes_its_cases_from_a_set() -> None:
    """Workers must collect the same tests in the same order."""
    sites = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in sorted((ROOT / "tests").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and ast.unparse(node.func).endswith("parametrize")
        and is_unordered(node.args[1])
    ]

    assert sites == []
