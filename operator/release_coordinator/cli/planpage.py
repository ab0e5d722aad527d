"""A plan as a page: in the order in which it happens. Pure; used by `cli.commands`."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from release_coordinator.api.checklist import Enforcement
from release_coordinator.api.release import Watch
from release_coordinator.api.strategy import StrategyType

from . import watchwords
from .tables import new_table
from .view import ComponentView, JobView, MigrationView, PlanView
from .words import plain

_UNCHANGED = "unchanged"


def page(view: PlanView) -> RenderableType:
    """Everything the plan says; sections with nothing to say are left out."""
    parts: list[RenderableType] = [header(view)]
    for title, body in _sections(view):
        parts += [Text(), Text(title, style="bold"), Padding(body, (0, 0, 0, 2))]
    return Group(*parts)


def header(view: PlanView) -> Table:
    """What is to happen to which application, and the digests by which people name the plan."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    grid.add_row("Application", plain(f"{view.namespace}/{view.release}"))
    grid.add_row("Version", plain(version_step(view)))
    grid.add_row("Plan of", plain("the live Release" if view.source == "live" else view.source))
    grid.add_row("State", plain(view.state))
    grid.add_row("Policy", plain(_policy(view)))
    grid.add_row("Window", plain(view.schedule.text))
    grid.add_row("Digest", plain(view.digest))
    grid.add_row("  of the spec", plain(view.spec_digest))
    grid.add_row("  of artifacts", plain(view.artifact_digest))
    for note in view.notes:
        grid.add_row("Note", Text(plain(note).plain, style="yellow"))
    return grid


def version_step(view: PlanView) -> str:
    """From which version to which, and what kind of step that is."""
    text = f"{view.previous_version or 'nothing'} -> {view.version}"
    return f"{text} ({view.type})" if view.type else text


def _policy(view: PlanView) -> str:
    name = f"ReleasePolicy {view.policy.name}" if view.policy.name else "built-in"
    if view.policy.from_file:
        name += ", as it is in the file"
    less = "; ".join(view.policy.relaxed)
    return f"{name}; relaxed: {less}" if less else name


def _sections(view: PlanView) -> Iterator[tuple[str, RenderableType]]:
    yield "Gates", _gates(view)
    yield "Steps", steps(view)
    yield "If it is rolled back", _rollback(view)
    if view.compared_with:
        yield f"Differences to {view.compared_with}", _differences(view)


def _gates(view: PlanView) -> Table:
    found = new_table("MEANT", "WHAT", words="WHAT")
    for level in Enforcement:
        names = list(view.policy.gates.get(level, []))
        names += [
            f"SignOff/{sign.role}" + (f" by {sign.count} people" if sign.count > 1 else "")
            for sign in view.policy.sign_offs
            if sign.enforcement is level
        ]
        if names:
            found.add_row(level, plain(", ".join(names)))
    if view.policy.staging:
        suites = ", ".join(view.policy.suites) or "none"
        found.add_row("Staging", plain(f"{view.policy.staging}, suites: {suites}"))
    elif view.policy.suites:
        found.add_row("Suites", plain(", ".join(view.policy.suites)))
    author = "also" if view.policy.author_may_approve else "not"
    found.add_row(
        "Approvals",
        plain(f"lapse after {view.policy.approvals_valid_for}; {author} by who changed the spec"),
    )
    return found


def steps(view: PlanView) -> Table:
    """Everything that happens, in its order."""
    found = new_table("STEP", "WHAT", "HOW", words="HOW")
    for step, what, how in _story(view):
        found.add_row(Text(step, style="bold"), plain(what), plain(how))
    return found


def _story(view: PlanView) -> Iterator[tuple[str, str, str]]:
    yield from _jobs("check", view.checks)
    if view.backup:
        yield "back up", "", _job(view.backup)
    if view.backup_verify:
        yield "verify", "the backup", _job(view.backup_verify)
    for migration in view.migrations:
        yield "migrate", migration.name, _migration(migration)
    for component in view.components:
        yield "roll out", component.name, _component(component)
    yield from _jobs("clear cache", view.caches)
    yield from _jobs("warm up", view.warmup)
    for component in view.components:
        if component.health:
            yield "verify", component.name, f"every pod answers {component.health}"
    yield from _jobs("test", view.smoke_tests)
    yield from _end(view)


def _end(view: PlanView) -> Iterator[tuple[str, str, str]]:
    if view.watch:
        yield from _watch(view.watch)
    if view.rehearsal:
        yield "rehearse", "", "all is taken back as below, then the same plan begins once more"
    for component in view.components:
        if component.strategy is StrategyType.BLUE_GREEN:
            yield "promote", component.name, _promotion(component)


def _jobs(step: str, jobs: list[JobView]) -> Iterator[tuple[str, str, str]]:
    return ((step, job.name, _job(job)) for job in jobs)


def _job(job: JobView) -> str:
    return f"Job {job.image}, at most {job.timeout}"


def _migration(migration: MigrationView) -> str:
    if migration.in_place:
        return "in place already: does not run"
    return f"{migration.reversibility}; {_job(migration)}"


def _component(component: ComponentView) -> str:
    changes = [
        f"{image.container}: {_UNCHANGED}, {image.wanted}"
        if image.running == image.wanted
        else f"{image.container}: {image.running or 'nothing'} -> {image.wanted}"
        for image in component.images
    ]
    after = f"; after {', '.join(component.depends_on)}" if component.depends_on else ""
    if component.inline:
        changes.insert(0, component.inline)
    if component.strategy is StrategyType.BLUE_GREEN:
        changes.append(f"then Service {component.service} is switched")
    what = "; ".join([component.strategy, *changes])
    return f"{what}{after}; at most {component.progress_deadline}"


def _promotion(component: ComponentView) -> str:
    return (
        f"{component.workload} gets the new version, Service {component.service} goes back to it, "
        "what ran beside it is deleted"
    )


def _watch(watch: Watch) -> Iterator[tuple[str, str, str]]:
    yield "watch", "", watchwords.head(watch)
    yield from (("", name, words) for name, words in watchwords.lines(watch))


def _rollback(view: PlanView) -> Table:
    back = view.rollback
    found = new_table("STEP", "WHAT", words="WHAT")
    if back.needs_person:
        found.add_row(
            "ask a person",
            plain(f"nobody goes back past {', '.join(back.needs_person)} without an order"),
        )
    restored = back.restores or "the images that run now"
    found.add_row("take back", plain(f"{', '.join(back.components)}: {restored} runs again"))
    if back.reverts:
        found.add_row("revert", plain(f"migrations {', '.join(back.reverts)}"))
    if back.destroys:
        names = ", ".join(back.destroys)
        text = f"{names} destroys data written since: only if role data-loss has approved"
        found.add_row("but", plain(text))
    if back.leaves:
        found.add_row("leave", plain(f"migrations {', '.join(back.leaves)}: the schema stays"))
    if back.caches:
        found.add_row("clear caches", plain(", ".join(back.caches)))
    if back.smoke_tests:
        found.add_row("test", plain(", ".join(back.smoke_tests)))
    return found


def _differences(view: PlanView) -> RenderableType:
    if not view.differences:
        return Text("none: it is the same plan")
    found = new_table("FIELD", "BEFORE -> AFTER", words="BEFORE -> AFTER")
    for one in view.differences:
        change = f"{one.before or 'nothing'} -> {one.after or 'nothing'}"
        found.add_row(plain(one.field), plain(change))
    return found
