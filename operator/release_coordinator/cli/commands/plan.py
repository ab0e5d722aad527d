"""`kubectl release plan`: what would happen, of a file before it is applied or of the live Release.

file -> manifest -> lookup.rehearse (dry run on the API server) -> the Release as it would be
                                -> lookup.outlook (the operator's own decision) -> planview
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.cli import options, paper
from release_coordinator.cli.difference import dropped
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.lookup import Lookup, rehearse
from release_coordinator.cli.manifest import Manifest, read, settle
from release_coordinator.cli.planpage import page
from release_coordinator.cli.planview import LIVE, view_of
from release_coordinator.cli.refusals import in_words, said
from release_coordinator.cli.source import Question, Source, opened
from release_coordinator.cli.view import PlanView
from release_coordinator.cluster.port import POLICY, RELEASE, Body, Kind
from release_coordinator.engine.policy import chosen
from release_coordinator.errors import Conflict, Denied, Invalid, NotFound

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release plan bookshop -n shop                    what the live Release does

  kubectl release plan bookshop -n shop -f release.yaml    what would happen if it were applied

  kubectl release plan bookshop -f release.yaml -o json | jq -r .digest

  helm template shop ./shop | kubectl release plan bookshop -f -

The file is sent to the API server as a dry run: it is checked and completed as kubectl apply
would have it, and nothing is written.
"""
EDIT_ROLE = "edit"


@dataclass(frozen=True, slots=True)
class Subject:
    """The Release to plan for, and where it is from."""

    release: ReleaseObject
    source: str = LIVE
    policies: Mapping[str, Body] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def plan(
    name: options.Name,
    namespace: options.Namespace = None,
    file: Annotated[
        str | None, typer.Option("--filename", "-f", help="Manifest to plan for; - reads stdin.")
    ] = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show what a release does before it does it; nothing is written."""
    question = Question(name, namespace, kubeconfig, context)
    view = asyncio.run(_plan(question, file))
    if output is options.Form.PAGE:
        paper.show(page(view))
    else:
        paper.document(view.to_wire(), output, sys.stdout)


async def _plan(question: Question, file: str | None) -> PlanView:
    manifest = read(_text(file), file, question.name) if file else None
    async with opened(question) as source:
        subject = (
            Subject(parse_release(await source.read()))
            if manifest is None or file is None
            else await _rehearsed(source, manifest, file, named=question.namespace is not None)
        )
        lookup = Lookup(source.cluster, subject.release.namespace, subject.policies)
        async with source.explained():
            found = await lookup.outlook(subject.release, datetime.now(UTC))
    return view_of(
        found,
        [*subject.notes, *lookup.notes],
        subject.source,
        policy_in_file=found.policy.name in subject.policies,
    )


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnansweredError(f"{file} cannot be read: {error}") from error


async def _rehearsed(source: Source, manifest: Manifest, file: str, *, named: bool) -> Subject:
    """The Release as the API server would store it, with the file's policy if that would count."""
    namespace = source.ref.namespace or ""
    body = settle(manifest.release, namespace, file, named=named)
    namespace = body["metadata"]["namespace"]
    notes = [f"{what} of {file} is left out: only Releases and their policy count here."
             for what in manifest.ignored]  # fmt: skip
    stored = await _dry_run(source, RELEASE, body, file)
    policies: dict[str, Body] = {}
    if manifest.policies:
        async with source.explained():
            known = await Lookup(source.cluster, namespace, manifest.policies).policies()
        counts = chosen(body["metadata"]["name"], known)
        notes += [
            f"ReleasePolicy {name} of {file} does not count for this Release: "
            f"{counts or 'the built-in one'} does."
            for name in manifest.policies
            if name != counts
        ]
        if counts is not None and counts in manifest.policies:
            own = settle(manifest.policies[counts], namespace, file, named=named)
            policies[counts] = await _dry_run(source, POLICY, own, file)
    return Subject(parse_release(stored), file, policies, tuple(notes))


async def _dry_run(source: Source, kind: Kind, body: Body, file: str) -> Body:
    where = f"{'stdin' if file == '-' else file}: {kind.kind} {body['metadata'].get('name')}"
    async with source.explained():
        try:
            stored = await rehearse(source.cluster, kind, body)
        except (Invalid, Conflict, NotFound) as error:
            raise UnansweredError(f"{where} is refused: {said(error)}") from error
        except Denied as error:
            text = in_words(error, body["metadata"]["namespace"], EDIT_ROLE)
            raise UnansweredError(f"{where} is refused: {text}") from error
    unknown = dropped(body.get("spec"), stored.get("spec"))
    if unknown:
        fields = ", ".join(f"spec.{path}" for path in unknown)
        raise UnansweredError(f"{where} has fields that do not exist: {fields}; correct them")
    return stored
