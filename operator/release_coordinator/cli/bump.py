"""Another version in a Release: which fields change, as values and as text. Pure.

Used by `cli.commands.set`. In a file only the values themselves are replaced, so that comments,
order and quotes stay as people wrote them, and a commit shows nothing else.
"""

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import yaml
from pydantic import TypeAdapter, ValidationError

from release_coordinator.api.base import Image, Version
from release_coordinator.api.release import ReleaseType
from release_coordinator.cluster.port import Body

from .failure import UnansweredError
from .lint.places import Document, read

Path = tuple[str | int, ...]
_VERSION: TypeAdapter[str] = TypeAdapter(Version)
_IMAGE: TypeAdapter[str] = TypeAdapter(Image)
_TEMPLATES = ("{{", "${")
"""By which Helm and Flux mark what they put in."""
_LINE_END = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a Release is to say."""

    version: str | None = None
    images: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """Component and container -> image; without a container where the component has one alone."""
    type: ReleaseType | None = None


@dataclass(frozen=True, slots=True)
class Edit:
    """One field that changes."""

    path: Path
    before: str | None
    after: str

    def __str__(self) -> str:
        """As people read it."""
        return f"{shown(self.path)}: {self.before or 'none'} -> {self.after}"


def wanted(version: str | None, images: Sequence[str], kind: ReleaseType | None) -> Wanted:
    """What the options say. Raises UnansweredError where one of them cannot be meant."""
    if version is not None and not _is(_VERSION, version):
        raise UnansweredError(f"--version {version}: write MAJOR.MINOR.PATCH, without a leading v")
    return Wanted(version, dict(map(_assignment, images)), kind)


def edits(release: Body, want: Wanted) -> list[Edit]:
    """The fields that change; none if it says all that already. Raises UnansweredError."""
    spec = release.get("spec")
    if not isinstance(spec, dict):
        raise UnansweredError("the Release has no spec; see kubectl release lint")
    found = [*_scalars(spec, want), *_images(spec, want)]
    return [one for one in found if one.before != one.after]


def edited(release: Body, changes: Sequence[Edit]) -> Body:
    """The Release with these fields changed."""
    result = copy.deepcopy(release)
    for one in changes:
        place: Any = result
        for step in one.path[:-1]:
            place = place[step]
        place[one.path[-1]] = one.after
    return result


def patch(release: Body, changes: Sequence[Edit]) -> Body:
    """Merge patch with what was read as its precondition: lists are replaced as a whole."""
    metadata, spec = release["metadata"], edited(release, changes)["spec"]
    fields = {str(one.path[1]) for one in changes}
    return {
        "metadata": {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]},
        "spec": {name: spec[name] for name in sorted(fields)},
    }


def rewritten(text: str, document: Document, changes: Sequence[Edit]) -> str:
    """The text of a file with these fields changed in one of its documents.

    Raises UnansweredError where that cannot be done without touching anything else.
    """
    places = sorted((_place(text, document, one) for one in changes), reverse=True)
    result = text
    for start, end, words in places:
        result = result[:start] + words + result[end:]
    _check(text, result, document, changes)
    return result


def shown(path: Path) -> str:
    """A path as people write it."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else step
    return text


def _scalars(spec: Body, want: Wanted) -> Iterator[Edit]:
    if want.version is not None:
        yield Edit(("spec", "version"), _text(spec.get("version")), want.version)
    if want.type is not None:
        yield Edit(("spec", "type"), _text(spec.get("type")), str(want.type))


def _images(spec: Body, want: Wanted) -> Iterator[Edit]:
    components = spec.get("components")
    known = {
        str(one.get("name")): (index, one.get("images") or {})
        for index, one in enumerate(components if isinstance(components, list) else [])
        if isinstance(one, dict) and isinstance(one.get("images") or {}, dict)
    }
    for (component, container), image in want.images.items():
        if component not in known:
            names = ", ".join(sorted(known)) or "none"
            raise UnansweredError(f"there is no component {component!r}; there are: {names}")
        index, images = known[component]
        if not images:
            raise UnansweredError(f"component {component!r} names no images; write them first")
        if not container and len(images) != 1:
            raise UnansweredError(
                f"component {component!r} has several containers: write one of "
                + ", ".join(f"{component}/{name}=IMAGE" for name in images)
            )
        name = container or next(iter(images))
        if name not in images:
            raise UnansweredError(
                f"component {component!r} has no container {name!r}; it has: {', '.join(images)}"
            )
        path = ("spec", "components", index, "images", name)
        yield Edit(path, _text(images[name]), image)


def _assignment(text: str) -> tuple[tuple[str, str], str]:
    named, _, image = text.partition("=")
    component, _, container = named.partition("/")
    if not component or not _is(_IMAGE, image):
        raise UnansweredError(
            f"--image {text}: write COMPONENT=IMAGE, or COMPONENT/CONTAINER=IMAGE"
        )
    return (component, container), image


def _is(adapter: TypeAdapter[str], text: str) -> bool:
    try:
        adapter.validate_python(text)
    except ValidationError:
        return False
    return True


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _place(text: str, document: Document, change: Edit) -> tuple[int, int, str]:
    """From where to where a text is replaced, and by what."""
    node: yaml.Node = document.node
    for step in change.path[:-1]:
        node = _inside(node, step) or _unfit(change, "it is not written out there")
    found = _inside(node, change.path[-1])
    if found is None:
        return _insertion(text, node, change)
    if not isinstance(found, yaml.ScalarNode) or found.style in {"|", ">"}:
        _unfit(change, "its value is not on one line")
    start, end = found.start_mark.index, found.end_mark.index
    if start == end:
        _unfit(change, "it has no value there")
    if text[start] in "&!*":
        _unfit(change, "its value has an anchor, an alias or a tag")
    if any(mark in found.value for mark in _TEMPLATES):
        _unfit(change, "a template makes its value")
    quote = found.style or ""
    return start, end, f"{quote}{change.after}{quote}"


def _insertion(text: str, node: yaml.Node, change: Edit) -> tuple[int, int, str]:
    """A new field right behind the version, and behind what is said of that on its line."""
    version = _inside(node, "version")
    if version is None or not isinstance(node, yaml.MappingNode):
        _unfit(change, "there is no version beside which to write it")
    end, name = version.end_mark.index, change.path[-1]
    if node.flow_style:
        quote = next(key.style for key, _ in node.value if key.value == "version") or ""
        return end, end, f", {quote}{name}{quote}: {quote}{change.after}{quote}"
    ending = _LINE_END.search(text, end)
    end, line_end = (ending.start(), ending[0]) if ending else (len(text), "\n")
    return end, end, f"{line_end}{' ' * node.start_mark.column}{name}: {change.after}"


def _inside(node: yaml.Node, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == step), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        found: yaml.Node = node.value[step]
        return found
    return None


def _check(old: str, new: str, document: Document, changes: Sequence[Edit]) -> None:
    """That the new text says what is meant, and nothing else differs (an alias may be shared)."""
    before, after = (read(text, document.file)[0] for text in (old, new))
    expected = [
        edited(one.body, changes) if one.node.start_mark.index == start else one.body
        for one in before
        for start in (document.node.start_mark.index,)
    ]
    if [one.body for one in after] != expected:
        _unfit(changes[0], "anchors or aliases are in the way")


def _unfit(change: Edit, why: str) -> NoReturn:
    raise UnansweredError(f"{shown(change.path)} cannot be changed in the file: {why}; edit it")
