"""R7.1: a draft of release notes, from the changelog and the commits of a version.

Every entry of the changelog is taken over as it is written; commits add what it does not tell. What
a machine cannot know stands there as TODO, so that gate ReleaseNotes stays shut until a person has
written it. Sections that do not apply are left out. Used by the plugin: the operator writes into
nobody's documents.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from . import changes, guides, markdown, notes
from .changes import Change
from .commits import Commit, read, told
from .notes import BREAKING, FEATURES, FIXES, IMPROVEMENTS, KNOWN, PLACES, SUMMARY, UPGRADE

TODO_SUMMARY = "TODO: what {version} brings, and for whom, in a sentence or two."
TODO_ISSUE = "(TODO: issue number)"
TODO_BREAKING = "TODO: what breaks, and for whom ({reason})."
TODO_MIGRATION = "TODO: what users change before or after they upgrade."
TODO_UPGRADE = "TODO: the steps of the upgrade in their order, and how to see that it went well."
TODO_OTHER = "TODO: {reason}."
TODO_KNOWN = "TODO: what is known not to work, and how to get around it; or delete this section."
_OF_COMMITS = {"feat": FEATURES, "fix": FIXES}
_DEEPEST = 5
"""Level of a heading that can have another one below it."""


@dataclass(frozen=True, slots=True)
class Sources:
    """What a draft is made from; empty where there is none."""

    version: str
    changelog: str = ""
    commits: str = ""
    guide: str = ""
    """The migration guide."""
    breaks: str = ""
    """Why users have to do something; empty if they have not."""


_Entry = tuple[str, bool]
"""Text, and whether it is an item of a list."""


@dataclass(slots=True)
class _Draft:
    """What is known of each section."""

    entries: dict[str, dict[str, list[_Entry]]] = field(default_factory=dict)
    """Section -> label within it, empty for what stands first -> entries."""

    def add(self, section: str, text: str, *, item: bool = False, label: str = "") -> None:
        self.entries.setdefault(section, {"": []}).setdefault(label, []).append((text, item))

    def text(self, section: str) -> str:
        """A section as it is written; empty if there is none."""
        found: list[_Entry] = []
        for label, entries in self.entries.get(section, {}).items():
            found += [(f"**{label}**", False)] if label else []
            found += entries
        return _joined(found)


def draft(sources: Sources, title: str = "", level: int = 2) -> str:
    """Release notes of a version in Markdown, without a line feed at the end.

    Args:
        sources: what is known.
        title: heading of the version; its number if empty.
        level: of that heading, 1 to 5; sections are one level below it.
    """
    level = min(max(level, 1), _DEEPEST)
    found = _Draft()
    listed = changes.of_version(sources.changelog, sources.version)
    commits = list(told(read(sources.commits)))
    for change in listed:
        _take_change(found, change, sources.breaks, commits)
    for commit in commits:
        _take_commit(found, commit, listed)
    _complete(found, sources)
    parts = [f"{'#' * level} {title or sources.version}"]
    for name in notes.TEMPLATE:
        if name in found.entries:
            parts += [f"{'#' * (level + 1)} {name}", found.text(name)]
    text = "\n\n".join(parts)
    return "\n\n".join([text, *_definitions(text, sources)])


def _take_change(found: _Draft, change: Change, breaks: str, commits: Sequence[Commit]) -> None:
    block = change.block
    if not change.kind and not block.item and not change.breaking:
        found.add(SUMMARY, block.source)
        return
    removed = change.within == "removed" and breaks
    section = PLACES.get(change.within, IMPROVEMENTS)
    if change.breaking or removed:
        section = BREAKING
    text = block.source
    if section == FIXES and block.item:
        text = _numbered(change, commits)
    own = section != BREAKING and PLACES.get(change.kind.casefold()) == section
    named = change.kind if not markdown.is_breaking(change.kind) else ""
    label = "" if own and change.within != "security" else _label(named)
    found.add(section, text, item=block.item, label=label if section != BREAKING else "")


def _label(kind: str) -> str:
    """A heading as a paragraph in bold, so that it is no section of its own."""
    return kind.replace("*", "")


def _numbered(change: Change, commits: Sequence[Commit]) -> str:
    """A fix with its issue; that of the commit which says the same, if the changelog has none."""
    block = change.block
    lines = block.source.split("\n")
    if not block.texts or notes.has_issue(block.texts[:1]):
        return block.source
    same = (one for one in commits if one.type == "fix" and _alike(one.text, block.texts))
    known = [change.issues, *map(_issues, same)]
    issue = next((min(named) for named in known if named), "")
    lines[0] = f"{lines[0].rstrip()} {f'({issue})' if issue else TODO_ISSUE}"
    return "\n".join(lines)


def _alike(text: str, texts: Iterable[markdown.Text]) -> bool:
    first = next((one.plain for one in texts), "")
    return _words(text) == _words(first)


def _words(text: str) -> str:
    without = re.sub(r"\([^()]*#[0-9]+[^()]*\)", "", text)
    return " ".join(re.findall(r"\w+", without.casefold()))


def _issues(commit: Commit) -> frozenset[str]:
    return changes.issues("\n".join((commit.text, *commit.refers)))


def _take_commit(found: _Draft, commit: Commit, listed: Sequence[Change]) -> None:
    """Add what the changelog does not tell: neither the issue nor the same words."""
    named = _issues(commit)
    known = any(named & one.issues or _alike(commit.text, one.block.texts) for one in listed)
    if commit.breaks and not any(one.breaking and named & one.issues for one in listed):
        for text in commit.breaking or [commit.text]:
            found.add(BREAKING, f"- {_sentence(text, commit, named)}", item=True)
        if not commit.breaking:
            return
    if known or commit.type not in {"feat", "fix", "perf"}:
        return
    section = _OF_COMMITS.get(commit.type, IMPROVEMENTS)
    text = _sentence(commit.text, commit, named)
    if section == FIXES and not named:
        text += f" {TODO_ISSUE}"
    found.add(section, f"- {text}", item=True)


def _sentence(text: str, commit: Commit, named: frozenset[str]) -> str:
    """A commit's words as an entry."""
    words = text[:1].upper() + text[1:]
    words = f"\\{words}" if re.match(r"[#>+*-]+(?:\s|$)|>", words) else words
    missing = sorted(named - changes.issues(text))
    head = f"{commit.scope}: " if commit.scope else ""
    return f"{head}{words}" + (f" ({', '.join(missing)})" if missing else "")


def _complete(found: _Draft, sources: Sources) -> None:
    """Placeholders for what applies and is not known."""
    if not any(block.texts for block in markdown.blocks(found.text(SUMMARY))):
        found.add(SUMMARY, TODO_SUMMARY.format(version=sources.version))
    if sources.breaks and BREAKING not in found.entries:
        found.add(BREAKING, TODO_BREAKING.format(reason=sources.breaks))
    for name, reason in _required(sources).items():
        if name not in found.entries and name not in {SUMMARY, BREAKING, UPGRADE}:
            found.add(name, TODO_OTHER.format(reason=reason))
    if BREAKING in found.entries:
        guide = guides.text_of(sources.guide, sources.version) if sources.guide else ""
        for text, item in _flattened(guide) if guide else [(TODO_MIGRATION, False)]:
            found.add(BREAKING, text, item=item, label="Migration")
        found.add(UPGRADE, TODO_UPGRADE)
    found.add(KNOWN, TODO_KNOWN)


def _required(sources: Sources) -> dict[str, str]:
    """What gate ReleaseNotes asks for."""
    text, version = sources.changelog, sources.version
    every = markdown.versions(text)
    kinds = next((one.kinds for one in every if one.version == version), ())
    return notes.required(kinds, changes.of_version(text, version), sources.breaks)


def _flattened(text: str) -> Iterator[_Entry]:
    """A document without headings: they are paragraphs in bold."""
    document = markdown.sections(text)
    before = document[0].begin if document and document[0].level else None
    lead = "\n".join(markdown.lines_of(text)[:before]) if before is not None else ""
    yield from ((one.source, one.item) for one in markdown.blocks(lead))
    for index, section in enumerate(document):
        if section.level and section.title:
            yield f"**{_label(section.source)}**", False
        for block in markdown.blocks(markdown.written(text, document, index)):
            yield block.source, block.item


def _joined(blocks: Sequence[_Entry]) -> str:
    """Items of a list follow one another, all else stands apart."""
    text, before = "", False
    for block, item in blocks:
        text += ("\n" if item and before else "\n\n") + block if text else block
        before = item
    return text


def _definitions(text: str, sources: Sources) -> list[str]:
    """Links that entries use and that their document defines apart from them."""
    used = {markdown.label_of(label) for label in re.findall(r"\[([^\[\]]+)\]", text)}
    defined = markdown.references(sources.guide) | markdown.references(sources.changelog)
    known = set(markdown.references(text))
    lines = [defined[label] for label in defined if label in used - known]
    return ["\n".join(lines)] if lines else []
