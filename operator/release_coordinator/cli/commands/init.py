"""`kubectl release init`: a first release.yaml, from what runs in a namespace.

place -> draft.survey (what is there) -> draft.writing (a file with comments)
"""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer

from release_coordinator.cli import options
from release_coordinator.cli.draft.survey import Namespace, drafts
from release_coordinator.cli.draft.writing import text
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.place import Place, Session, connected
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.port import (
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    SERVICE,
    STATEFUL_SET,
    Body,
    Kind,
)
from release_coordinator.errors import Denied, NotFound

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release init -n shop                     writes release.yaml

  kubectl release init bookshop -n shop --file -   all workloads as one release, to stdout

It writes a file and nothing into the cluster. Read it, correct what is marked CHECK, then:

  kubectl release lint release.yaml --server
"""
CRON_JOB = Kind("batch", "v1", "cronjobs", "CronJob")
STDOUT = "-"

ReleaseName = Annotated[
    str | None, typer.Argument(metavar="[NAME]", help="Name of the Release; else by its labels.")
]
File = Annotated[str, typer.Option("--file", "-f", help="File to write; - is stdout.")]
Force = Annotated[bool, typer.Option("--force", help="Write over a file that is there.")]


def init(
    name: ReleaseName = None,
    *,
    file: File = "release.yaml",
    force: Force = False,
    namespace: options.Namespace = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Write a first release.yaml by looking at the workloads of a namespace."""
    if file != STDOUT and Path(file).exists() and not force:
        raise UnansweredError(f"{file} is there already: name another --file, or say --force")
    written = asyncio.run(_written(Place(namespace, kubeconfig=kubeconfig, context=context), name))
    if file == STDOUT:
        sys.stdout.write(written)
        return
    try:
        Path(file).write_text(written, encoding="utf-8")
    except OSError as error:
        raise UnansweredError(f"{file} cannot be written: {error.strerror}") from error
    sys.stderr.write(
        f"{file} is written. Read it, correct what is marked CHECK, then:\n"
        f"  kubectl release lint {file} --server\n"
    )


async def _written(place: Place, name: str | None) -> str:
    async with connected(place) as session:
        found = Namespace(
            [
                {"kind": kind.kind} | body
                for kind in (DEPLOYMENT, STATEFUL_SET, DAEMON_SET)
                for body in await session.list(kind)
            ],
            await _if_allowed(session, SERVICE),
            await _if_allowed(session, CONFIG_MAP),
            await _if_allowed(session, CRON_JOB),
        )
        made = drafts(found, str(session.namespace), name)
        if not made:
            raise UnansweredError(
                f"there is nothing to release in namespace {session.namespace!r}: no Deployment, "
                "StatefulSet or DaemonSet with a version of its own; choose another with -n"
            )
    return text(made)


async def _if_allowed(session: Session, kind: Kind) -> list[Body]:
    """What would be nice to know."""
    try:
        async with session.explained(kind):
            return await session.cluster.list(kind, session.namespace)
    except UnansweredError as error:
        if isinstance(error.__cause__, Denied | NotFound | Unserved):
            sys.stderr.write(f"you may not read {kind.plural}: the file says less\n")
            return []
        raise
