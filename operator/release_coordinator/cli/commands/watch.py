"""`kubectl release watch`: what is watched of a release, live, until it ends."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from release_coordinator.cli import options
from release_coordinator.cli.follow import follow
from release_coordinator.cli.screen import Screen
from release_coordinator.cli.source import Question, opened
from release_coordinator.cli.verdict import ExitCode
from release_coordinator.cli.watchscreen import WatchScreen

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release watch bookshop -n shop           what is watched, live, until the release ends

  kubectl release watch bookshop -n shop --once    one frame, for scripts

  kubectl release watch bookshop | tee watch.log   a line for each new verdict, the frame at the end

[bold]Exit codes[/bold]

  0  Completed

  1  RolledBack, Failed or RollbackFailed

  2  Held or stalled: a person must decide, or correct the spec

  3  no answer: wrong arguments, no such release, no access

With --once it is 0 as soon as there is an answer.
"""


def watch(
    name: options.Name,
    *,
    namespace: options.Namespace = None,
    once: Annotated[bool, typer.Option("--once", help="Show one frame and stop.")] = False,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show what is watched of a release: each value beside its baseline and limit, as it comes."""
    question = Question(name, namespace, kubeconfig, context)
    screen = WatchScreen(lambda: datetime.now(UTC))
    raise typer.Exit(asyncio.run(_watch(question, screen, once=once)))


async def _watch(question: Question, screen: Screen, *, once: bool) -> ExitCode:
    async with opened(question) as source:
        if not once:
            return await follow(source, screen)
        screen.once(await source.read())
    return ExitCode.COMPLETED
