"""Writes the notes of a version into the document that the Release names, in the caller's name.

Only that part of the document is changed, and only in the state that was read: whoever has written
it meanwhile is not overwritten. Used by `commands.notes`.
"""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from release_coordinator.cluster.port import CONFIG_MAP, Body, Ref
from release_coordinator.engine import markdown, names
from release_coordinator.engine.gates import documents
from release_coordinator.errors import AlreadyExists, Conflict, Denied, Invalid

from .failure import UnansweredError
from .notebook import Notebook
from .refusals import in_words, said
from .source import Source

EDIT_ROLE = "edit"


def may_replace(book: Notebook, text: str, *, force: bool) -> None:
    """Whether a draft may be written. Raises UnansweredError if people have written notes."""
    if book.written and book.written != text and not force:
        raise UnansweredError(
            f"there are notes of {book.version} already, and a draft would replace them: look at "
            f"them with kubectl release notes {book.release} -n {book.namespace}, change them with "
            "--edit, or add --force to lose them"
        )


def body_of(book: Notebook, text: str) -> Body:
    """The ConfigMap, or the patch of it. Raises UnansweredError if there is no place for it."""
    if book.ref is None:
        message = documents.unnamed("releaseNotes", "release notes", "RELEASE_NOTES.md")
        raise UnansweredError(f"{message}; then try again")
    document = book.placed(text)
    where = documents.place(book.ref)
    if document is None:
        raise UnansweredError(
            f"{where} does not keep versions apart, or the notes do not begin with a heading that "
            f"names {book.version}; write them by hand"
        )
    if len(document) > markdown.LIMIT:
        raise UnansweredError(
            f"{where} would have {len(document):,} characters, but only {markdown.LIMIT:,} are "
            "read; move what is about old versions into another document"
        )
    if book.config_map is None:
        labels = {names.LABEL_RELEASE: book.release}
        return {
            "metadata": {
                "name": book.ref.config_map,
                "namespace": book.namespace,
                "labels": labels,
            },
            "data": {book.ref.key: document},
        }
    known = book.config_map["metadata"]
    same = {key: known[key] for key in ("uid", "resourceVersion")}
    return {"metadata": same, "data": {book.ref.key: document}}


async def write(source: Source, book: Notebook, text: str) -> None:
    """Store the notes. Raises UnansweredError."""
    body = body_of(book, text)
    assert book.ref is not None  # noqa: S101 - body_of has looked
    ref = Ref(CONFIG_MAP, book.namespace, book.ref.config_map)
    async with source.explained():
        try:
            if book.config_map is None:
                await source.cluster.create(CONFIG_MAP, body)
            else:
                await source.cluster.patch(ref, body)
        except (Conflict, AlreadyExists) as error:
            raise UnansweredError(
                f"ConfigMap {ref.name} was written by somebody else meanwhile; nothing was "
                "changed: look at it, and try again"
            ) from error
        except Denied as error:
            raise UnansweredError(in_words(error, book.namespace, EDIT_ROLE)) from error
        except Invalid as error:
            raise UnansweredError(f"ConfigMap {ref.name} is refused: {said(error)}") from error


def edited(text: str, version: str) -> tuple[str, Path]:
    """What a person makes of a text in KUBE_EDITOR, EDITOR or vi, and the file it stands in.

    Raises UnansweredError if the editor fails, or nothing was changed.
    """
    editor = os.environ.get("KUBE_EDITOR") or os.environ.get("EDITOR") or "vi"
    folder = Path(tempfile.mkdtemp(prefix="kubectl-release-"))
    file = folder / f"notes-{version.partition('+')[0]}.md"
    file.write_text(f"{text}\n", encoding="utf-8")
    try:
        subprocess.run([*shlex.split(editor), str(file)], check=True)  # noqa: S603 - the person's
        found = file.read_text(encoding="utf-8").strip("\n")
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        raise UnansweredError(f"{editor} failed: {error}; nothing was written") from error
    if found == text or not found.strip():
        discard(file)
        raise UnansweredError("nothing was changed, so nothing was written")
    return found, file


def discard(file: Path) -> None:
    """Delete the file of an editor."""
    file.unlink(missing_ok=True)
    file.parent.rmdir()
