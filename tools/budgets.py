"""How large files and functions may be, and how large they are.

Code bases that people like to read have a median file of 115 to 205 lines and nine functions of
ten within 30 to 50 lines. `make budgets` prints the measure;
`tests/test_architecture.py` uses the same functions.
"""

import ast
import math
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COVERED = ("operator", "tools")


@dataclass(frozen=True, order=True)
class Size:
    """The lines of one thing; ordered by them."""

    lines: int
    where: str


@dataclass(frozen=True)
class Budget:
    """The largest allowed size, and a quantile that keeps the ordinary case small."""

    what: str
    cap: int
    quantile: float
    at_quantile: int

    def breaches(self, sizes: Sequence[Size]) -> list[str]:
        """Return a sentence for each breach."""
        found = [
            f"{size.where}: {size.lines} lines, the cap for a {self.what} is {self.cap}"
            for size in sorted(sizes, reverse=True)
            if size.lines > self.cap
        ]
        have = quantile(sizes, self.quantile)
        if have > self.at_quantile:
            found.append(
                f"{self.quantile:.0%} of all {self.what}s should have at most "
                f"{self.at_quantile} lines and have {have}"
            )
        return found


FILES = Budget("file", cap=400, quantile=0.5, at_quantile=150)
FUNCTIONS = Budget("function", cap=60, quantile=0.9, at_quantile=30)


def sources(root: Path = ROOT, folders: Iterable[str] = COVERED) -> list[Path]:
    """Return the Python files that the budgets cover."""
    return sorted(file for name in folders for file in (root / name).rglob("*.py"))


def file_sizes(files: Iterable[Path], root: Path = ROOT) -> list[Size]:
    """Return the lines of each file that has any."""
    counted = (
        Size(len(file.read_text(encoding="utf-8").splitlines()), str(file.relative_to(root)))
        for file in files
    )
    return [size for size in counted if size.lines]


def function_sizes(files: Iterable[Path], root: Path = ROOT) -> list[Size]:
    """Return the lines of each function, from `def` to its last statement, nested ones too."""
    return [
        Size(
            (node.end_lineno or node.lineno) - node.lineno + 1, f"{where}:{node.lineno} {node.name}"
        )
        for file in files
        for where in [str(file.relative_to(root))]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def quantile(sizes: Sequence[Size], share: float) -> int:
    """Return the size that `share` of all sizes do not exceed."""
    ordered = sorted(size.lines for size in sizes)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else 0


def main() -> int:
    """Print the measure and the breaches."""
    files = sources()
    measured = ((FILES, file_sizes(files)), (FUNCTIONS, function_sizes(files)))
    breaches = []
    for budget, sizes in measured:
        largest = max(sizes, default=Size(0, "none"))
        print(
            f"{len(sizes)} {budget.what}s: median {quantile(sizes, 0.5)}, "
            f"p90 {quantile(sizes, 0.9)}, largest {largest.lines} ({largest.where})"
        )
        breaches += budget.breaches(sizes)
    for breach in breaches:
        print(f"error: {breach}", file=sys.stderr)
    return 1 if breaches else 0


if __name__ == "__main__":
    sys.exit(main())
