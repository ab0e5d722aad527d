"""Mistakes that only show between files: a Release, the workloads, and what applies them. Pure.

Part of `cli.lint`: all files of a call are looked at together. Each rule is one function; where the
mend is longer than a sentence it is in docs/gitops/layouts.md.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from release_coordinator.api.codec import parse_release
from release_coordinator.api.release import Component, ReleaseSpec, WorkloadKind
from release_coordinator.cluster.port import RELEASE, Body, Kind
from release_coordinator.engine import names

from . import gitopstools as tools
from .findings import Finding, error, note, warning
from .gitopstools import Application, Kustomization, at
from .places import Document

LAYOUTS = "docs/gitops/layouts.md"
APPS = "apps/v1"
STAMPS = (names.ANNOTATION_ORDERED_BY, names.ANNOTATION_CHANGED_BY)
"""What the API server writes beside an order."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A workload in the files, and the component of a Release that names it."""

    release: Document
    path: str
    component: Component
    workload: Document

    @property
    def images(self) -> dict[str, str]:
        """Container -> image, as the workload's file has them; empty where it has none."""
        known = tools.images(self.workload.body)
        return {name: known[name] for name in self.component.images if name in known}


@dataclass(frozen=True, slots=True)
class Files:
    """All objects of a call that these rules are about."""

    releases: Sequence[tuple[Document, ReleaseSpec]]
    workloads: Sequence[Document]
    applications: Sequence[tuple[Document, Application]]
    kustomizations: Sequence[tuple[Document, Kustomization]]

    def pairs(self) -> Iterator[Pair]:
        """Workloads that Releases name or carry, and that are in the files too."""
        for release, spec in self.releases:
            for index, component in enumerate(spec.components):
                for one in self.workloads:
                    if _is_target(component, release.body, one.body):
                        yield Pair(release, f"spec.components[{index}]", component, one)

    def owners(self, pair: Pair) -> list[tuple[Document, Application]]:
        """The Applications that apply a workload."""
        file = pair.workload.file
        found = [one for one in self.applications if one[1].covers(file, pair.workload.body)]
        inmost = max((application.depth(file) for _, application in found), default=-1)
        return [one for one in found if one[1].depth(file) == inmost]


def files(documents: Sequence[Document]) -> Files:
    """Sorted by what they are."""
    releases = [
        (one, spec)
        for one in documents
        if _is(one, RELEASE.api_version, RELEASE.kind) and (spec := _spec(one.body))
    ]
    workloads = [o for o in documents if o.body.get("apiVersion") == APPS and o.kind in _KINDS]
    applications = [
        (one, Application(one.body))
        for one in documents
        if _is(one, tools.APPLICATION.api_version, tools.APPLICATION.kind)
    ]
    kustomizations = [
        (one, Kustomization(one.body)) for one in documents if _is_of(one, tools.KUSTOMIZATION)
    ]
    return Files(releases, workloads, applications, kustomizations)


def findings(documents: Sequence[Document]) -> list[Finding]:
    """All that was found between the files, each at its place."""
    found = files(documents)
    told: list[Finding] = []
    for document, spec in found.releases:
        told += [document.placed(one) for one in (*_in_git(document.body), *_tracked(spec))]
    for pair in found.pairs():
        told += _twice(pair)
        if pair.component.workload is None:
            told += _unlike(pair, is_left=_is_left(found, pair))
            told += [one for place in found.owners(pair) for one in argo_cd(place, pair)]
            told += [one for place in found.kustomizations for one in flux(place, pair)]
    return told


def argo_cd(place: tuple[Document, Application], pair: Pair) -> Iterator[Finding]:
    """What an Application does to the image of a workload."""
    document, application = place
    if not any(pair.images.values()):
        yield from _without_image(place, pair)
        return
    for one in of_application(application, pair.workload.body, pair.component.images):
        yield document.placed(one)


def of_application(
    application: Application, workload: Body, containers: Collection[str]
) -> Iterator[Finding]:
    """Whether it leaves the images of these containers of a workload to the operator."""
    target = f"{workload.get('kind')} {at(workload, 'metadata', 'name')}"
    own = f"managedFieldsManagers: [{names.FIELD_MANAGER}]"
    rule = f"ignoreDifferences: [{{group: apps, kind: {workload.get('kind')}, {own}}}]"
    if not application.ignores_image(workload, containers):
        others = application.other_managers(workload)
        wrong = f" (managedFieldsManagers names {', '.join(others)})" if others else ""
        if application.heals:
            text = (
                f"self-heal sets the image of {target} back within a second, in every release"
                f"{wrong}; add {rule} and the sync option {tools.RESPECT}, see {LAYOUTS}"
            )
            yield error("argocd-self-heal", "spec.syncPolicy", text)
        else:
            text = (
                f"every sync sets the image of {target} back{wrong}; add {rule} and the sync "
                f"option {tools.RESPECT}, see {LAYOUTS}"
            )
            yield error("argocd-ignore", "spec", text)
    elif not application.has_option(tools.RESPECT):  # on a workload it says nothing
        text = (
            f"ignoreDifferences only hides that the image of {target} is another: the next commit "
            f"that changes anything sets it back; add the sync option {tools.RESPECT}"
        )
        yield error("argocd-respect", "spec.syncPolicy", text)


def _without_image(place: tuple[Document, Application], pair: Pair) -> Iterator[Finding]:
    """A workload whose image the Release brings: only possible in a certain order."""
    document, application = place
    own, others = tools.wave_of(pair.release.body), tools.wave_of(pair.workload.body)
    target = pair.component.target
    if own >= others:
        text = (
            f"what else a commit changes in {target} reaches its pods before the gates of the "
            f"Release: its sync wave is {others}, the Release's {own}; with {tools.SYNC_WAVE}: "
            f'"{others - 1}" on the Release it waits until the version has proved good'
        )
        yield pair.release.placed(note("argocd-wave", "metadata.annotations", text))
    if not application.has_option(tools.SERVER_SIDE, pair.workload.body):
        text = (
            f"{target} has no image in Git: client-side apply is refused (image: Required value); "
            f"add the sync option {tools.SERVER_SIDE}"
        )
        yield document.placed(error("argocd-server-side", "spec.syncPolicy", text))


def flux(place: tuple[Document, Kustomization], pair: Pair) -> Iterator[Finding]:
    """What a Kustomization does to the image of a workload."""
    _, kustomization = place
    if kustomization.covers(pair.workload.file) and any(pair.images.values()):
        for one in of_kustomization(kustomization.name, pair.workload.body):
            yield pair.workload.placed(one)


def of_kustomization(name: str, workload: Body) -> Iterator[Finding]:
    """Whether Flux leaves the image of a workload to the operator."""
    said = tools.annotations(workload).get(tools.FLUX_SSA)
    if said in tools.LEFT_ALONE:
        return
    target = f"{workload.get('kind')} {at(workload, 'metadata', 'name')}"
    not_enough = f"{tools.FLUX_SSA}: {said} keeps only what Git does not name; " if said else ""
    text = (
        f"Kustomization {name} sets the image of {target} back at each interval; {not_enough}"
        f"annotate it with {tools.FLUX_SSA}: IfNotPresent, or carry it in the Release as workload, "
        f"see {LAYOUTS}"
    )
    yield error("flux-fight", "metadata.annotations", text)


def _in_git(release: Body) -> Iterator[Finding]:
    """Orders and stamps belong to the cluster: in Git they are given again at every sync."""
    for name in tools.annotations(release):
        if name in names.ORDERS:
            text = (
                f"{name} is an order to one attempt, and Git gives it for ever; remove it and use "
                "kubectl release, or an action of Argo CD"
            )
            yield warning("order-in-git", f"metadata.annotations[{name}]", text)
        if name in STAMPS:
            text = f"{name} is written by the API server; remove it"
            yield warning("order-in-git", f"metadata.annotations[{name}]", text)
    if at(release, "spec", "suspend") is not None:
        text = (
            "as long as suspend is in Git, nobody can resume by a button or kubectl release "
            "resume: the next sync suspends again; remove the field unless Git is to decide"
        )
        yield warning("suspend-in-git", "spec.suspend", text)


def _tracked(spec: ReleaseSpec) -> Iterator[Finding]:
    """Marks by which Argo CD takes an inline workload for one that Git should have."""
    for index, component in enumerate(spec.components):
        inline = component.workload
        if inline is None:
            continue
        path = f"spec.components[{index}].workload"
        pods = at(inline.spec, "template", "metadata", "annotations") or {}
        for where, marks in (
            ("metadata.annotations", inline.metadata.annotations),
            ("spec.template.metadata.annotations", pods),
        ):
            if tools.TRACKING_ID in marks:
                place = f"{path}.{where}[{tools.TRACKING_ID}]"
                yield error("tracking-copied", place, _pruned(inline.kind, inline.name))
        if tools.TRACKING_LABEL in inline.metadata.labels:
            place = f"{path}.metadata.labels[{tools.TRACKING_LABEL}]"
            text = f"where Argo CD tracks by label, {_pruned(inline.kind, inline.name)}"
            yield warning("tracking-copied", place, text)


def _pruned(kind: WorkloadKind, name: str) -> str:
    return (
        f"Argo CD takes {kind} {name} for its own, does not find it in Git and prunes it; remove "
        "this, it was copied from a live object"
    )


def _twice(pair: Pair) -> Iterator[Finding]:
    """One workload, two owners."""
    if pair.component.workload is not None:
        text = (
            f"{pair.component.target} is carried by the Release and is in {pair.workload.file} "
            "too: two owners write it; remove one. Before it leaves Git, keep it from being pruned "
            f"({tools.SYNC_OPTIONS}: Prune=false), see {LAYOUTS}"
        )
        yield pair.release.placed(error("inline-in-git", f"{pair.path}.workload", text))


def _is_left(found: Files, pair: Pair) -> bool:
    """Whether some Application applies the workload and leaves its image alone."""
    return any(
        application.ignores_image(pair.workload.body, pair.component.images)
        and application.has_option(tools.RESPECT)
        for _, application in found.owners(pair)
    )


def _unlike(pair: Pair, *, is_left: bool) -> Iterator[Finding]:
    """The image in Git is what a fresh cluster begins with, and what a fight goes back to."""
    told = note if is_left else warning
    for container, image in pair.images.items():
        wanted = pair.component.images[container]
        if image and image != wanted:
            text = (
                f"container {container} has image {image} here and {wanted} in Release "
                f"{pair.release.name}: a fresh cluster begins with the one, and whatever applies "
                "this file goes back to it; make them the same in one commit"
            )
            yield pair.workload.placed(told("image-unlike", "spec.template.spec", text))


_KINDS = set(WorkloadKind)


def _is(document: Document, api_version: str, kind: str) -> bool:
    return document.body.get("apiVersion") == api_version and document.kind == kind


def _is_of(document: Document, kind: Kind) -> bool:
    """Of whatever version: older ones are still served."""
    group = str(document.body.get("apiVersion") or "").partition("/")[0]
    return (group, document.kind) == (kind.group, kind.kind)


def _spec(body: Body) -> ReleaseSpec | None:
    return parse_release({**body, "status": {}}).spec


def _is_target(component: Component, release: Body, workload: Body) -> bool:
    target = component.target
    named = (workload.get("kind"), at(workload, "metadata", "name"))
    spaces = (at(one, "metadata", "namespace") for one in (release, workload))
    return named == (target.kind, target.name) and tools.may_be(*spaces)
