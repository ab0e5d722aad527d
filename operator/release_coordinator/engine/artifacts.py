"""Where two plans deploy different things, in words: the long form of `plan.artifact_digest`.

Used by the gate Staging to say why an attempt in staging proves nothing about this plan. A test
holds the two together: there is a difference exactly if the digests differ.
"""

from collections.abc import Iterable, Iterator

from release_coordinator.api.job import JobTemplate
from release_coordinator.api.release import Component, Migration, ReleaseSpec


def first_difference(staging: ReleaseSpec, here: ReleaseSpec) -> str:
    """The first thing that staging deployed and this plan does not, or the other way round."""
    return next(_differences(staging, here), "")


def _differences(staging: ReleaseSpec, here: ReleaseSpec) -> Iterator[str]:
    if staging.version != here.version:
        yield _both("version", staging.version, here.version)
    theirs = {component.name: component for component in staging.components}
    ours = {component.name: component for component in here.components}
    if set(theirs) != set(ours):
        yield _both("components", _listed(sorted(theirs)), _listed(sorted(ours)))
    for name, component in ours.items():
        if name in theirs:
            yield from _of_component(theirs[name], component)
    yield from _of_migrations(staging.migrations, here.migrations)


def _of_component(staging: Component, here: Component) -> Iterator[str]:
    for container in sorted({*staging.images, *here.images}):
        images = [one.images.get(container, "none") for one in (staging, here)]
        if images[0] != images[1]:
            yield _both(f"image of {here.name}/{container}", *images)
    if sorted(staging.depends_on) != sorted(here.depends_on):
        order = [_listed(sorted(one.depends_on)) for one in (staging, here)]
        yield _both(f"dependsOn of {here.name}", *order)


def _of_migrations(staging: list[Migration], here: list[Migration]) -> Iterator[str]:
    names = [[migration.name for migration in one] for one in (staging, here)]
    if names[0] != names[1]:
        yield _both("migrations", *(_listed(one) for one in names))
        return
    for theirs, ours in zip(staging, here, strict=True):
        where = f"migration {ours.name}"
        if theirs.reversibility is not ours.reversibility:
            yield _both(f"reversibility of {where}", theirs.reversibility, ours.reversibility)
        for job, there, own in (("up", theirs.up, ours.up), ("down", theirs.down, ours.down)):
            if _program(there) != _program(own):
                yield _both(f"{job} of {where}", _program(there), _program(own))


def _program(job: JobTemplate | None) -> str:
    """What a Job runs, unambiguously; its credentials and limits differ between namespaces."""
    return f"{job.image} {job.command}{job.args}" if job else "none"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names) or "none"


def _both(what: str, staging: str, here: str) -> str:
    return f"{what}: staging {staging}, here {here}"
