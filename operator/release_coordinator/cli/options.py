"""Arguments and options that all commands of the plugin share."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the Release.")]
Namespace = Annotated[
    str | None, typer.Option("--namespace", "-n", help="Namespace; else the context's.")
]
Kubeconfig = Annotated[
    Path | None, typer.Option(help="Kubeconfig; else KUBECONFIG, else ~/.kube/config.")
]
Context = Annotated[str | None, typer.Option(help="Context of the kubeconfig.")]


class Form(StrEnum):
    """Values of `-o` for commands that show something else than the object itself."""

    PAGE = "page"
    JSON = "json"
    YAML = "yaml"


Output = Annotated[Form, typer.Option("--output", "-o", help="What to print.", show_default=False)]
