"""`kubectl release approve | reject | revoke | waive`: one Approval, in the caller's own name.

identity (who calls) -> lookup.outlook (what is decided) -> signing (would it count? the body)
                                                        -> the API server, which may refuse
"""

import asyncio
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Group

from release_coordinator.api.approval import ApprovalSpec, Decision
from release_coordinator.api.checklist import GateName
from release_coordinator.api.codec import parse_approval, parse_release
from release_coordinator.api.faults import faults_of, told
from release_coordinator.cli import options, paper
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.identity import user_of
from release_coordinator.cli.lookup import Lookup
from release_coordinator.cli.outlook import Outlook
from release_coordinator.cli.planview import view_of
from release_coordinator.cli.refusals import in_words, said
from release_coordinator.cli.signing import Word, approval_of, obstacle, remarks, said_by
from release_coordinator.cli.signpage import page
from release_coordinator.cli.source import Question, Source, opened
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.port import APPROVAL, Body
from release_coordinator.errors import Denied, Invalid, NotFound

APPROVE_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release approve bookshop -n shop --role security --comment "scan is clean"

  kubectl release approve bookshop --role qa --evidence https://reports/1234 --yes

  kubectl release approve bookshop --role qa --digest sha256:... -o yaml --dry-run

It shows the plan and asks. Without a terminal it wants --yes, or the plan by --digest.
"""
REJECT_EXAMPLES = """
[bold]Example[/bold]

  kubectl release reject bookshop --role qa --comment "checkout fails in staging"

The plan waits until it is changed, or the same person approves after all.
"""
REVOKE_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release revoke bookshop --role qa --comment "report was for another build"

  kubectl release revoke bookshop --gate CI --comment "the pipeline is back"
"""
WAIVE_EXAMPLES = """
[bold]Example[/bold]

  kubectl release waive bookshop --gate CI --comment "runner outage, tests ran by hand"

The gate need not pass for this plan. Who waived it and why is shown wherever the release is.
"""

Role = Annotated[str, typer.Option("--role", help="Role you sign for, like qa or security.")]
GateOption = Annotated[
    GateName,
    typer.Option(
        "--gate", metavar="GATE", parser=options.waivable, help="Gate that need not pass."
    ),
]
Comment = Annotated[str, typer.Option("--comment", "-c", help="Why; at most 1024 characters.")]
Evidence = Annotated[
    list[str] | None,
    typer.Option("--evidence", help="Report or ticket to look it up in; may be repeated."),
]
Digest = Annotated[
    str | None, typer.Option("--digest", help="Plan that is meant; refused if it is another now.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Have the API server decide, write nothing, print the YAML."),
]


@dataclass(frozen=True, slots=True)
class How:
    """How it is to be said."""

    digest: str | None
    yes: bool
    dry_run: bool
    output: options.Form


def approve(  # noqa: PLR0913 - each is an option
    name: options.Name,
    *,
    role: Role,
    comment: Comment = "",
    evidence: Evidence = None,
    digest: Digest = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Sign a plan off for a role."""
    word = Word(Decision.APPROVED, role=role, comment=comment, evidence=tuple(evidence or ()))
    question = Question(name, namespace, kubeconfig, context)
    asyncio.run(_say(question, word, How(digest, yes, dry_run, output)))


def reject(  # noqa: PLR0913
    name: options.Name,
    *,
    role: Role,
    comment: Comment,
    evidence: Evidence = None,
    digest: Digest = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Stop a plan for a role, and say why."""
    word = Word(Decision.REJECTED, role=role, comment=comment, evidence=tuple(evidence or ()))
    question = Question(name, namespace, kubeconfig, context)
    asyncio.run(_say(question, word, How(digest, yes, dry_run, output)))


def revoke(  # noqa: PLR0913
    name: options.Name,
    *,
    comment: Comment,
    role: Annotated[str | None, typer.Option("--role", help="Role you signed for.")] = None,
    gate: Annotated[
        GateName | None,
        typer.Option(
            "--gate", metavar="GATE", parser=options.waivable, help="Gate that you waived."
        ),
    ] = None,
    digest: Digest = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Take back what you said about a plan."""
    if (role is None) == (gate is None):
        raise typer.BadParameter("name exactly one of --role and --gate")
    word = Word(Decision.REVOKED, role=role, gate=gate, comment=comment)
    question = Question(name, namespace, kubeconfig, context)
    asyncio.run(_say(question, word, How(digest, yes, dry_run, output)))


def waive(  # noqa: PLR0913
    name: options.Name,
    *,
    gate: GateOption,
    comment: Comment,
    evidence: Evidence = None,
    digest: Digest = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Let a plan past a gate that does not pass, and say why."""
    word = Word(Decision.WAIVED, gate=gate, comment=comment, evidence=tuple(evidence or ()))
    question = Question(name, namespace, kubeconfig, context)
    asyncio.run(_say(question, word, How(digest, yes, dry_run, output)))


async def _say(question: Question, word: Word, how: How) -> None:
    async with opened(question) as source:
        release = parse_release(await source.read())
        lookup = Lookup(source.cluster, release.namespace)
        async with source.explained():
            found = await lookup.outlook(release, datetime.now(UTC))
            user = await user_of(source.cluster)
            earlier = await _said(source, release.namespace)
        problem = obstacle(found, word, user, how.digest)
        if not problem and word.decision is Decision.REVOKED:
            problem = _nothing_to_revoke(user, found, word, earlier)
        if problem:
            raise UnansweredError(problem)
        notes = [*lookup.notes, *remarks(found, word, earlier or ())]
        _agree(found, word, user, how, notes)
        stored = await _create(source, _body(found, word, user), word, how)
    _report(stored, word, user, how)


async def _said(source: Source, namespace: str) -> list[ApprovalSpec] | None:
    """What was said already; None if the caller may not read it."""
    try:
        bodies = await source.cluster.list(APPROVAL, namespace)
    except (Denied, NotFound, Unserved):
        return None
    specs = (parse_approval(body)[0] for body in bodies)
    return [spec for spec in specs if spec is not None]


def _nothing_to_revoke(
    user: str, found: Outlook, word: Word, earlier: list[ApprovalSpec] | None
) -> str:
    about = [spec for spec in earlier or () if spec.release == found.release.name]
    if earlier is None or said_by(user, found, word, about):
        return ""
    return f"you, {user}, have said nothing about {word.about} of this plan: nothing to take back"


def _agree(found: Outlook, word: Word, user: str, how: How, notes: list[str]) -> None:
    """Show what is decided, and ask, if there is somebody to ask. Raises UnansweredError."""
    here = sys.stdin.isatty() and sys.stderr.isatty()
    if not (how.yes or how.dry_run or how.digest or here):
        raise UnansweredError(
            "nobody can be asked here, as this is no terminal: name the plan you mean with "
            f"--digest {found.release.status.digest}, or say --yes"
        )
    view = view_of(found, notes)
    shown: Group = page(view, word, user)
    # Documents go to stdout alone: a program reads them.
    stream = sys.stdout if how.output is options.Form.PAGE and not how.dry_run else sys.stderr
    paper.console_of(stream).print(shown, crop=False)
    asked = here and not (how.yes or how.dry_run)
    if asked and not typer.confirm(f"{word.decision} ({word.about}) by {user}?", err=True):
        raise UnansweredError("nothing was written")


def _body(found: Outlook, word: Word, user: str) -> Body:
    try:
        return approval_of(found, word, user, datetime.now(UTC))
    except ValidationError as error:
        raise UnansweredError(told(faults_of(error, "spec"))) from error


async def _create(source: Source, body: Body, word: Word, how: How) -> Body:
    namespace = body["metadata"]["namespace"]
    async with source.explained():
        try:
            return await source.cluster.create(APPROVAL, body, dry_run=how.dry_run)
        except Unserved as error:
            raise UnansweredError(
                "this cluster does not know Approvals: its Release Coordinator is an older one; "
                "apply the definitions in crds/"
            ) from error
        except Denied as error:
            role = f"release-coordinator-sign-off-{word.role}" if word.role else WAIVER_ROLE
            raise UnansweredError(in_words(error, namespace, role)) from error
        except Invalid as error:
            raise UnansweredError(said(error)) from error


def _report(stored: Body, word: Word, user: str, how: How) -> None:
    kept = {key: stored["metadata"][key] for key in ("name", "namespace")}
    plain = {"apiVersion": stored["apiVersion"], "kind": stored["kind"], "metadata": kept}
    plain["spec"] = stored["spec"]
    if how.dry_run:
        form = options.Form.YAML if how.output is options.Form.PAGE else how.output
        paper.document(plain, form, sys.stdout)
    elif not paper.stored(stored, APPROVAL, how.output, sys.stdout):
        text = f"approval {kept['name']} created: {word.decision} ({word.about}) by {user}"
        sys.stdout.write(f"{text}\n")


WAIVER_ROLE = "release-coordinator-waive"
"""ClusterRole of the chart whose holders may waive gates."""
