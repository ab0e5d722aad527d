"""The objects that a Release names, by field. Pure; used by `cli.lint.server`."""

from collections.abc import Iterator
from dataclasses import dataclass

from release_coordinator.api.job import JobTemplate
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.cluster.port import CONFIG_MAP, METRIC_SOURCE, SECRET, SERVICE, Kind

from .advice import jobs_of

CLAIM = Kind("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim")


@dataclass(frozen=True, slots=True)
class Reference:
    """One object that must be there."""

    path: str
    kind: Kind
    name: str
    key: str = ""
    """Key that its data must have."""


def references(spec: ReleaseSpec) -> list[Reference]:
    """All objects that are named, but the workloads."""
    return [*_documents(spec), *_strategies(spec), *_sources(spec), *_of_jobs(spec)]


def _documents(spec: ReleaseSpec) -> Iterator[Reference]:
    documents = spec.documents
    named = {
        "changelog": documents.changelog,
        "releaseNotes": documents.release_notes,
        "migrationGuide": documents.migration_guide,
        "versionManifest": documents.version_manifest,
    }
    for field, one in named.items():
        if one is not None:
            yield Reference(f"spec.documents.{field}", CONFIG_MAP, one.config_map, one.key)
    for index, check in enumerate(spec.ci):
        if check.config_map is not None:
            place, one_ = f"spec.ci[{index}].configMap", check.config_map
            yield Reference(place, CONFIG_MAP, one_.name, one_.key)


def _strategies(spec: ReleaseSpec) -> Iterator[Reference]:
    for index, component in enumerate(spec.components):
        service = component.strategy.service
        if service is not None:
            yield Reference(f"spec.components[{index}].strategy.service", SERVICE, service)


def _sources(spec: ReleaseSpec) -> Iterator[Reference]:
    watch = spec.watch
    for index, metric in enumerate(watch.metrics if watch else ()):
        yield Reference(f"spec.watch.metrics[{index}].source", METRIC_SOURCE, metric.source)
    for index, sign in enumerate(watch.alerts if watch else ()):
        yield Reference(f"spec.watch.alerts[{index}].source", METRIC_SOURCE, sign.source)
    if watch and watch.availability:
        place = "spec.watch.availability.source"
        yield Reference(place, METRIC_SOURCE, watch.availability.source)
    if spec.alerts:
        yield Reference("spec.alerts.source", METRIC_SOURCE, spec.alerts.source)


def _of_jobs(spec: ReleaseSpec) -> Iterator[Reference]:
    for path, job in jobs_of(spec):
        yield from _environment(path, job)
        for index, volume in enumerate(job.volumes):
            yield Reference(f"{path}.volumes[{index}].claimName", CLAIM, volume.claim_name)


def _environment(path: str, job: JobTemplate) -> Iterator[Reference]:
    for index, variable in enumerate(job.env):
        source, place = variable.value_from, f"{path}.env[{index}].valueFrom"
        if source and source.secret_key_ref:
            one = source.secret_key_ref
            yield Reference(f"{place}.secretKeyRef", SECRET, one.name, one.key)
        if source and source.config_map_key_ref:
            one = source.config_map_key_ref
            yield Reference(f"{place}.configMapKeyRef", CONFIG_MAP, one.name, one.key)
