"""From a machine with nothing on it to three releases: `make demo`.

1.3.0 waits for two people to sign it off, and completes. 1.4.0 is slow and is taken back. 1.4.1
never gets ready and is taken back. After each, the result is checked from outside; the exit status
says whether everything was right.

The cluster stays up for looking around, and a second run uses it again;
`make cluster-down NAME=release-coordinator-demo` ends it. With `--by-hand` nothing is released: the
stage is set, and the tutorial of the docs says how to go on.
"""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from tools.cluster import clusters
from tools.cluster.progress import Progress
from tools.cluster.shell import CommandError
from tools.demo import closing, signing, stage
from tools.demo.acts import ACTS, play
from tools.demo.narrator import Narrator
from tools.demo.proof import Proof
from tools.lab.lab import Lab, WaitedTooLongError

_EXPECTED = (CommandError, WaitedTooLongError, TimeoutError, LookupError, ValueError)
_LOG_LINES = 15
_WIDTH = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the demo; 0 if every check was right."""
    options = _parser().parse_args(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    try:
        lab = stage.prepare(options.kubeconfig, Progress())
        if options.by_hand:
            return _hand_over(lab, console)
        right = _perform(lab, console)
    except _EXPECTED as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.down and options.kubeconfig is None:
        clusters.down(stage.CLUSTER, Progress())
    else:
        ours = options.kubeconfig is None
        closing.look_around(console, lab.cluster.kubeconfig, stage.NAMESPACE, ours=ours)
    return 0 if right else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make demo",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--down", action="store_true", help="take the cluster down afterwards")
    parser.add_argument(
        "--by-hand",
        action="store_true",
        help="release nothing: set the stage and leave it to you, as in docs/tutorial.md",
    )
    parser.add_argument(
        "--kubeconfig",
        type=Path,
        help="an existing cluster whose nodes have the images: " + ", ".join(stage.tags()),
    )
    return parser


def _hand_over(lab: Lab, console: Console) -> int:
    """Leave the stage to whoever follows the tutorial."""
    stage.measure_by_default(lab)
    logins = {one.name: one.kubectl.kubeconfig for one in signing.people(lab).values()}
    closing.hand_over(console, lab.cluster.kubeconfig, logins)
    return 0


def _perform(lab: Lab, console: Console) -> bool:
    """Play the acts, then show what was checked after each."""
    start = time.monotonic()
    narrator = Narrator(console, lambda: time.monotonic() - start)
    proof = Proof(lab, stage.NAMESPACE)
    signers = signing.people(lab)
    names = ", ".join(f"{one.name} for {role}" for role, one in signers.items())
    narrator.say(f"who signs, each with a client certificate of their own: {names}")
    narrator.say(f"bookshop 1.2.0 runs; a customer waits {proof.usual * 1000:.0f} ms for the books")
    try:
        for act in ACTS:
            ending = play(lab, stage.NAMESPACE, act, narrator, signers)
            if not proof.examine(act, ending):
                break  # each act begins where the one before it was to end
    except _EXPECTED:
        log = lab.operator_logs().splitlines()[-_LOG_LINES:]
        console.print("\nThe operator's last words:", *log, sep="\n  ", markup=False)
        raise
    finally:
        console.print()
        console.print(closing.table_of(proof.checks))
        console.print(closing.verdict_of(proof.checks))
    return all(check.right for check in proof.checks)


if __name__ == "__main__":
    sys.exit(main())
