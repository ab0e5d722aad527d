"""The part of a migration guide that is about one version.

Gate MigrationGuide asks whether there is one, `engine.drafting` takes it over into release notes.
"""

from collections.abc import Sequence

from .markdown import Section, finished, lines_of, sections, whole
from .versions import begins_line


def title_of(text: str, version: str) -> str | None:
    """Heading or first line of the guide; empty if it has no text yet, None without a guide.

    A document whose first line names the version is about it as a whole.
    """
    document = sections(text)
    named = _named(document, version)
    for index in named:
        if _is_written(document, index):
            return document[index].title
    if _is_of_version(document, version):
        texts = [text for section in document for text in section.texts]
        # The first line alone is a title.
        return texts[0].plain if finished(texts[1:]) else ""
    return "" if named else None


def text_of(text: str, version: str) -> str:
    """What the guide says, as it is written and without its heading; empty if it is not written."""
    document = sections(text)
    written = (index for index in _named(document, version) if _is_written(document, index))
    index = next(written, None)
    if index is not None:
        after = index + len(whole(document, index))
        end = document[after].begin if after < len(document) else None
        return "\n".join(lines_of(text)[document[index].body : end]).strip("\n")
    return text.strip("\n") if title_of(text, version) else ""


def _named(document: Sequence[Section], version: str) -> list[int]:
    return [i for i, section in enumerate(document) if begins_line(section.title, version)]


def _is_written(document: Sequence[Section], index: int) -> bool:
    return finished(text for section in whole(document, index) for text in section.texts)


def _is_of_version(document: Sequence[Section], version: str) -> bool:
    first = document[0] if document else None
    return bool(first and not first.level and begins_line(first.texts[0].plain, version))
