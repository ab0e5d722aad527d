"""What a shell is offered while somebody types: commands, options, values, names from the cluster.

`kubectl-release __complete WORDS...` prints it the way kubectl wants it of the program
`kubectl_complete-release`, and the scripts of `commands.completion` read the same.
"""

from typing import Any

import typer

NO_FILES, FILES = ":4", ":0"
"""What a shell does besides (kubectl's directives): nothing, or offer files."""
PATHS = {"file", "files", "kubeconfig"}
"""Parameters that are files."""
_HELP = 80


def lines(app: typer.Typer, program: str, words: list[str]) -> list[str]:
    """Offers for the last of the words, each `value` or `value<tab>help`, and the directive."""
    *before, begun = words or [""]
    command: Any = typer.main.get_command(app)  # what typer gives back carries no types
    context = command.make_context(program, [], resilient_parsing=True)
    while before and hasattr(command, "commands"):
        inner = command.get_command(context, before[0])
        if inner is None:
            return [NO_FILES]
        name, before, command = before[0], before[1:], inner
        args = [] if hasattr(inner, "commands") else list(before)
        context = inner.make_context(name, args, parent=context, resilient_parsing=True)
    if begun.startswith("-"):
        return [*_options(command, context, begun), NO_FILES]
    if hasattr(command, "commands"):
        return [*_commands(command, begun), NO_FILES]
    parameter = _awaited(command, context, before)
    if parameter is None:
        return [NO_FILES]
    if parameter.name in PATHS:
        return [FILES]
    return [*_values(parameter, context, begun), NO_FILES]


def _commands(command: Any, begun: str) -> list[str]:
    return [
        _line(name, one.get_short_help_str(_HELP))
        for name, one in command.commands.items()
        if name.startswith(begun) and not one.hidden
    ]


def _options(command: Any, context: Any, begun: str) -> list[str]:
    return [
        _line(name, getattr(one, "help", None) or "")
        for one in command.get_params(context)
        for name in [*one.opts, *one.secondary_opts]
        if name.startswith(begun) and name.startswith("-") and (begun != "--" or name[:2] == "--")
    ]


def _awaited(command: Any, context: Any, before: list[str]) -> Any:
    """The option whose value comes next, else the argument that has none yet."""
    parameters = command.get_params(context)
    flags = [one for one in parameters if getattr(one, "is_flag", False)]
    options = [one for one in parameters if one.param_type_name == "option" and one not in flags]
    if before:
        for one in options:
            if before[-1] in one.opts:
                return one
    taken = _arguments(before, {name for one in options for name in one.opts})
    arguments = [one for one in parameters if one.param_type_name == "argument"]
    if arguments and arguments[-1].nargs == -1:
        return arguments[-1]
    return arguments[taken] if taken < len(arguments) else None


def _arguments(before: list[str], with_value: set[str]) -> int:
    """How many of the words are arguments of their own."""
    taken, words = 0, iter(before)
    for word in words:
        if word in with_value:
            next(words, None)
        elif not word.startswith("-"):
            taken += 1
    return taken


def _values(parameter: Any, context: Any, begun: str) -> list[str]:
    return [_line(one.value, one.help or "") for one in parameter.shell_complete(context, begun)]


def _line(value: str, help_text: str) -> str:
    first = " ".join(help_text.split())
    return f"{value}\t{first}" if first else value
