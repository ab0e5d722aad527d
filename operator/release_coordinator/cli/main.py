"""The entry point of `kubectl release`: arguments in, exit code out.

kubectl finds the program `kubectl-release` on the PATH and hands the arguments over.
"""

import asyncio
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from release_coordinator.api.codec import parse_release

from .screen import Output, Screen
from .source import Question, UnansweredError, opened
from .verdict import ExitCode, verdict_of
from .words import plain

PROGRAM = "kubectl release"
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

app = typer.Typer(
    name=PROGRAM,
    help="Look at releases of Release Coordinator.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _commands() -> None:
    """Look at releases of Release Coordinator. It shows, and changes nothing."""


@app.command(epilog=EXAMPLES)
def status(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the Release.")],
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", help="Namespace; else the context's.")
    ] = None,
    watch: Annotated[  # noqa: FBT002 - typer's way to declare a flag
        bool, typer.Option("--watch", "-w", help="Follow it until it ends or a person must act.")
    ] = False,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="What to print.", show_default=False)
    ] = Output.PAGE,
    kubeconfig: Annotated[
        Path | None, typer.Option(help="Kubeconfig; else KUBECONFIG, else ~/.kube/config.")
    ] = None,
    context: Annotated[str | None, typer.Option(help="Context of the kubeconfig.")] = None,
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
    """Show every state until one is an end or a stop."""
    async with opened(question) as source:
        code = None
        with screen.watching():
            async for body in source.states(screen.lost):
                screen.news(body)
                code = verdict_of(parse_release(body))
                if code is not None:
                    break
        screen.last()
    return ExitCode.UNANSWERED if code is None else code


def main() -> None:
    """Run the command line and exit; what goes wrong is one message, never a stack trace."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        return int(app(arguments, prog_name=PROGRAM, standalone_mode=False) or 0)
    except typer.TyperException as error:
        _say(f"{error.format_message()}\nSee {PROGRAM} status --help.")
    except UnansweredError as error:
        _say(str(error))
    return ExitCode.UNANSWERED


def _say(message: str) -> None:
    """Tell on stderr; each line apart, because foreign text must not make lines of its own."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for index, line in enumerate(message.splitlines()):
        console.print(plain(f"error: {line}" if index == 0 else line))


if __name__ == "__main__":
    main()
