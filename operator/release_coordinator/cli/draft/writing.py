"""A first Release as a file for people: every guess is a comment. Pure; last step of `cli.draft`.

`CHECK` marks what only a person knows; `kubectl release lint` warns of nothing else in it.
"""

from collections.abc import Iterator, Sequence

import yaml

from release_coordinator.api.watch import Convention
from release_coordinator.cli.lint.advice import is_mutable
from release_coordinator.cluster.port import RELEASE
from release_coordinator.text import one_line

from .survey import WATCHED, Draft, Part, fit

_SOURCES = {
    Convention.PROMETHEUS_CLIENT: "its pods have the annotation prometheus.io/scrape",
    Convention.OPEN_TELEMETRY: "OpenTelemetry is injected into its pods",
    Convention.ISTIO: "its pods are in the Istio mesh",
}


def text(drafts: Sequence[Draft]) -> str:
    """The whole file."""
    return "---\n".join("".join(f"{line}\n" for line in _document(draft)) for draft in drafts)


def _document(draft: Draft) -> Iterator[str]:
    yield f"# A first Release of what runs in namespace {draft.namespace}: guessed, so read it."
    yield "# What only you know is marked CHECK. Then:"
    yield "#   kubectl release lint release.yaml --server"
    yield f"#   kubectl release plan {draft.name} -n {draft.namespace} -f release.yaml"
    for skipped in draft.skipped:
        yield f"# Left out: {one_line(skipped)}"
    yield f"apiVersion: {RELEASE.api_version}"
    yield "kind: Release"
    yield "metadata:"
    yield f"  name: {_scalar(draft.name)}"
    yield f"  namespace: {_scalar(draft.namespace)}"
    yield "spec:"
    yield from _version(draft)
    yield "  components:"
    for part in draft.parts:
        yield from _component(part)
    yield from _documents(draft)
    yield from _watch(draft)
    yield from _more(draft)


def _version(draft: Draft) -> Iterator[str]:
    if draft.version_from:
        yield f"  # From {one_line(draft.version_from)}. Change it with the images."
    else:
        yield "  # CHECK: no image has a version as its tag."
    yield f"  version: {_scalar(draft.version)}"


def _component(part: Part) -> Iterator[str]:
    yield f"    - name: {_scalar(part.name)}"
    yield "      workloadRef:"
    yield f"        kind: {part.kind}"
    yield f"        name: {_scalar(part.workload)}"
    if part.depends_on:
        yield "      # CHECK: guessed by its name: what people reach first goes last."
        yield f"      dependsOn: [{', '.join(map(_scalar, part.depends_on))}]"
    if part.left_out:
        yield f"      # Not released with it: {', '.join(part.left_out)}"
    yield "      images:"
    for container, image in part.images.items():
        if is_mutable(image):
            yield "        # CHECK: this tag may mean another image tomorrow; name a version."
        yield f"        {_scalar(container)}: {_scalar(image)}"
    if part.health.problem:
        yield f"      # CHECK: health is missing: {one_line(part.health.problem)}."
        return
    yield f"      # From the readinessProbe of container {part.health.container}."
    yield "      health:"
    yield f"        path: {_scalar(part.health.path)}"
    yield f"        port: {part.health.port}"


def _documents(draft: Draft) -> Iterator[str]:
    if draft.changelog is not None:
        name, key = draft.changelog
        yield "  # Gate Changelog wants a dated section of the version in it."
        yield "  documents:"
        yield "    changelog:"
        yield f"      configMap: {_scalar(name)}"
        yield f"      key: {_scalar(key)}"


def _watch(draft: Draft) -> Iterator[str]:
    yield "  # After the rollout this is watched; what goes wrong takes the version back."
    yield "  watch:"
    yield "    duration: 10m"
    yield "    pods: {}"
    watched = [part for part in draft.parts if part.convention is not None][:WATCHED]
    if not watched:
        yield "    # CHECK: no pod says that it has metrics; see docs/metrics.md for presets."
        return
    yield "    # CHECK: from MetricSource default, which the platform team names."
    yield "    metrics:"
    for part in watched:
        assert part.convention is not None  # noqa: S101 - others were left out
        yield f"      # {part.name}: {_SOURCES[part.convention]}."
        for preset, word in (("ErrorRate", "errors"), ("LatencyP95", "p95")):
            yield f"      - name: {_scalar(f'{fit(part.name, 62 - len(word))}-{word}')}"
            yield f"        preset: {preset}"
            yield f"        convention: {part.convention}"
            yield f"        component: {_scalar(part.name)}"
            yield "        failureThreshold: 2"


def _more(draft: Draft) -> Iterator[str]:
    yield "  # What makes a release safer; see docs/migrations.md and docs/gates.md:"
    yield "  # verify:       Jobs that test the version before it counts as good"
    backups = f", like CronJob {', '.join(draft.backups)}" if draft.backups else ""
    yield f"  # backup:       a Job that backs the database up first{one_line(backups)}"
    yield "  # migrations:   database migrations, each with the Job that takes it back"


def _scalar(value: str) -> str:
    """A text as YAML wants it, on one line."""
    dumped: str = yaml.safe_dump(value, width=10_000, allow_unicode=True)
    return dumped.removesuffix("\n").removesuffix("\n...")
