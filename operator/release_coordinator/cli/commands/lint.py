"""`kubectl release lint`: what is wrong with a file, before anybody applies it.

file -> lint.offline (schema, rules, plan, advice) -> with --server: lint.server -> lint.report
"""

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from release_coordinator.cli import options, paper
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.lint import gitops, report
from release_coordinator.cli.lint.findings import Finding, Level
from release_coordinator.cli.lint.offline import kind_of, settled, sifted
from release_coordinator.cli.lint.places import Document, read
from release_coordinator.cli.lint.server import ServerCheck
from release_coordinator.cli.place import Place, connected
from release_coordinator.cli.verdict import ExitCode

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release lint release.yaml                    schema, rules and advice, without a cluster

  kubectl release lint release.yaml -n shop --server   also: does what it names exist there?

  helm template shop ./shop | kubectl release lint -

  kubectl release lint deploy/ --strict -o sarif > lint.sarif

  kubectl release lint apps/ argocd/                   with what applies them: do they fight?

[bold]Exit codes[/bold]

  0  nothing that is refused; with --strict no warning either

  1  errors

  3  no answer: a file that cannot be read, no connection
"""
SUFFIXES = (".yaml", ".yml", ".json")


class Form(StrEnum):
    """Values of `-o`."""

    PAGE = "page"
    JSON = "json"
    YAML = "yaml"
    SARIF = "sarif"


Files = Annotated[
    list[str], typer.Argument(metavar="FILE...", help="Files, folders, or - for stdin.")
]
Server = Annotated[bool, typer.Option("--server", help="Also ask the cluster; nothing is written.")]
Strict = Annotated[bool, typer.Option("--strict", help="Warnings fail as errors do.")]
Ignore = Annotated[
    list[str] | None, typer.Option("--ignore", help="Leave a rule out; may be repeated.")
]
Output = Annotated[Form, typer.Option("--output", "-o", help="What to print.", show_default=False)]


@dataclass(frozen=True, slots=True)
class _Text:
    """A file as it was read."""

    name: str
    text: str


def lint(  # noqa: PLR0913 - each is an option
    files: Files,
    *,
    server: Server = False,
    strict: Strict = False,
    ignore: Ignore = None,
    output: Output = Form.PAGE,
    namespace: options.Namespace = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Say what is wrong with release files: what is refused, and what you would regret."""
    found: list[Finding] = []
    everything: list[Document] = []
    for one in [text for name in files for text in _texts(name)]:
        documents, faults = read(one.text, one.name)
        everything += documents
        found += faults
    checked, told = sifted(everything)
    found += [*told, *gitops.findings(everything)]
    if not checked and not found:
        raise UnansweredError(
            f"there is no object of Release Coordinator in {', '.join(files)}: nothing was checked"
        )
    if server:
        place = Place(namespace, kubeconfig=kubeconfig, context=context)
        found += asyncio.run(_asked(place, checked))
    found = settled(found, ignore or ())
    _print(found, len(checked), output)
    bad = (Level.ERROR, Level.WARNING) if strict else (Level.ERROR,)
    raise typer.Exit(ExitCode.NO if any(one.level in bad for one in found) else ExitCode.YES)


async def _asked(place: Place, checked: Sequence[Document]) -> list[Finding]:
    found: list[Finding] = []
    async with connected(place) as session:
        for document in checked:
            kind = kind_of(document)
            metadata = document.body.get("metadata")
            if kind is None or not isinstance(metadata, dict) or not document.name:
                continue
            namespace = place.namespace or metadata.get("namespace") or session.namespace
            body = dict(document.body)
            if kind.namespaced:
                body["metadata"] = metadata | {"namespace": namespace}
            async with session.explained(kind):
                own = await ServerCheck(session.cluster, str(namespace)).findings(kind, body)
            found += [document.placed(one) for one in own]
    return found


def _print(found: Sequence[Finding], checked: int, output: Form) -> None:
    if output is Form.PAGE:
        lines = report.page(found, checked)
        paper.console_of(sys.stdout).print(lines, soft_wrap=True)  # editors find file and line
    elif output is Form.SARIF:
        written = report.sarif(found, version("release-coordinator"))
        sys.stdout.write(json.dumps(written, indent=2) + "\n")
    else:
        paper.document(report.wire(found, checked), options.Form(output), sys.stdout)


def _texts(name: str) -> list[_Text]:
    """The files that are meant. Raises UnansweredError if one cannot be read."""
    try:
        if name == "-":
            return [_Text("stdin", sys.stdin.read())]
        path = Path(name)
        files = sorted(one for one in path.rglob("*") if one.suffix in SUFFIXES)
        return [_read(one) for one in (files if path.is_dir() else [path])]
    except (OSError, UnicodeDecodeError) as error:
        raise UnansweredError(f"{name} cannot be read: {error}") from error


def _read(path: Path) -> _Text:
    return _Text(str(path), path.read_text(encoding="utf-8"))
