"""What is legal in a Release and will be regretted. Pure; part of `cli.lint`.

Each rule is one function. A warning is for what most people would want to change; a note is worth
knowing and fails no build.
"""

from collections.abc import Iterator, Mapping, Sequence

from release_coordinator.api.job import JobTemplate, NamedJob
from release_coordinator.api.release import Component, ReleaseSpec, Reversibility, SmokeTest
from release_coordinator.api.watch import DataCheck
from release_coordinator.engine import images

from . import watching
from .findings import Finding, note, warning

CREDENTIALS = ("PASSWORD", "PASSWD", "TOKEN", "SECRET", "API_KEY", "APIKEY", "PRIVATE_KEY")
"""Parts of names of variables that hold what must not stand in a file."""


MUTABLE = frozenset({None, "latest", "main", "master", "edge", "nightly", "dev", "stable"})
"""Tags that are given to one image after the other; None is no tag, which means latest."""


def is_mutable(image: str) -> bool:
    """Whether the same reference means another image later."""
    return "@" not in image and images.tag_of(image) in MUTABLE


def findings(spec: ReleaseSpec) -> list[Finding]:
    """All advice on a spec that is legal."""
    return [
        *(one for index, part in enumerate(spec.components) for one in _component(index, part)),
        *_watch(spec),
        *_migrations(spec),
        *_jobs(spec),
        *_tests(spec),
    ]


def _component(index: int, component: Component) -> Iterator[Finding]:
    path = f"spec.components[{index}]"
    for container, image in component.images.items():
        yield from _image(f"{path}.images[{container}]", image)
    if component.health is None:
        yield warning(
            "no-health",
            path,
            f"component {component.name} has no health: that its pods are ready is all that is "
            "known of it; add health with port and path of an endpoint that looks at what it needs",
        )


def _image(path: str, image: str) -> Iterator[Finding]:
    """A tag that moves means that nobody knows what runs, nor to what a rollback goes."""
    if is_mutable(image):
        yield warning(
            "mutable-image",
            path,
            f"{image} may be another image tomorrow, so neither the way forward nor the way back "
            "is certain; name a version or a digest",
        )


def _watch(spec: ReleaseSpec) -> Iterator[Finding]:
    if spec.watch is None:
        yield warning(
            "no-watch",
            "spec",
            "nothing is watched after the rollout, so nothing turns a bad version back; add watch, "
            "at least with pods: {}",
        )
        return
    yield from watching.findings(spec.watch)


def _migrations(spec: ReleaseSpec) -> Iterator[Finding]:
    final = [
        (index, one)
        for index, one in enumerate(spec.migrations)
        if one.reversibility is Reversibility.IRREVERSIBLE
    ]
    for index, migration in final:
        if spec.backup is None:
            yield warning(
                "irreversible-without-backup",
                f"spec.migrations[{index}]",
                f"{migration.name} cannot be taken back and there is no backup: if it goes wrong, "
                "the data are lost; add backup, or a down Job and reversibility: Reversible",
            )
    for index, migration in enumerate(spec.migrations):
        if migration.down_loses_data:
            yield note(
                "down-loses-data",
                f"spec.migrations[{index}].downLosesData",
                f"a rollback stops before it takes {migration.name} back and asks for the sign-off "
                "data-loss; whoever has that role can sign beforehand",
            )
    if spec.backup is not None and spec.backup.verify is None:
        yield note(
            "unproved-backup",
            "spec.backup",
            "nobody has tried to read this backup before it is needed; add backup.verify",
        )


def _jobs(spec: ReleaseSpec) -> Iterator[Finding]:
    for path, job in jobs_of(spec):
        yield from _image(f"{path}.image", job.image)
        for index, variable in enumerate(job.env):
            is_credential = any(word in variable.name.upper() for word in CREDENTIALS)
            if is_credential and variable.value:
                yield warning(
                    "credential",
                    f"{path}.env[{index}].value",
                    f"{variable.name} looks like a credential, and everybody who may read the "
                    "Release reads it; use valueFrom.secretKeyRef",
                )


def _tests(spec: ReleaseSpec) -> Iterator[Finding]:
    if not spec.verify.smoke_tests:
        yield note(
            "no-smoke-test",
            "spec",
            "no test is run against the version before it counts as good; add verify.smokeTests",
        )


def jobs_of(spec: ReleaseSpec) -> Iterator[tuple[str, JobTemplate]]:
    """Every Job that a spec can have run, by its field."""
    for index, check in enumerate(spec.ci):
        if check.job:
            yield f"spec.ci[{index}].job", check.job
    if spec.database.current:
        yield "spec.database.current", spec.database.current
    if spec.backup:
        yield "spec.backup.job", spec.backup.job
        if spec.backup.verify:
            yield "spec.backup.verify", spec.backup.verify
    for index, migration in enumerate(spec.migrations):
        yield f"spec.migrations[{index}].up", migration.up
        if migration.down:
            yield f"spec.migrations[{index}].down", migration.down
    lists: Mapping[str, Sequence[NamedJob | SmokeTest | DataCheck]] = {
        "spec.credentialChecks": spec.credential_checks,
        "spec.caches": spec.caches,
        "spec.warmup": spec.warmup,
        "spec.verify.smokeTests": spec.verify.smoke_tests,
        "spec.rollback.smokeTests": spec.rollback.smoke_tests,
        "spec.watch.dataChecks": spec.watch.data_checks if spec.watch else (),
    }
    for path, named in lists.items():
        for index, one in enumerate(named):
            yield f"{path}[{index}].job", one.job
