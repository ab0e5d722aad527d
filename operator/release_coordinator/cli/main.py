"""The entry point of `kubectl release`: arguments in, exit code out.

kubectl finds the program `kubectl-release` on the PATH and hands the arguments over.
"""

import sys

import typer
from rich.console import Console

from .commands import chart, explain, order, plan, sign, status, watch
from .failure import UnansweredError
from .verdict import ExitCode
from .words import plain

PROGRAM = "kubectl release"
HELP = (
    "Look at releases of Release Coordinator, sign them off, and give orders. Only approve, "
    "reject, revoke and waive (one Approval) and suspend, resume, retry, abort and rollback (one "
    "change of the Release) write anything, in your name."
)

app = typer.Typer(
    name=PROGRAM,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(help=HELP)
def _commands() -> None:
    pass


app.command(epilog=status.EXAMPLES)(status.status)
app.command(epilog=watch.EXAMPLES)(watch.watch)
app.command(epilog=chart.EXAMPLES)(chart.chart)
app.command(epilog=plan.EXAMPLES)(plan.plan)
app.command("explain", epilog=explain.EXAMPLES)(explain.explain_)
app.command(epilog=sign.APPROVE_EXAMPLES)(sign.approve)
app.command(epilog=sign.REJECT_EXAMPLES)(sign.reject)
app.command(epilog=sign.REVOKE_EXAMPLES)(sign.revoke)
app.command(epilog=sign.WAIVE_EXAMPLES)(sign.waive)
app.command(epilog=order.SUSPEND_EXAMPLES)(order.suspend)
app.command(epilog=order.RESUME_EXAMPLES)(order.resume)
app.command(epilog=order.RETRY_EXAMPLES)(order.retry)
app.command(epilog=order.ABORT_EXAMPLES)(order.abort)
app.command(epilog=order.ROLLBACK_EXAMPLES)(order.rollback)


def main() -> None:
    """Run the command line and exit; what goes wrong is one message, never a stack trace."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line and return its exit code."""
    try:
        return int(app(arguments, prog_name=PROGRAM, standalone_mode=False) or 0)
    except typer.TyperException as error:
        _say(f"{error.format_message()}\nSee {PROGRAM} {_command(arguments)}--help.")
    except UnansweredError as error:
        _say(str(error))
    except typer.Abort:
        _say("stopped; a question that was not answered with yes is answered with no")
    return ExitCode.UNANSWERED


def _command(arguments: list[str]) -> str:
    """The command that was called, if there is one of that name."""
    known = {
        command.name or command.callback.__name__
        for command in app.registered_commands
        if command.callback
    }
    return f"{arguments[0]} " if arguments and arguments[0] in known else ""


def _say(message: str) -> None:
    """Tell on stderr; each line apart, because foreign text must not make lines of its own."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    for index, line in enumerate(message.splitlines()):
        console.print(plain(f"error: {line}" if index == 0 else line))


if __name__ == "__main__":
    main()
