"""`kubectl release export | verify`: what staging has proved, signed, for production elsewhere.

place -> exporting (the log, the configuration) -> signed -> a ConfigMap on stdout
a file -> signed.exports, as the operator does -> exportpage
"""

import asyncio
import sys
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from release_coordinator.cli import exporting, exportpage, options, paper
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.place import Place, connected
from release_coordinator.cli.verdict import ExitCode
from release_coordinator.engine.exportfacts import ExportFault, TrustedKey
from release_coordinator.render.export import config_map
from release_coordinator.signed.exports import proved

EXPORT_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release export bookshop -n shop-staging --key staging.pem > bookshop-staging-export.yaml

  kubectl release export bookshop -n shop-staging --key staging.pem --version 1.4.0

  kubectl release export books -n shop-staging --key staging.pem --for bookshop

Make a key: openssl genpkey -algorithm ed25519 -out staging.pem; its public half, which the policy
in production names: openssl pkey -in staging.pem -pubout. The password of an encrypted key is read
from RELEASE_KEY_PASSWORD.
"""
VERIFY_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release verify bookshop-staging-export.yaml --key staging.pub

  kubectl get cm bookshop-staging-export -n shop -o yaml | kubectl release verify - --key ci.pub

[bold]Exit codes[/bold]

  0  one of the keys has signed it, and its records are whole

  1  it was changed, cut off, or signed with another key

  3  no answer: wrong arguments, or a file that cannot be read
"""
STDIN = "-"


class Document(StrEnum):
    """Values of `-o`."""

    YAML = "yaml"
    JSON = "json"
    ENVELOPE = "envelope"


Key = Annotated[
    Path,
    typer.Option("--key", metavar="FILE", help="Private key in PEM: Ed25519 or ECDSA P-256."),
]
Version = Annotated[
    str | None, typer.Option("--version", help="Version; else that of the newest attempt.")
]
For = Annotated[
    str | None, typer.Option("--for", help="Name of the Release in production; else the same.")
]
Configuration = Annotated[
    bool,
    typer.Option(
        "--configuration/--no-configuration",
        help="Tell how the workloads are configured, for gate StagingConfig.",
    ),
]
Form = Annotated[
    Document,
    typer.Option("--output", "-o", help="The ConfigMap, or the DSSE envelope alone."),
]
File = Annotated[str, typer.Argument(metavar="FILE", help="The ConfigMap or envelope; - is stdin.")]
Keys = Annotated[
    list[Path],
    typer.Option(
        "--key", metavar="FILE", help="Public key in PEM that may have signed; may be repeated."
    ),
]


def export(  # noqa: PLR0913 - each is an option
    name: options.Name,
    *,
    key: Key,
    version: Version = None,
    to: For = None,
    configuration: Configuration = True,
    namespace: options.Namespace = None,
    output: Form = Document.YAML,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Sign what a staging Release has proved, for production in another cluster."""
    place = Place(namespace, kubeconfig=kubeconfig, context=context)
    made = asyncio.run(_gathered(place, exporting.Wish(name, version, configuration)))
    signed = exporting.envelope(exporting.statement(made.export), key)
    for note in made.notes:
        sys.stderr.write(f"note: {note}\n")
    if output is Document.ENVELOPE:
        sys.stdout.write(signed + "\n")
        return
    paper.document(config_map(to or name, signed), options.Form(output), sys.stdout)


async def _gathered(place: Place, wish: exporting.Wish) -> exporting.Made:
    async with connected(place) as session:
        return await exporting.gathered(session, wish, datetime.now(UTC))


def verify(
    file: File,
    *,
    key: Keys,
    output: options.Output = options.Form.PAGE,
) -> None:
    """Check the signature of an export, and say what it proves."""
    text = sys.stdin.read() if file == STDIN else _text(Path(file))
    keys = tuple(TrustedKey(str(one), _decoded(one, exporting.content(one))) for one in key)
    fact = proved(exportpage.envelope_in(text), keys)
    if fact.fault is ExportFault.NO_KEY:
        raise UnansweredError(fact.problem)
    if output is not options.Form.PAGE:
        paper.document(exportpage.view(fact), output, sys.stdout)
    elif fact.export is None:
        paper.show(exportpage.refused(fact.problem))
    else:
        paper.show(exportpage.page(fact.export, fact.key, datetime.now(UTC)))
    raise typer.Exit(ExitCode.NO if fact.export is None else ExitCode.YES)


def _text(file: Path) -> str:
    return _decoded(file, exporting.content(file))


def _decoded(file: Path, raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnansweredError(f"{file} is no text") from error
