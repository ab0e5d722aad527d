"""The YAML of the docs as whole objects: what readers copy is what the tests apply.

A block is one of three things, by the words behind its fence:

- `yaml`: whole objects, as they are;
- `yaml Release.spec`: a part, which belongs there in an object of that kind (`yaml Release`: at its
  top). It is put into the smallest object of the kind, below;
- `yaml foreign`: of another program. It has to be YAML, no more.

What only a cluster knows is written with dots, `releaseUid: 3c5f...`; `filled` puts it in.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from tests.releases import Body
from tools.markdown import Piece, pages

FOREIGN = "foreign"
OURS = "release-coordinator.io/v1alpha1"
SMALLEST: Mapping[str, str] = {
    "Release": """
        apiVersion: release-coordinator.io/v1alpha1
        kind: Release
        metadata: {name: bookshop}
        spec:
          version: 1.4.0
          components:
            - {name: backend, workloadRef: {name: bookshop-backend}, images: {api: "backend:1"}}
            - {name: frontend, workloadRef: {name: bookshop-frontend}, images: {web: "frontend:1"}}
        """,
    "ReleasePolicy": """
        apiVersion: release-coordinator.io/v1alpha1
        kind: ReleasePolicy
        metadata: {name: default}
        spec: {}
        """,
    "Role": """
        apiVersion: rbac.authorization.k8s.io/v1
        kind: Role
        metadata: {name: example}
        """,
}
_DOTS = "..."


@dataclass(frozen=True)
class Example:
    """One block and the objects it stands for; none if it is foreign."""

    block: Piece
    objects: tuple[Body, ...]

    @property
    def name(self) -> str:
        """Where it is."""
        return f"{self.block.page}:{self.block.line}"


def examples() -> list[Example]:
    """Return all blocks of YAML in the docs. Raises ValueError for one that cannot be completed."""
    found = (block for page in pages() for block in page.blocks)
    return [example(block) for block in found if block.info.split(" ")[0] in {"yaml", "yml"}]


def example(block: Piece) -> Example:
    """Return a block with its objects. Raises ValueError with what to write behind its fence."""
    bodies = [body for body in yaml.safe_load_all(block.text) if body is not None]
    _, _, mark = block.info.partition(" ")
    if mark == FOREIGN:
        return Example(block, ())
    if mark:
        (part,) = bodies
        return Example(block, (_completed(block, mark, part),))
    for body in bodies:
        if not isinstance(body, dict) or not {"apiVersion", "kind"} <= set(body):
            raise ValueError(
                f"{block}: no whole object; say behind the fence where it belongs, like "
                "`yaml Release.spec`, or `yaml foreign` if it is of another program"
            )
    return Example(block, tuple(bodies))


def filled(body: Body, known: Mapping[str, str]) -> Body:
    """Return an object with what a cluster knows, for each field of its spec that has dots."""
    spec = body.get("spec", {})
    dotted = {name for name, value in spec.items() if str(value).endswith(_DOTS)}
    return {**body, "spec": spec | {name: known[name] for name in dotted}} if dotted else body


def _completed(block: Piece, mark: str, part: Any) -> Body:
    kind, *path = mark.split(".")
    if kind not in SMALLEST:
        raise ValueError(f"{block}: of {kind} there is no smallest object in tests/examples.py")
    whole: Body = yaml.safe_load(SMALLEST[kind])
    node = whole
    for name in path:
        node = node.setdefault(name, {})
    node.update(_merged(node, part))
    return whole


def _merged(old: Any, new: Any) -> Any:
    """The new value over the old one; maps meet, all else gives way."""
    if isinstance(old, dict) and isinstance(new, dict):
        return old | {name: _merged(old.get(name), value) for name, value in new.items()}
    return new


def kinds(found: list[Example]) -> Iterator[str]:
    """Yield the kind of every object."""
    yield from (body["kind"] for one in found for body in one.objects)
