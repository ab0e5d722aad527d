"""`kubectl release status`: where a release is, once or until it ends."""

import asyncio
from datetime import UTC, datetime
from typing import Annotated

import typer

from release_coordinator.cli import options
from release_coordinator.cli.follow import follow
from release_coordinator.cli.screen import Output, Screen
from release_coordinator.cli.source import Question, opened
from release_coordinator.cli.verdict import ExitCode

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release status bookshop -n shop            where is it, and who must act?

  kubectl release status bookshop -n shop --watch    follow it to its end

  kubectl release status bookshop -o wide            with times, digests and records

  kubectl release status bookshop -o json --watch | jq -r .status.phase

[bold]Exit codes of --watch[/bold]

  0  Completed

  1  RolledBack, Failed or RollbackFailed

  2  Held or stalled: a person must decide, or correct the spec

  3  no answer: wrong arguments, no such release, no access

Without --watch it is 0 as soon as there is an answer.
"""


def status(
    name: options.Name,
    namespace: options.Namespace = None,
    watch: Annotated[  # noqa: FBT002 - typer's way to declare a flag
        bool, typer.Option("--watch", "-w", help="Follow it until it ends or a person must act.")
    ] = False,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="What to print.", show_default=False)
    ] = Output.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show where a release is, what it waits for, who must act and why it failed."""
    question = Question(name, namespace, kubeconfig, context)
    screen = Screen(output, lambda: datetime.now(UTC))
    code = asyncio.run(_watch(question, screen) if watch else _look(question, screen))
    raise typer.Exit(code)


async def _look(question: Question, screen: Screen) -> ExitCode:
    async with opened(question) as source:
        screen.once(await source.read())
    return ExitCode.COMPLETED


async def _watch(question: Question, screen: Screen) -> ExitCode:
    async with opened(question) as source:
        return await follow(source, screen)
