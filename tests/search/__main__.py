"""`make search`: search models to their end and say what was found.

`python -m tests.search [--quick] [name ...]`; each model in a process of its own, two at a time.
"""

import sys
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.search.models import MODELS, QUICK
from tests.search.report import Report, search
from tests.search.table import COMMON, TABLE

PROCESSES = 2


def run(names: Iterable[str]) -> list[Report]:
    """Search the models of these names, and tell each result as it comes."""
    found = []
    context = get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context, max_tasks_per_child=1) as pool:
        for report in pool.map(search, names):
            _tell(report.line())
            for text in report.failures:
                _tell(text)
            found.append(report)
    return found


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(arguments: list[str]) -> int:
    """Exit code 1 if a promise is broken or the table of phases is wrong."""
    quick = "--quick" in arguments
    models, expected = (QUICK, COMMON) if quick else (MODELS, TABLE)
    wanted = [name for name in arguments if not name.startswith("--")]
    reports = run(wanted or [model.name for model in models])
    rows: Counter[str] = sum((report.rows for report in reports), Counter())
    states = sum(report.states for report in reports)
    seconds = sum(report.seconds for report in reports)
    broken = any(report.failures for report in reports)
    moves = sum(report.moves for report in reports)
    what = "BROKEN" if broken else f"models searched to their end: {len(reports)}"
    _tell(f"{what}; {states:,} distinct states, {moves:,} moves, {seconds:.0f} s of CPU")
    if "--rows" in arguments:
        _tell("\n".join(f"{row}: {count:,}" for row, count in sorted(rows.items())))
    beyond = sorted(rows.keys() - TABLE)
    missing = [] if wanted else sorted(expected - rows.keys())
    for words, found in (("not in the table", beyond), ("never reached", missing)):
        for row in found:
            _tell(f"{words}: {row}")
    return int(bool(beyond or missing or broken))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
