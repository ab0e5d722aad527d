"""`kubectl release logs`: what the Jobs of a release and the pods of its version have written.

source (the Release) -> logsources (which containers) -> logs (reads them side by side)
"""

import asyncio
import sys
from contextlib import suppress
from typing import Annotated

import typer

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.base import parse_duration
from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.release import Component, WorkloadKind, WorkloadRef
from release_coordinator.cli import options
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.logs import Logs
from release_coordinator.cli.logscreen import LogScreen
from release_coordinator.cli.logsources import LogSource, of_component, of_jobs
from release_coordinator.cli.place import Place, Session, connected, denied
from release_coordinator.cli.source import Question, Source
from release_coordinator.cluster import workloads
from release_coordinator.cluster.podlogs import LogQuery
from release_coordinator.cluster.port import POD, RELEASE, Ref
from release_coordinator.engine import names
from release_coordinator.errors import Denied, NotFound

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release logs bookshop -n shop                    all Jobs, and the pods of the version

  kubectl release logs bookshop -n shop -f                 as they grow, until the release ends

  kubectl release logs bookshop --step migrate             the Jobs of the migrations

  kubectl release logs bookshop --component backend --since 10m --tail 100

A Job's pods are removed with it; what it said last is in kubectl release status.
"""

Step = Annotated[
    str, typer.Option("--step", help="Only the Jobs of this step, like migrate or smoke/checkout.")
]
ComponentName = Annotated[str, typer.Option("--component", help="Only the pods of this component.")]
Follow = Annotated[bool, typer.Option("--follow", "-f", help="Go on as they grow.")]
Since = Annotated[str | None, typer.Option("--since", help="Only lines of the last 10m, 2h30m, …")]
Tail = Annotated[
    int | None, typer.Option("--tail", min=0, help="Only so many lines from the end of each.")
]
Previous = Annotated[
    bool, typer.Option("--previous", "-p", help="Of containers as they ran before a restart.")
]
Timestamps = Annotated[bool, typer.Option("--timestamps", help="With the moment of each line.")]
Prefix = Annotated[bool, typer.Option("--prefix/--no-prefix", help="Say where each line is from.")]


def logs(  # noqa: PLR0913 - each is an option
    name: options.Name,
    *,
    step: Step = "",
    component: ComponentName = "",
    follow: Follow = False,
    since: Since = None,
    tail: Tail = None,
    previous: Previous = False,
    timestamps: Timestamps = False,
    prefix: Prefix = True,
    namespace: options.Namespace = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show the logs of a release's Jobs and of the pods of its version, with your own rights."""
    if previous and follow:
        raise typer.BadParameter("what has ended does not grow: choose --previous or --follow")
    query = LogQuery("", since=_seconds(since), tail=tail, previous=previous)
    screen = LogScreen(sys.stdout, prefix=prefix, timestamps=timestamps)
    question = Question(name, namespace, kubeconfig, context)
    asyncio.run(_logs(question, _Wanted(step, component), query, screen, follow=follow))


class _Wanted:
    """Which containers are meant."""

    def __init__(self, step: str, component: str) -> None:
        self.step = step
        self.component = component

    @property
    def jobs(self) -> bool:
        return bool(self.step) or not self.component

    def components(self, release: ReleaseObject) -> list[Component]:
        """Those of the Release that are meant. Raises UnansweredError for one it does not have."""
        known = release.spec.components if release.spec else []
        if self.component and self.component not in {one.name for one in known}:
            names_ = ", ".join(one.name for one in known)
            raise UnansweredError(
                f"release {release.name!r} has no component {self.component!r}; it has: {names_}"
            )
        if self.component:
            return [one for one in known if one.name == self.component]
        return [] if self.step else known


async def _logs(
    question: Question, wanted: _Wanted, query: LogQuery, screen: LogScreen, *, follow: bool
) -> None:
    place = Place(question.namespace, kubeconfig=question.kubeconfig, context=question.context)
    async with connected(place) as session:
        ref = Ref(RELEASE, session.namespace, question.name)
        source = Source(session.cluster, session.changes, ref)
        reading = Logs(session.changes, session.namespace or "", query, screen.note)

        async def find() -> tuple[list[LogSource], bool]:
            release = parse_release(await source.read())
            attempt = _attempt(release)
            over = attempt.end is not None and attempt.recorded
            return await _found(session, release, attempt, wanted), over

        if follow:
            async for line in reading.follow(find):
                screen.show(line)
            return
        found, _ = await find()
        if not found:
            screen.note(_nothing(wanted))
        try:
            for line in await reading.all(found):
                screen.show(line)
        except Denied as error:
            raise UnansweredError(denied(error, "pods/log", session.namespace)) from error


async def _found(
    session: Session, release: ReleaseObject, attempt: Attempt, wanted: _Wanted
) -> list[LogSource]:
    found: list[LogSource] = []
    async with session.explained(POD):
        if wanted.jobs:
            labels = {names.LABEL_RELEASE: release.name, names.LABEL_ATTEMPT: str(attempt.number)}
            pods = await session.cluster.list(POD, session.namespace, labels)
            found += of_jobs(pods, attempt, wanted.step)
        for component in wanted.components(release):
            for target in _targets(component, release, attempt):
                with suppress(NotFound):
                    place = workloads.ref_in(release.namespace, target)
                    body = await session.cluster.get(place)
                    selector = workloads.selector_of(body)
                    pods = await session.cluster.list(POD, session.namespace, selector)
                    found += of_component(component, body, pods)
    return found


def _targets(component: Component, release: ReleaseObject, attempt: Attempt) -> list[WorkloadRef]:
    """The workload, and the one that runs beside it if it is BlueGreen."""
    if not component.is_blue_green:
        return [component.target]
    slot = names.slot(release.uid, attempt.number, component.name)
    twin = names.twin_name(component.target.name, slot)
    return [component.target, WorkloadRef(kind=WorkloadKind.DEPLOYMENT, name=twin)]


def _attempt(release: ReleaseObject) -> Attempt:
    attempt = release.status.attempt
    if attempt is None:
        raise UnansweredError(f"release {release.name!r} has no attempt yet: nothing has run")
    return attempt


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _nothing(wanted: _Wanted) -> str:
    if wanted.step:
        return f"no Job of step {wanted.step!r} has a pod: it has not begun, or was removed"
    return "nothing has a log: no Job has begun or all were removed, and no pod runs the version"
