"""What takes a version out of Git again that was rolled back in the cluster; pure.

    record of the attempt, plan that completed before, Release -> Revert -> the message for programs

The operator never writes to Git. It says all that somebody, or a bot, needs who does.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from release_coordinator.api.attempt import PreviousComponent
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.api.revert import (
    DIFFERS_LIMIT,
    IMAGES_LIMIT,
    GitSource,
    ImageChange,
    Operator,
    PatchOperation,
    Revert,
)

from . import names, plan, writers
from .context import shorten

BACK = {Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED}
"""Ends after which Git wants what the cluster does not run."""
TRACKING_ID = "argocd.argoproj.io/tracking-id"
KUSTOMIZATION = "kustomize.toolkit.fluxcd.io/name"
HELM_RELEASE = "helm.toolkit.fluxcd.io/name"

Images = Mapping[tuple[str, str], str]
"""Component and container -> image."""


def of_plan(good: ReleaseSpec) -> Images:
    """Images of a plan that completed."""
    return {(c.name, key): image for c in good.components for key, image in c.images.items()}


def of_previous(previous: list[PreviousComponent]) -> Images:
    """Images that were found before the attempt."""
    return {
        (part.name, container): image
        for part in previous
        if not part.absent
        for container, image in part.images.items()
    }


def revert(
    record: RecordSpec, good: ReleaseSpec | None, images: Images, source: GitSource
) -> Revert | None:
    """What a bot needs; None if there is nothing to take back, or the plan is not known.

    `good` is the plan that completed last, `images` what runs again.
    """
    if record.outcome not in BACK or record.plan is None:
        return None
    changes = list(_changes(record.plan, images))[:IMAGES_LIMIT]
    trigger = record.rollback
    return Revert(
        failed_version=record.version,
        restored_version=record.previous_version or "",
        digest=record.digest,
        reason=trigger.reason if trigger else record.reason,
        message=trigger.message if trigger else shorten(record.message, 512),
        by=shorten((trigger and trigger.by) or "", 256),
        cause=str((trigger and trigger.cause) or ""),
        comment=(trigger and trigger.comment) or "",
        images=[change for _, change in changes],
        patch=list(_patch(record, changes)),
        whole=_is_whole(record, good, changes),
        differs=_differing(record.plan, good)[:DIFFERS_LIMIT] if good else [],
        source=source,
    )


def source_of(release: Mapping[str, Any]) -> GitSource:
    """Where a Release is from: by what tools and pipelines have written on it."""
    metadata = release.get("metadata", {})
    said, labels = metadata.get("annotations") or {}, metadata.get("labels") or {}
    tool, application = "", ""
    if tracked := said.get(TRACKING_ID):
        tool, application = writers.Tool.ARGO_CD, tracked.partition(":")[0]
    elif name := labels.get(KUSTOMIZATION) or labels.get(HELM_RELEASE):
        tool, application = writers.Tool.FLUX, name
    return GitSource(
        tool=tool,
        application=shorten(application, 128),
        repository=shorten(said.get(names.ANNOTATION_REPOSITORY, ""), 512),
        path=shorten(said.get(names.ANNOTATION_PATH, ""), 512),
        revision=shorten(said.get(names.ANNOTATION_REVISION, ""), 128),
    )


def _changes(failed: ReleaseSpec, images: Images) -> Iterator[tuple[str, ImageChange]]:
    """Each image that differs, by its JSON pointer."""
    for index, component in enumerate(failed.components):
        for container, image in component.images.items():
            restored = images.get((component.name, container), "")
            if restored != image:
                yield (
                    f"/spec/components/{index}/images/{container}",
                    ImageChange(
                        component=component.name,
                        container=container,
                        failed=image,
                        restored=shorten(restored, 512),
                    ),
                )


def _patch(record: RecordSpec, changes: list[tuple[str, ImageChange]]) -> Iterator[PatchOperation]:
    """Only for the spec that failed: whoever has gone on since is not set back."""
    if not record.previous_version:
        return
    path = "/spec/version"
    yield PatchOperation(op=Operator.TEST, path=path, value=record.version)
    yield PatchOperation(op=Operator.REPLACE, path=path, value=record.previous_version)
    for pointer, change in changes:
        if change.restored:
            yield PatchOperation(op=Operator.REPLACE, path=pointer, value=change.restored)


def _is_whole(
    record: RecordSpec, good: ReleaseSpec | None, changes: list[tuple[str, ImageChange]]
) -> bool:
    """Whether version and images are all in which the two plans differ, and the good one runs.

    After a rollback that failed nobody knows what does, and the spec as it was begins a release.
    """
    failed = record.plan
    if good is None or failed is None or good.version != record.previous_version:
        return False
    if record.outcome is not Phase.ROLLED_BACK:
        return False
    restored = {(c.component, c.container): c.restored for _, c in changes}
    components = [
        part.model_copy(
            update={
                "images": {
                    key: restored.get((part.name, key), image) for key, image in part.images.items()
                }
            }
        )
        for part in failed.components
    ]
    patched = failed.model_copy(update={"version": good.version, "components": components})
    return plan.spec_digest(patched) == plan.spec_digest(good)


def _differing(failed: ReleaseSpec, good: ReleaseSpec) -> list[str]:
    """Fields of the spec that differ in more than version and images."""
    one, other = _without_images(failed), _without_images(good)
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def _without_images(spec: ReleaseSpec) -> dict[str, Any]:
    wire = spec.to_wire()
    wire.pop("version")
    wire["components"] = [{**part, "images": sorted(part["images"])} for part in wire["components"]]
    return wire
