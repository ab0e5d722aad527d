"""`kubectl release set`: another version in a Release, in the cluster or in the file of a commit.

options -> bump (which fields change) -> the API server, if the Release is still as it was seen
                                      -> the file, with nothing else touched
"""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Phase
from release_coordinator.api.release import ReleaseType
from release_coordinator.cli import bump, options, paper
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.follow import follow
from release_coordinator.cli.gitowner import owner_of
from release_coordinator.cli.lint.gitopstools import at, may_be
from release_coordinator.cli.lint.places import Document, read
from release_coordinator.cli.refusals import in_words, said
from release_coordinator.cli.screen import Output, Screen
from release_coordinator.cli.source import Question, Source, opened
from release_coordinator.cli.verdict import ExitCode
from release_coordinator.cluster.port import CONTROLLER_REVISION, RELEASE, Body, Ref
from release_coordinator.engine.versions import allowed_types
from release_coordinator.errors import Conflict, Denied, Invalid, NotFound
from release_coordinator.render.objects import read_revision

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release set -f release.yaml --version 1.4.0 --image backend=example/api:1.4.0

  kubectl release set bookshop -n shop --version 1.4.0 --image backend=example/api:1.4.0 --wait

  kubectl release set bookshop -n shop --previous --dry-run    what would bring back what ran before

With -f only the values are replaced, so that a commit shows nothing else. Several containers: write
--image backend/api=IMAGE once for each.

[bold]Exit codes[/bold]

  0  done, or nothing to change; with --wait: Completed

  1  with --wait: RolledBack, Failed or RollbackFailed

  2  with --wait: Held or stalled

  3  refused: wrong arguments, no such release, no access, or Git has the Release
"""
TRIES = 5
"""The operator writes the Release too: it is looked at anew when it has."""
EDITOR = "edit"
STDIN = "-"

Release = Annotated[
    str | None,
    typer.Argument(metavar="[NAME]", help="Name of the Release; with -f if it has many."),
]
File = Annotated[
    str | None, typer.Option("--filename", "-f", help="Change this file; - is stdin to stdout.")
]
Version = Annotated[str | None, typer.Option("--version", help="Version, like 1.4.0.")]
Images = Annotated[
    list[str] | None,
    typer.Option("--image", help="COMPONENT=IMAGE or COMPONENT/CONTAINER=IMAGE; may be repeated."),
]
Type = Annotated[
    ReleaseType | None, typer.Option("--type", case_sensitive=False, help="spec.type as well.")
]
Previous = Annotated[
    bool,
    typer.Option("--previous", help="Version and images from before; type: Rollback."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Follow it until it ends.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would change.")]
Force = Annotated[bool, typer.Option("--force", help="Even if Git has the Release.")]


@dataclass(frozen=True, slots=True)
class _Way:
    """How it is written."""

    wait: bool
    dry_run: bool
    force: bool
    output: options.Form


def set_(  # noqa: PLR0913 - each is an option
    name: Release = None,
    *,
    file: File = None,
    version: Version = None,
    image: Images = None,
    kind: Type = None,
    previous: Previous = False,
    wait: Wait = False,
    dry_run: DryRun = False,
    force: Force = False,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Give a Release another version and other images, in the cluster or in a file."""
    given = bump.wanted(version, image or (), kind)
    if previous == (given != bump.Wanted()):
        raise typer.BadParameter("say --version, --image or --type, or else --previous")
    if output is not options.Form.PAGE and (file is not None or wait):
        raise typer.BadParameter("-o prints the Release as it is stored: not for -f, nor --wait")
    question = Question(name or "", namespace, kubeconfig, context)
    if file is not None:
        if wait or force:
            raise typer.BadParameter("--wait and --force are for the cluster, not for a file")
        want = asyncio.run(_from_before(question)) if previous else given
        _in_file(file, question, want, dry_run=dry_run)
        return
    if name is None:
        raise typer.BadParameter("say NAME, or -f FILE")
    way = _Way(wait, dry_run, force, output)
    raise typer.Exit(asyncio.run(_in_cluster(question, None if previous else given, way)))


def _in_file(file: str, question: Question, want: bump.Wanted, *, dry_run: bool) -> None:
    text = _text(file)
    documents, faults = read(text, file)
    if faults:
        raise UnansweredError(f"{faults[0].file}:{faults[0].line}: {faults[0].text}")
    document = _meant(documents, file, question.name or None, question.namespace)
    changes = bump.edits(document.body, want)
    after = bump.rewritten(text, document, changes) if changes else text
    _tell(f"{file}: Release {document.name}", changes, dry_run=dry_run)
    _note_type(document.body, changes)
    if file == STDIN:
        sys.stdout.write(text if dry_run else after)
    elif changes and not dry_run:
        try:
            Path(file).write_text(after, encoding="utf-8", newline="")
        except OSError as error:
            raise UnansweredError(f"{file} cannot be written: {error.strerror}") from error


async def _in_cluster(question: Question, want: bump.Wanted | None, way: _Way) -> ExitCode:
    async with opened(question) as source:
        for _ in range(TRIES):
            async with source.explained():
                body = await source.cluster.get(source.ref, managers=True)
            _refuse_owned(body, way)
            changes = bump.edits(body, want or await _before(source, body))
            stored = await _written(source, body, changes, way) if changes else body
            if stored is not None:
                break
        else:
            raise UnansweredError(
                f"release {question.name!r} is changed all the time; nothing was written"
            )
        _tell(f"release {question.name}", changes, dry_run=way.dry_run)
        _note_type(body, changes)
        paper.stored(stored, RELEASE, way.output, sys.stdout)
        if not way.wait or way.dry_run:
            return ExitCode.YES
        return await follow(source, Screen(Output.PAGE, lambda: datetime.now(UTC)))


def _refuse_owned(body: Body, way: _Way) -> None:
    owner = owner_of(body)
    if owner and not way.force:
        name = body["metadata"]["name"]
        raise UnansweredError(
            f"release {name!r} is applied from Git by {owner}, which would undo this.\n"
            "Change it in Git: kubectl release set -f FILE …, then commit. To change it here all "
            "the same: --force"
        )


async def _written(
    source: Source, body: Body, changes: Sequence[bump.Edit], way: _Way
) -> Body | None:
    """The stored Release; None if it is no longer as it was seen."""
    async with source.explained():
        try:
            patch = bump.patch(body, changes)
            return await source.cluster.patch(source.ref, patch, dry_run=way.dry_run)
        except Conflict:
            return None
        except Denied as error:
            namespace = str(source.ref.namespace)
            raise UnansweredError(in_words(error, namespace, EDITOR)) from error
        except Invalid as error:
            raise UnansweredError(said(error)) from error


async def _from_before(question: Question) -> bump.Wanted:
    if not question.name:
        raise typer.BadParameter("--previous asks the cluster: say NAME")
    async with opened(question) as source:
        return await _before(source, await source.read())


async def _before(source: Source, body: Body) -> bump.Wanted:
    """Version and images that ran before the last attempt that changed something."""
    release = parse_release(body)
    attempt = release.status.attempt
    if attempt is None or attempt.revision is None or attempt.previous_version is None:
        raise UnansweredError(
            f"it is not recorded what ran before in release {release.name!r}: name --version and "
            "--image"
        )
    ref = Ref(CONTROLLER_REVISION, release.namespace, attempt.revision)
    async with source.explained():
        try:
            recorded = read_revision(await source.cluster.get(ref))
        except NotFound as error:
            text = f"ControllerRevision {attempt.revision} with what ran before is gone"
            raise UnansweredError(f"{text}: name --version and --image") from error
    images = {
        (part.name, container): image
        for part in recorded.previous
        for container, image in part.images.items()
        if not part.absent and _is_released(release.spec, part.name, container)
    }
    # After a rollback that runs already: as what it was before, no release begins by it.
    back = attempt.end is not None and attempt.end.outcome is Phase.ROLLED_BACK
    return bump.Wanted(attempt.previous_version, images, None if back else ReleaseType.ROLLBACK)


def _is_released(spec: object, component: str, container: str) -> bool:
    parts = getattr(spec, "components", ())
    return any(one.name == component and container in one.images for one in parts)


def _meant(
    documents: Sequence[Document], file: str, name: str | None, namespace: str | None
) -> Document:
    releases = [
        one
        for one in documents
        if (one.body.get("apiVersion"), one.kind) == (RELEASE.api_version, RELEASE.kind)
    ]
    known = [
        one
        for one in releases
        if name in {None, one.name} and may_be(namespace, at(one.body, "metadata", "namespace"))
    ]
    if len(known) == 1:
        return known[0]
    names_ = ", ".join(map(_named, releases)) or "none"
    where = f" for namespace {namespace}" if namespace else ""
    if known:
        raise UnansweredError(f"{file} has several Releases that may be meant: {names_}")
    what = f"no Release {name!r}{where}" if name else f"no Release{where}"
    raise UnansweredError(f"{file} has {what}; it has: {names_}")


def _named(release: Document) -> str:
    namespace = at(release.body, "metadata", "namespace")
    return f"{namespace}/{release.name}" if namespace else release.name


def _tell(what: str, changes: Sequence[bump.Edit], *, dry_run: bool) -> None:
    """On stderr: stdout may be the file."""
    if not changes:
        sys.stderr.write(f"{what} says all that already; nothing to change\n")
    for one in changes:
        sys.stderr.write(f"{what}{' (dry run)' if dry_run else ''}: {one}\n")


def _note_type(body: Body, changes: Sequence[bump.Edit]) -> None:
    """A type that was right for the last version and is wrong for this one shuts gate Version."""
    changed = {bump.shown(one.path): one for one in changes}
    version, declared = changed.get("spec.version"), body["spec"].get("type")
    if version is None or version.before is None or not declared or "spec.type" in changed:
        return
    try:
        allowed = allowed_types(version.before, version.after)
    except ValueError:
        return
    if declared not in allowed:
        sys.stderr.write(
            f"spec.type is {declared}, and this step is {allowed[0]}: gate Version would shut; add "
            f"--type {allowed[0]}, or leave spec.type out\n"
        )


def _text(file: str) -> str:
    try:
        if file == STDIN:
            return sys.stdin.buffer.read().decode("utf-8")
        with Path(file).open(encoding="utf-8", newline="") as opened_:  # line ends stay
            return opened_.read()
    except (OSError, UnicodeDecodeError) as error:
        raise UnansweredError(f"{file} cannot be read: {error}") from error
