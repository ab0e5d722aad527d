"""Argo CD's Applications and Flux's Kustomizations as far as lint asks: what they do to a workload.

Pure; used by `lint.gitops`. What is not as its kind should be counts as left out: other programs
check these objects.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from release_coordinator.cluster.port import Body, Kind
from release_coordinator.engine import names

APPLICATION = Kind("argoproj.io", "v1alpha1", "applications", "Application")
KUSTOMIZATION = Kind("kustomize.toolkit.fluxcd.io", "v1", "kustomizations", "Kustomization")

TRACKING_ID = "argocd.argoproj.io/tracking-id"
TRACKING_LABEL = "app.kubernetes.io/instance"
SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
SYNC_WAVE = "argocd.argoproj.io/sync-wave"
FLUX_NAME = "kustomize.toolkit.fluxcd.io/name"
FLUX_SSA = "kustomize.toolkit.fluxcd.io/ssa"
LEFT_ALONE = ("IfNotPresent", "Ignore")
"""Values of `FLUX_SSA` with which Flux does not write an object that exists."""
RESPECT, SERVER_SIDE = "RespectIgnoreDifferences=true", "ServerSideApply=true"


def at(value: Any, *path: str) -> Any:
    """A member far inside; None where there is none."""
    for key in path:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def annotations(body: Body) -> Mapping[str, Any]:
    """Annotations of an object."""
    found = at(body, "metadata", "annotations")
    return found if isinstance(found, Mapping) else {}


def labels(body: Body) -> Mapping[str, Any]:
    """Labels of an object."""
    found = at(body, "metadata", "labels")
    return found if isinstance(found, Mapping) else {}


def images(workload: Body) -> dict[str, str]:
    """Container -> image; empty where it has none."""
    pod = at(workload, "spec", "template", "spec")
    lists = (_list(at(pod, field)) for field in ("initContainers", "containers"))
    found = (one for some in lists for one in some)
    return {str(at(one, "name")): str(at(one, "image") or "") for one in found if at(one, "name")}


def wave_of(body: Body) -> int:
    """Sync wave of an object; what is no number is 0, as for Argo CD."""
    try:
        return int(str(annotations(body).get(SYNC_WAVE, "0")))
    except ValueError:
        return 0


@dataclass(frozen=True, slots=True)
class Application:
    """An Application of Argo CD."""

    body: Body

    @property
    def name(self) -> str:
        """Its name."""
        return str(at(self.body, "metadata", "name") or "")

    def covers(self, file: str, workload: Body) -> bool:
        """Whether it applies a workload: by what it says of its resources, else by its folder."""
        listed = at(self.body, "status", "resources")
        if isinstance(listed, list):
            return any(_is_same(one, workload) for one in listed)
        return self.depth(file) >= 0 and self._reaches(workload)

    def depth(self, file: str) -> int:
        """How many folders of its path lead to a file; -1 if it is in none of them.

        An app of apps is in the folder above those of its children: the innermost one counts.
        """
        paths = (path for path in self._paths() if is_below(file, path))
        return max((len(_folders(path)) for path in paths), default=-1)

    def ignores_image(self, workload: Body, containers: Collection[str]) -> bool:
        """Whether it overlooks that the images of these containers of a workload are others."""
        rules = list(self._rules(workload))
        return all(
            any(_is_of_image(rule, field) for rule in rules)
            for field in _lists_of(workload, containers)
        )

    def other_managers(self, workload: Body) -> list[str]:
        """Field managers that it overlooks, and none of them is the operator's."""
        named = [str(m) for r in self._rules(workload) for m in _list(at(r, _MANAGERS))]
        return [] if names.FIELD_MANAGER in named else named

    def has_option(self, option: str, workload: Body | None = None) -> bool:
        """Whether a sync option is set, for all or for this workload."""
        said = str(annotations(workload or {}).get(SYNC_OPTIONS, ""))
        own = (one.strip() for one in said.split(","))
        return option in (*_list(at(self.body, "spec", "syncPolicy", "syncOptions")), *own)

    @property
    def heals(self) -> bool:
        """Whether it puts back at once what was changed."""
        return at(self.body, "spec", "syncPolicy", "automated", "selfHeal") is True

    def _rules(self, workload: Body) -> Iterator[Mapping[str, Any]]:
        for rule in _list(at(self.body, "spec", "ignoreDifferences")):
            if (
                _fits(at(rule, "group"), "apps")
                and _fits(at(rule, "kind"), workload.get("kind"))
                and may_be(at(rule, "name"), at(workload, "metadata", "name"))
                and may_be(at(rule, "namespace"), at(workload, "metadata", "namespace"))
            ):
                yield rule

    def _paths(self) -> Iterator[str]:
        spec = self.body.get("spec")
        for source in (at(spec, "source"), *_list(at(spec, "sources"))):
            path = at(source, "path")
            if isinstance(path, str):
                yield path

    def _reaches(self, workload: Body) -> bool:
        own = at(self.body, "spec", "destination", "namespace")
        return may_be(at(workload, "metadata", "namespace"), own)


@dataclass(frozen=True, slots=True)
class Kustomization:
    """A Kustomization of Flux."""

    body: Body

    @property
    def name(self) -> str:
        """Its name."""
        return str(at(self.body, "metadata", "name") or "")

    def covers(self, file: str) -> bool:
        """Whether it applies what is in a file."""
        path = at(self.body, "spec", "path")
        return isinstance(path, str) and is_below(file, path)


def is_below(file: str, folder: str) -> bool:
    """Whether a file is in a folder of the repository, wherever that is checked out."""
    wanted = _folders(folder)
    inside = list(PurePosixPath(file).parts[:-1])
    starts = range(len(inside) - len(wanted) + 1)
    return any(inside[start : start + len(wanted)] == wanted for start in starts)


def _folders(path: str) -> list[str]:
    return [part for part in PurePosixPath(path.strip()).parts if part not in {".", "/"}]


_MANAGERS = "managedFieldsManagers"
_LISTS = ("initContainers", "containers")
_POD = ".spec.template.spec"


def _is_of_image(rule: Mapping[str, Any], field: str) -> bool:
    """Whether a rule overlooks the images of one of the lists of containers."""
    if names.FIELD_MANAGER in _list(at(rule, _MANAGERS)):
        return True
    pointers = (str(one).replace("/", ".") for one in _list(at(rule, "jsonPointers")))
    paths = (*map(str, _list(at(rule, "jqPathExpressions"))), *pointers)
    return any(_reaches_image(path, field) for path in paths)


def _reaches_image(path: str, field: str) -> bool:
    """By a path that names images, or something that they are part of.

    What else jq can say is taken at its word.
    """
    if re.search(r"\bimage\b", path):
        named = {one for one in _LISTS if re.search(rf"\b{one}\b", path)}
        return not named or field in named
    plain = re.sub(r"\[[^\]]*\]|\.\d+$", "", path.strip())
    return plain in {".spec", ".spec.template", _POD, f"{_POD}.{field}"}


def _lists_of(workload: Body, containers: Collection[str]) -> list[str]:
    """The lists in which some of these containers are."""
    pod = at(workload, "spec", "template", "spec")
    return [
        field
        for field in _LISTS
        if any(at(one, "name") in containers for one in _list(at(pod, field)))
    ]


def _is_same(resource: Any, workload: Body) -> bool:
    said = [at(resource, key) for key in ("group", "kind", "namespace", "name")]
    place = (at(workload, "metadata", key) for key in ("namespace", "name"))
    return said == ["apps", workload.get("kind"), *place]


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def may_be(one: Any, other: Any) -> bool:
    """Whether two names mean the same, as far as both are said."""
    return not one or not other or one == other


def _fits(pattern: Any, value: Any) -> bool:
    return pattern in {"*", value}
