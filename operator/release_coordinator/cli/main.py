"""The entry point of `kubectl release`: arguments in, exit code out.

kubectl finds the program `kubectl-release` on the PATH and hands the arguments over.
"""

import sys
from contextlib import suppress

import typer
from rich.console import Console

from .commands.registry import COMMANDS
from .failure import UnansweredError
from .grammar import Command, add, new_app
from .offers import NO_FILES, lines
from .verdict import ExitCode
from .words import plain

PROGRAM = "kubectl release"
COMPLETE = "__complete"
"""Asked by shells; see `offers`."""
HELP = (
    "Look at releases of Release Coordinator, sign them off, and give orders. It does what you may "
    "do yourself: with the rights of your kubeconfig, and in your name."
)

app = new_app(PROGRAM, HELP)
for _entry in COMMANDS:
    add(app, _entry)


def main() -> None:
    """Run the command line and exit; what goes wrong is one message, never a stack trace."""
    sys.exit(run(sys.argv[1:]))


def complete() -> None:
    """The program `kubectl_complete-release`, by which kubectl completes words after `release`."""
    sys.exit(run([COMPLETE, *sys.argv[1:]]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    if arguments[:1] == [COMPLETE]:
        return _offer(arguments[1:])
    try:
        return int(app(arguments, prog_name=PROGRAM, standalone_mode=False) or 0)
    except typer.TyperException as error:
        _say(f"{error.format_message()}\nSee {PROGRAM} {_command(arguments)}--help.")
    except UnansweredError as error:
        _say(str(error))
    except typer.Abort as error:
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):
            return ExitCode.INTERRUPTED
        _say("stopped; a question that was not answered with yes is answered with no")
    except BrokenPipeError:
        return ExitCode.INTERRUPTED  # whoever read it, like head, has seen enough
    return ExitCode.UNANSWERED


def _offer(words: list[str]) -> int:
    """Print what fits the last word; words that fit nothing are no news while somebody types."""
    found = [NO_FILES]
    with suppress(typer.TyperException):
        found = lines(app, PROGRAM, words)
    sys.stdout.writelines(f"{line}\n" for line in found)
    return ExitCode.YES


def _command(arguments: list[str]) -> str:
    """The command that was called, with its group, if there is one of that name."""
    entry = next((one for one in COMMANDS if arguments[:1] == [one.name]), None)
    if entry is None:
        return ""
    within = () if isinstance(entry, Command) else entry.commands
    second = next((one for one in within if arguments[1:2] == [one.name]), None)
    return f"{entry.name} {second.name} " if second else f"{entry.name} "


def _say(message: str) -> None:
    """Tell on stderr; each line apart, because foreign text must not make lines of its own."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for index, line in enumerate(message.splitlines()):
        console.print(plain(f"error: {line}" if index == 0 else line))


if __name__ == "__main__":
    main()
