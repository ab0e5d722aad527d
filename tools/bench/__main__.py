"""`python -m tools.bench`: measure everything and print it."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.bench import containers, measures, report, verdicts, watching
from tools.bench.app import SHAPES
from tools.bench.ground import Ground, ground
from tools.bench.measures import Row, Sizes
from tools.cluster import clusters
from tools.cluster.progress import Progress

NAME = "bench"
NODES = 3
QUICK = Sizes(repeats=1, serial=3, breaches=1, sign_offs=2, concurrent=5, idle_seconds=10.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring the cluster up, measure, print, and take down what was not there before."""
    parser = argparse.ArgumentParser(prog="tools.bench", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    parser.add_argument("--quick", action="store_true", help="smaller numbers, to try it out")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up afterwards")
    parser.add_argument(
        "--verdicts", action="store_true", help="only how often judgements are wrong; no cluster"
    )
    parser.add_argument(
        "--watching", type=int, metavar="N", help="only so many releases in their watch at once"
    )
    parser.add_argument(
        "--breaches", type=int, metavar="N", help="only so many bad versions on real containers"
    )
    parser.add_argument(
        "--outages", action="store_true", help="only silent metric sources, on real containers"
    )
    parser.add_argument("--name", default=NAME, help="name of the cluster")
    given = parser.parse_args(arguments)
    if given.verdicts:
        return verdicts.main(["--windows", "20"] if given.quick else [])
    progress = Progress()
    if given.breaches or given.outages:
        rows = _on_containers(f"{given.name}-kind", given.breaches, progress)
        print(report.machine(), report.table(rows), sep="\n\n")
        return 0
    sizes = QUICK if given.quick else Sizes()
    there = any(one.name == given.name and one.healthy for one in clusters.status())
    cluster = clusters.up(given.name, "light", progress, kwok_nodes=NODES)
    try:
        loads = [f"before: {report.machine()}"]
        rows = asyncio.run(_measured(cluster, sizes, progress, given.watching))
        loads.append(f"after: {report.machine()}")
    finally:
        if not (there or given.keep):
            clusters.down(given.name, progress)
    print("\n".join(loads), report.table(rows), sep="\n\n")
    if given.json:
        text = json.dumps(report.data(rows, loads), indent=2)
        given.json.write_text(text + "\n", encoding="utf-8")
    return 0


def _on_containers(name: str, breaches: int | None, progress: Progress) -> list[Row]:
    with containers.laboratory(name, progress) as lab:
        if breaches:
            with progress.step(f"{breaches} breaches on real containers"):
                return containers.breaches(lab, breaches)
        with progress.step("silent metric sources"):
            return containers.outages(lab)


async def _measured(
    cluster: clusters.Cluster, sizes: Sizes, progress: Progress, watched: int | None
) -> list[Row]:
    async with ground(cluster) as base:
        if watched is None:
            return await _all(base, sizes, progress)
        with progress.step(f"{watched} in their watch"):
            return await watching.watching(base, watched, sizes.idle_seconds)


async def _all(base: Ground, sizes: Sizes, progress: Progress) -> list[Row]:
    with progress.step("start-up"):
        operator, rows = await measures.start_up(base)
    for shape in SHAPES:
        with progress.step(f"cost of a release, {shape}"):
            rows += await measures.one_release(base, operator, shape, sizes.repeats)
    with progress.step(f"{sizes.serial} releases in a row"):
        rows += await measures.many_in_a_row(base, operator, sizes.serial)
    with progress.step(f"{sizes.breaches} breaches"):
        rows += await measures.breaches(base, sizes.breaches)
    with progress.step("idle"):
        rows += await measures.idle(base, sizes.idle_seconds)
    with progress.step(f"{sizes.sign_offs} releases that are signed"):
        rows += await measures.sign_offs(base, sizes.sign_offs, sizes.idle_seconds)
    with progress.step(f"{sizes.concurrent} at once"):
        rows += await measures.many_at_once(base, sizes.concurrent)
    return rows


if __name__ == "__main__":
    sys.exit(main())
