"""Arguments and options that all commands of the plugin share, so that they are said alike."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from release_coordinator.api.checklist import UNWAIVABLE, GateName
from release_coordinator.engine.gates.sign_off import PREFIX

from .completion import names_of

Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the Release.", autocompletion=names_of)
]
Namespace = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Namespace; else the context's.")
]
AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="In all namespaces.")]
Kubeconfig = Annotated[
    Path | None, typer.Option(help="Kubeconfig; else KUBECONFIG, else ~/.kube/config.")
]
Context = Annotated[str | None, typer.Option(help="Context of the kubeconfig.")]
Watch = Annotated[bool, typer.Option("--watch", "-w", help="Go on and show what changes.")]


def waivable(text: str) -> GateName:
    """The gate of a `--gate`, in any case. Raises BadParameter for what cannot be waived."""
    named = next((gate for gate in GateName if gate.lower() == text.lower()), None)
    if named is not None and named not in UNWAIVABLE:
        return named
    kind, _, role = text.partition("/")
    if kind.lower() == PREFIX.rstrip("/").lower():
        raise typer.BadParameter(
            "sign-offs cannot be waived; whoever has the role gives one with "
            f"kubectl release approve NAME --role {role or 'ROLE'}"
        )
    known = ", ".join(gate for gate in GateName if gate not in UNWAIVABLE)
    problem = f"gate {named} cannot be waived: without it nobody knows what happens"
    if named is None:
        problem = f"{text!r} is not one of the gates that can be waived"
    raise typer.BadParameter(f"{problem}; those that can: {known}")


class Form(StrEnum):
    """Values of `-o` for commands that show something else than the object itself."""

    PAGE = "page"
    JSON = "json"
    YAML = "yaml"


class Rows(StrEnum):
    """Values of `-o` for commands that list objects."""

    TABLE = "table"
    WIDE = "wide"
    NAME = "name"
    JSON = "json"
    YAML = "yaml"


Output = Annotated[Form, typer.Option("--output", "-o", help="What to print.", show_default=False)]
RowsOutput = Annotated[
    Rows, typer.Option("--output", "-o", help="What to print.", show_default=False)
]
