"""Gate R2.2: whatever says a version says the one that is released, component by component.

Four voices: the tags of the images in the spec, the version manifest that CI writes, the version
endpoints of the staging workloads, and those of what runs now, which must agree with each other.
An image named by digest alone carries no version; it is accepted and named.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.evidence import DocumentRef
from release_coordinator.api.policy import RequiredStaging
from release_coordinator.api.release import Component
from release_coordinator.engine import manifest
from release_coordinator.engine.context import Context
from release_coordinator.engine.evidence import VersionWant
from release_coordinator.engine.images import spellings, tag_of
from release_coordinator.engine.runfacts import DocumentWant
from release_coordinator.text import one_line

from .verdict import GateVerdict, failed, passed, unknown, waiting

NAME = GateName.VERSION_CONSISTENCY
OWNER = Role.RELEASE_MANAGER
QUOTED = 40
"""Characters that a message repeats of what a component says."""


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one source says of all components."""

    source: str
    fault: str = ""
    """Who says something else, and what to do."""
    silent: str = ""
    """Why it could not be heard."""
    late: bool = False
    """Silent because it is not written yet."""
    found: str = ""
    """What there is to say if nothing is wrong."""
    spec_only: bool = False
    """Only a change of the spec changes it."""


def evaluate(ctx: Context) -> GateVerdict:
    """Compare every source with `spec.version`."""
    ctx.seen.gather(*_wants(ctx))
    voices = [_tags(ctx), *_manifest(ctx), *_staging(ctx), *_running(ctx)]
    sources = ", ".join(voice.source for voice in voices)
    faults = [voice for voice in voices if voice.fault]
    silent = [voice for voice in voices if voice.silent]
    told = [voice.fault for voice in faults] + [voice.silent for voice in silent]
    if faults:
        text = f"spec.version is {_version(ctx)}, but {'; '.join(told)}"
        watched = not silent and all(voice.spec_only for voice in faults)
        where = ", ".join(voice.source for voice in faults)
        return failed(NAME, OWNER, text, evidence=where, watched=watched)
    if silent:
        make = waiting if all(voice.late for voice in silent) else unknown
        where = ", ".join(voice.source for voice in silent)
        return make(NAME, OWNER, "; ".join(told), evidence=where)
    text = "; ".join(voice.found for voice in voices if voice.found)
    return passed(NAME, OWNER, text, evidence=sources)


def _wants(ctx: Context) -> list[DocumentWant | VersionWant]:
    ref = ctx.plan.spec.documents.version_manifest
    wants: list[DocumentWant | VersionWant] = []
    if ref is not None:
        wants.append(DocumentWant(ref.config_map, ref.key))
    staging = _staging_here(ctx)
    places = ["", *([staging.namespace] if staging else [])]
    for component in _with_endpoint(ctx):
        end = component.version_endpoint
        assert end is not None  # noqa: S101 - selected above
        target = component.target
        wants += [VersionWant(target, end.port, end.path, end.timeout, place) for place in places]
    return wants


def _tags(ctx: Context) -> _Voice:
    accepted = spellings(_version(ctx))
    wrong: dict[str, list[str]] = {}
    pinned = []
    for component in ctx.plan.spec.components:
        for container, image in component.images.items():
            tag = tag_of(image)
            if tag is None and "@" in image:
                pinned.append(f"{component.name}/{container}")
            elif tag not in accepted:
                wrong.setdefault(component.name, []).append(tag or "no tag")
    if wrong:
        text = f"{_says(wrong)} (image tags; make spec.version and spec.components agree)"
        return _Voice("image tags", text, spec_only=True)
    note = f" (by digest only: {', '.join(pinned)})" if pinned else ""
    return _Voice("image tags", found=f"all image tags say {_version(ctx)}{note}")


def _manifest(ctx: Context) -> Iterable[_Voice]:
    ref = ctx.plan.spec.documents.version_manifest
    if ref is None:
        return
    source = f"version manifest in ConfigMap {ref.config_map}"
    document = ctx.seen.document(ref.config_map, ref.key)
    if document.text is None:
        text = f"the version manifest is missing: {document.problem}; CI must write it"
        yield _Voice(source, silent=text, late=True)
        return
    fault = _manifest_fault(ctx, ref, document.text)
    yield _Voice(source, fault, found=f"the version manifest says {_version(ctx)}")


def _manifest_fault(ctx: Context, ref: DocumentRef, text: str) -> str:
    place = f"version manifest, ConfigMap {ref.config_map}, key {ref.key}"
    try:
        read = manifest.read(text)
    except manifest.ManifestError as error:
        return f"the {place} cannot be used: {error}"
    names = [component.name for component in ctx.plan.spec.components]
    versions = {name: version for name in names if (version := read.components.get(name))}
    missing = [name for name in names if name not in versions]
    if missing:
        return (
            f"the {place} has no version of {', '.join(missing)}; CI must write one per "
            'component, as text in quotes like "1.3.0"'
        )
    said = {"the manifest itself": read.version} if read.version else {}
    accepted = {_version(ctx), f"v{_version(ctx)}"}
    wrong = {name: [v] for name, v in {**said, **versions}.items() if v not in accepted}
    return f"{_says(wrong)} ({place}; CI must write it for this version)" if wrong else ""


def _staging(ctx: Context) -> Iterable[_Voice]:
    staging = _staging_here(ctx)
    components = _with_endpoint(ctx)
    if staging is None or not components:
        return
    place = staging.namespace
    source = f"/version endpoints in staging, namespace {place}"
    said, problems = _heard(ctx, components, place)
    empty = [name for name, versions in said.items() if not versions]
    if empty and not problems:
        problems = [f"{', '.join(empty)}: no pod runs that says its version"]
    wrong = {name: list(v) for name, v in said.items() if set(v) - {_version(ctx)}}
    yield _Voice(
        source,
        f"{_says(wrong)} ({source}; deploy {_version(ctx)} there first)" if wrong else "",
        f"staging did not say its version: {'; '.join(problems)}" if problems else "",
        found=f"staging says {_version(ctx)}",
    )


def _staging_here(ctx: Context) -> RequiredStaging | None:
    """Staging, if its pods can be asked: not those of another cluster."""
    staging = ctx.plan.requirements.staging
    return None if staging is None or staging.elsewhere else staging


def _running(ctx: Context) -> Iterable[_Voice]:
    """What runs before the release: any one version, but of all components the same.

    After a rollback that failed it may be a mixture, and this release is the way out of it.
    """
    components = _with_endpoint(ctx)
    if not components or ctx.attempt.basis is not None:
        return
    source = "/version endpoints of what runs now"
    said, problems = _heard(ctx, components, "")
    versions = sorted({version for answers in said.values() for version in answers})
    mixed = {name: list(answers) for name, answers in said.items() if answers}
    advice = "bring all components to one version first"
    yield _Voice(
        source,
        f"{_says(mixed)} ({source}; {advice})" if len(versions) > 1 else "",
        f"what runs now did not say its version: {'; '.join(problems)}" if problems else "",
        found=f"what runs now says {versions[0]}" if versions else "",
    )


def _heard(
    ctx: Context, components: list[Component], namespace: str
) -> tuple[dict[str, tuple[str, ...]], list[str]]:
    """Versions by component, and why some did not say any."""
    said, problems = {}, []
    for component in components:
        endpoint = component.version_endpoint
        assert endpoint is not None  # noqa: S101 - selected by the caller
        fact = ctx.seen.versions(component.target, endpoint, namespace)
        said[component.name] = fact.versions
        if fact.problem:
            problems.append(f"{component.name}: {fact.problem}")
    return said, problems


def _with_endpoint(ctx: Context) -> list[Component]:
    return [part for part in ctx.plan.spec.components if part.version_endpoint is not None]


def _says(wrong: dict[str, list[str]]) -> str:
    """`backend says 1.2.0, frontend says 1.1.9`."""
    return ", ".join(
        f"{name} says {' and '.join(one_line(text, QUOTED) for text in dict.fromkeys(texts))}"
        for name, texts in wrong.items()
    )


def _version(ctx: Context) -> str:
    return ctx.plan.spec.version
