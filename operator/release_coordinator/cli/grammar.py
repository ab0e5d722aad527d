"""How a command becomes part of the plugin: its name, help, examples, and place in `--help`.

Used by `commands.registry`. Everything that all commands share is added here, once: they look alike
because none of them says it itself.

`-o` of a command says one of these, and no other:

- It shows something computed: a page, or `json|yaml` of the view behind it (`paper.document`).
- It lists objects: `table|wide|name`, or `json|yaml` of them as a List (`paper.objects`).
- It writes an object, or shows one: words, or `json|yaml` of the object as the API server has it
  then (`paper.stored`). A script goes on with `.metadata.name` or `.metadata.resourceVersion`.

A stream has none (`watch`, `logs`): it ends when something has happened, and is no document before.
Neither has what makes a document in a format of its own (`init` a Release in YAML, `completion` a
script, `chart` a picture, whose `-o` names its formats). What they are made of is an object:
`kubectl get release NAME -o json`.
"""

import functools
import inspect
import os
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import typer

NO_COLOR = "NO_COLOR"
"""Environment variable: no colours, whatever its value is."""


class Panel(StrEnum):
    """Headings of `kubectl release --help`."""

    PREPARE = "Prepare a release"
    FOLLOW = "Follow a release"
    DECIDE = "Sign off"
    ORDER = "Give orders"
    AFTER = "Look back"
    TOOL = "The plugin itself"


@dataclass(frozen=True, slots=True)
class Command:
    """One command: a function with typer's annotations, and the examples below its help."""

    function: Callable[..., Any]
    examples: str
    name: str
    panel: Panel | None = None
    """None inside a group."""


@dataclass(frozen=True, slots=True)
class Group:
    """Commands that begin with the same word, like `incident list` and `incident show`."""

    name: str
    help: str
    panel: Panel
    commands: tuple[Command, ...]


def new_app(name: str, help_text: str) -> typer.Typer:
    """An application that says its help when it is called without arguments."""
    made = typer.Typer(
        name=name,
        help=help_text,
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    made.callback(help=help_text)(_group)
    return made


def add(app: typer.Typer, entry: Command | Group) -> None:
    """Make a command or a group part of an application."""
    match entry:
        case Command():
            register = app.command(entry.name, epilog=entry.examples, rich_help_panel=entry.panel)
            register(_shared(entry.function))
        case Group():
            group = new_app(entry.name, entry.help)
            for command in entry.commands:
                add(group, command)
            app.add_typer(group, name=entry.name, rich_help_panel=entry.panel)


def _group() -> None:
    """Nothing is done between the words of a command."""


def _without_colours(context: typer.Context, value: bool) -> None:  # noqa: FBT001 - a callback
    if not value or NO_COLOR in os.environ:
        return
    os.environ[NO_COLOR] = "1"  # rich asks for it, wherever something is printed
    context.call_on_close(lambda: os.environ.pop(NO_COLOR, None))


_NoColor = Annotated[
    bool,
    typer.Option(
        "--no-color",
        help="No colours, as with NO_COLOR in the environment.",
        is_eager=True,
        expose_value=False,
        callback=_without_colours,
    ),
]


def _shared(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the options of all commands."""

    @functools.wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        options.pop("no_color", None)  # its callback has done it
        return function(*args, **options)

    own = inspect.signature(function)
    extra = inspect.Parameter(
        "no_color", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=_NoColor
    )
    described: Any = call
    described.__signature__ = own.replace(parameters=[*own.parameters.values(), extra])
    described.__annotations__ = {**function.__annotations__, "no_color": _NoColor}
    return call
