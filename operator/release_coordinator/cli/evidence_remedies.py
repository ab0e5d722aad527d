"""Remedies for gates that judge what a Release names: documents, pipeline, alerts, Jobs. Pure."""

from release_coordinator.api.attempt import Gate, GateState
from release_coordinator.api.evidence import CICheck, DocumentRef
from release_coordinator.engine import names
from release_coordinator.engine.gates.ci import LABEL_VERSION
from release_coordinator.engine.gates.credentials import templates
from release_coordinator.engine.images import spellings, tag_of

from .scene import Remedy, Scene, snippet

NOTES = """\
# {version}

## Summary

What this version is for, in a sentence or two.

## New Features

- ...

## Improvements

- ...

## Bug Fixes

- ... (#123)

## Known Issues

- None.
"""


def version_consistency(gate: Gate, scene: Scene) -> list[Remedy]:
    """For each source that says another version; without evidence, for all there are."""
    source = gate.evidence or "manifest, in staging, what runs now"
    found = []
    version = scene.spec.version
    accepted = spellings(version)
    wrong = [
        {"name": c.name, "images": {k: _tagged(image, version) for k, image in c.images.items()}}
        for c in scene.spec.components
        if any("@" not in i and tag_of(i) not in accepted for i in c.images.values())
    ]
    if wrong:
        found.append(scene.spec_part("name images of this version", {"components": wrong}))
    ref = scene.spec.documents.version_manifest
    if ref is not None and "manifest" in source:
        text = snippet({component.name: version for component in scene.spec.components})
        found.append(Remedy(f"have CI write this as {ref.key}", text))
        found += scene.write(ref, gate.message)
    if scene.staging and "in staging" in source:
        namespace, name = scene.staging
        text = f"kubectl release status {name} -n {namespace}"
        found.append(Remedy("deploy it in staging first; see what is there", text))
    if "what runs now" in source:
        found.append(Remedy("see what runs now", scene.kubectl("get deployments -o wide")))
    return found


def _tagged(image: str, version: str) -> str:
    tag = tag_of(image)
    bare = image if tag is None else image.removesuffix(f":{tag}")
    return image if "@" in image else f"{bare}:{version.replace('+', '_')}"


def changelog(gate: Gate, scene: Scene) -> list[Remedy]:
    """The heading of a section of Keep a Changelog."""
    section = f"## [{scene.spec.version}] - {scene.now:%Y-%m-%d}\n\n### Added\n\n- ..."
    what = "add a section with what was Added, Changed, Removed or Fixed"
    ref = scene.spec.documents.changelog
    return _document(scene, ref, "changelog", "CHANGELOG.md", Remedy(what, section), gate.message)


def release_notes(gate: Gate, scene: Scene) -> list[Remedy]:
    """The template, filled in as far as it can be."""
    text = NOTES.format(version=scene.spec.version).rstrip()
    what = "write them; leave out what does not apply"
    ref = scene.spec.documents.release_notes
    found = _document(
        scene, ref, "releaseNotes", "RELEASE_NOTES.md", Remedy(what, text), gate.message
    )
    if ref is None:
        return found
    return [*found, Remedy("or edit a draft of them", scene.own("notes --edit"))]


def migration_guide(gate: Gate, scene: Scene) -> list[Remedy]:
    """The heading that the gate looks for."""
    text = f"## Migrating to {scene.spec.version}\n\n1. ..."
    what = "write what users of the previous version have to change"
    ref = scene.spec.documents.migration_guide
    return _document(scene, ref, "migrationGuide", "MIGRATION.md", Remedy(what, text), gate.message)


def _document(
    scene: Scene, ref: DocumentRef | None, field: str, key: str, text: Remedy, message: str
) -> list[Remedy]:
    if ref is not None:
        return [text, *scene.write(ref, message)]
    named = scene.documents()
    name = named[0].config_map if named else f"{scene.release.name}-documents"
    part = {"documents": {field: {"configMap": name, "key": key}}}
    new = DocumentRef(config_map=name, key=key)
    return [scene.spec_part("name the document", part), text, *scene.write(new, message)]


def ci(gate: Gate, scene: Scene) -> list[Remedy]:
    """What the pipeline has to write, or where to look for what it says."""
    if not scene.spec.ci:
        entry = {"name": "pipeline", "configMap": {"name": f"{scene.release.name}-ci", "key": "ci"}}
        return [
            scene.spec_part("name what says that the pipeline is green", {"ci": [entry]}),
            *_pipeline_writes(scene, CICheck.model_validate(entry), gate.message),
        ]
    found = [
        remedy for check in scene.spec.ci for remedy in _pipeline_writes(scene, check, gate.message)
    ]
    return [*found, scene.retry()] if any(check.job for check in scene.spec.ci) else found


def _pipeline_writes(scene: Scene, check: CICheck, message: str) -> list[Remedy]:
    if check.config_map:
        entry = check.config_map
        name, value = entry.name, f"{entry.key}={entry.value}"
        what = f"last step of the pipeline ({check.name}), when it is green"
        label = f"label configmap {name} --overwrite {LABEL_VERSION}={scene.spec.version}"
        return [
            *scene.into_config_map(what, name, f"--from-literal={value}", message),
            Remedy("and say which version it is for", scene.kubectl(label)),
        ]
    if check.object:
        group, _, _ = check.object.api_version.rpartition("/")
        kind = f"{check.object.kind}.{group}".rstrip(".").lower()
        look = scene.kubectl(f"get {kind} {check.object.name} -o yaml")
        return [Remedy(f"see what it says ({check.name})", look)]
    return [_logs(scene, f"see why the Job of {check.name} failed")]


def alerts(_gate: Gate, scene: Scene) -> list[Remedy]:
    """Name rules, or see where they should be loaded."""
    wanted = scene.spec.alerts
    if wanted is None:
        part = {"alerts": {"source": "default", "rules": ["<name of an alert rule>"]}}
        return [scene.spec_part("name the rules that guard the application", part)]
    url = f"kubectl get metricsource {wanted.source} -o jsonpath='{{.spec.url}}'"
    return [
        Remedy("see what it has loaded, at /api/v1/rules?type=alert below this address", url),
        scene.edit("or name other rules in spec.alerts.rules"),
    ]


def credentials(gate: Gate, scene: Scene) -> list[Remedy]:
    """The Secrets that the plan's Jobs refer to."""
    keys: dict[str, set[str]] = {}
    for template in templates(scene.spec):
        for variable in template.env:
            ref = variable.value_from.secret_key_ref if variable.value_from else None
            if ref is not None:
                keys.setdefault(ref.name, set()).add(ref.key)
    found = [
        Remedy(
            f"Secret {name} needs {', '.join(sorted(wanted))}; see which keys it has",
            scene.kubectl(f"describe secret {name}"),
        )
        for name, wanted in sorted(keys.items())
    ]
    if gate.state is not GateState.FAILED:
        return found
    return [*found, _logs(scene, "see what the checks said"), scene.retry()]


def migrations(gate: Gate, scene: Scene) -> list[Remedy]:
    """The Jobs that tried them."""
    if gate.state is not GateState.FAILED:
        return [_logs(scene, "see how far it is")]
    return [_logs(scene, "see why it failed"), scene.retry()]


def _logs(scene: Scene, what: str) -> Remedy:
    labels = f"{names.LABEL_RELEASE}={scene.release.name}"
    labels += f",{names.LABEL_ATTEMPT}={scene.attempt.number}"
    return Remedy(what, scene.kubectl(f"logs --prefix --tail=20 -l {labels}"))
