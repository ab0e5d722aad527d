"""The end of the demo: the table of checks, and commands to go on with. Pure but for printing.

Last part of `demo.__main__`.
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text
from tools.cluster import binaries
from tools.demo.proof import Check


def table_of(checks: Sequence[Check]) -> Table:
    """Return what was expected and what was seen."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    for name in ("RELEASE", "CHECK", "EXPECTED", "SEEN", ""):
        table.add_column(name, overflow="fold")
    before = ""
    for check in checks:
        mark = Text("ok", "green") if check.right else Text("WRONG", "bold red")
        release = check.act if check.act != before else ""
        before = check.act
        table.add_row(release, check.what, check.expected, check.seen, mark)
    return table


def verdict_of(checks: Sequence[Check]) -> Text:
    """Return the demo's result in one line."""
    wrong = [check for check in checks if not check.right]
    if wrong:
        return Text(f"{len(wrong)} of {len(checks)} checks are wrong", "bold red")
    return Text(f"all {len(checks)} checks are right", "bold green")


def look_around(console: Console, kubeconfig: Path, namespace: str, *, ours: bool) -> None:
    """Print commands that work as they are."""
    lines = [
        _environment(kubeconfig),
        f"kubectl release status bookshop -n {namespace}",
        f"kubectl get releases,releaserecords,jobs -n {namespace}",
        f"kubectl get events -n {namespace} --field-selector involvedObject.kind=Release",
        f"kubectl port-forward -n {namespace} svc/bookshop-prometheus 9090",
    ]
    if ours:
        lines.append("make cluster-down NAME=release-coordinator-demo    # until then it stays")
    console.print("\nLook around:", style="bold")
    for line in lines:
        console.print(Text(f"  {line}"), soft_wrap=True)


def hand_over(console: Console, kubeconfig: Path, logins: Mapping[str, Path]) -> None:
    """Print what a shell needs for the tutorial; `logins` are kubeconfigs by name of a person."""
    people = " ".join(f"{name.upper()}={file}" for name, file in logins.items())
    console.print("\nNow it is your turn, docs/tutorial.md goes on here:", style="bold")
    for line in (_environment(kubeconfig), f"export {people}"):
        console.print(Text(line), soft_wrap=True)


def _environment(kubeconfig: Path) -> str:
    """The line after which kubectl and its plugin work on the cluster."""
    folders = f"{Path(sys.executable).parent}:{binaries.path('kubectl').parent}"
    return f"export KUBECONFIG={kubeconfig} PATH={folders}:$PATH"
