"""A file with manifests, as people keep them in Git: the Release in it, and its policies. Pure.

Used by `cli.commands.plan`, and its loader by `cli.lint`. A file is read as kubectl reads it:
moments stay text, several documents and lists of objects are taken apart, other kinds are none of
our business.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from release_coordinator.cluster.port import POLICY, RELEASE, Body, Kind

from .failure import UnansweredError


class Loader(yaml.SafeLoader):
    """As kubectl: what looks like a moment is text."""


Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in found if tag != "tag:yaml.org,2002:timestamp"]
    for first, found in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a file says about one Release."""

    release: Body
    policies: Mapping[str, Body] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    """Kinds and names of what else is in it."""


def read(text: str, file: str, name: str) -> Manifest:
    """The Release of that name in a file. Raises UnansweredError if there is none."""
    bodies = list(_bodies(text, file))
    releases = {_name(body): body for body in bodies if _is(body, RELEASE)}
    if name not in releases:
        raise UnansweredError(_no_such_release(file, name, sorted(releases)))
    policies = {_name(body): body for body in bodies if _is(body, POLICY)}
    other = [b for b in bodies if b is not releases[name] and not _is(b, POLICY)]
    ignored = tuple(f"{body.get('kind', 'an object without kind')} {_name(body)}" for body in other)
    return Manifest(releases[name], policies, ignored)


def settle(body: Body, namespace: str, file: str, *, named: bool) -> Body:
    """The object in the namespace that is meant. Raises UnansweredError if it says another one.

    Args:
        body: an object of the file.
        namespace: that was named, or the context's.
        file: for the message.
        named: the namespace was named: then the file must agree, as for kubectl.
    """
    own = body["metadata"].get("namespace")
    if named and own not in {None, namespace}:
        raise UnansweredError(
            f"{file}: {body['kind']} {_name(body)} is for namespace {own!r}, not {namespace!r}: "
            f"leave -n out, or correct metadata.namespace"
        )
    return body | {"metadata": body["metadata"] | {"namespace": own or namespace}}


def _bodies(text: str, file: str) -> Iterator[Body]:
    try:
        documents = list(yaml.load_all(text, Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or error
        raise UnansweredError(f"{file}{where}: this is no YAML: {problem}") from error
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, dict):
            raise UnansweredError(f"{file}: a document is no Kubernetes object; write its fields")
        yield from _apart(document, file)


def _apart(document: Body, file: str) -> Iterator[Body]:
    if document.get("kind") == "List":
        found = document.get("items")
        items: list[Any] = found if isinstance(found, list) else []
    else:
        items = [document]
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("metadata"), dict):
            raise UnansweredError(f"{file}: an object has no metadata; write metadata.name")
        yield item


def _is(body: Body, kind: Kind) -> bool:
    return (body.get("apiVersion"), body.get("kind")) == (kind.api_version, kind.kind)


def _name(body: Body) -> str:
    return str(body["metadata"].get("name", ""))


def _no_such_release(file: str, name: str, known: list[str]) -> str:
    if not known:
        return f"{file} has no Release (kind: Release, apiVersion: {RELEASE.api_version})"
    return f"{file} has no Release {name!r}; it has: {', '.join(known)}"
