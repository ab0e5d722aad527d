"""`kubectl release incident list | show | open | edit | timeline | resolve`.

incidentdesk (with whose rights) -> incidents (bodies and patches) -> the API server
                                 -> incidentpage, render.postmortem or paper: what is shown
"""

import asyncio
import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer

from release_coordinator.api.base import format_time
from release_coordinator.api.codec import parse_incident
from release_coordinator.api.incident import (
    IncidentDecision,
    IncidentSeverity,
    IncidentState,
)
from release_coordinator.cli import incidentdesk, incidentpage, options, paper
from release_coordinator.cli.completion import listed
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.incidents import Words
from release_coordinator.cli.place import Place
from release_coordinator.cluster.port import INCIDENT, Body
from release_coordinator.render.postmortem import markdown

LIST_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release incident list -n shop                     all of a namespace, the newest first

  kubectl release incident list -A --unresolved -o wide     what somebody must work on
"""
SHOW_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release incident show bookshop-2-0a1b2c3d4e -n shop                 all of it

  kubectl release incident show bookshop-2-0a1b2c3d4e -o markdown > post-mortem.md
"""
OPEN_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release incident open bookshop -n shop --title "orders are sent twice" --severity High

  kubectl release incident open bookshop --title "orders are lost" -o json | jq -r .metadata.name

The operator opens those of releases that are rolled back, held or fail; this is for what it cannot
see.
"""
EDIT_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release incident edit bookshop-2-0a1b2c3d4e --state Identified --severity Critical

  kubectl release incident edit bookshop-2-0a1b2c3d4e --impact "one order in ten was lost"
"""
TIMELINE_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release incident timeline bookshop-2-0a1b2c3d4e

  kubectl release incident timeline bookshop-2-0a1b2c3d4e --add "told the customers" --owner dana
"""
RESOLVE_EXAMPLES = """
[bold]Example[/bold]

  kubectl release incident resolve bookshop-2-0a1b2c3d4e --root-cause "a query without an index" \\
    --prevention "staging has as many rows as production"
"""


class Shape(StrEnum):
    """Values of `-o` of `incident show`."""

    PAGE = "page"
    MARKDOWN = "markdown"
    JSON = "json"
    YAML = "yaml"


def _names(context: typer.Context, incomplete: str) -> list[str]:
    return listed(INCIDENT, context, incomplete)


Name = Annotated[
    str, typer.Argument(metavar="NAME", help="Name of the Incident.", autocompletion=_names)
]
Severity = Annotated[
    IncidentSeverity | None, typer.Option("--severity", case_sensitive=False, help="How bad it is.")
]
Impact = Annotated[str | None, typer.Option("--impact", help="Who notices what, and how many.")]
Detected = Annotated[
    str | None, typer.Option("--detected-at", help="When it was noticed: 2026-12-01T20:00:00Z.")
]
RootCause = Annotated[str | None, typer.Option("--root-cause", help="Why it happened.")]
Prevention = Annotated[
    str | None, typer.Option("--prevention", help="What keeps it from happening again.")
]
Fix = Annotated[
    str | None, typer.Option("--fix", help="What is corrected before the version comes again.")
]


def list_(  # noqa: PLR0913
    *,
    release: Annotated[str | None, typer.Option("--release", help="Of this Release only.")] = None,
    unresolved: Annotated[bool, typer.Option("--unresolved", help="Those not Resolved.")] = False,
    namespace: options.Namespace = None,
    everywhere: options.AllNamespaces = False,
    output: options.RowsOutput = options.Rows.TABLE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """List incidents, the newest first."""
    place = Place(namespace, everywhere=everywhere, kubeconfig=kubeconfig, context=context)
    bodies = [
        body
        for body in asyncio.run(incidentdesk.every(place))
        if release in {None, body["spec"].get("release")}
        and not (unresolved and body["spec"].get("state") == IncidentState.RESOLVED)
    ]
    if paper.objects(bodies, INCIDENT, output, sys.stdout):
        return
    if not bodies:
        sys.stderr.write("there is no such incident\n")
        return
    found = sorted(map(parse_incident, bodies), key=lambda one: one.created, reverse=True)
    wide = output is options.Rows.WIDE
    paper.show(incidentpage.listing(found, datetime.now(UTC), everywhere=everywhere, wide=wide))


def show(
    name: Name,
    *,
    namespace: options.Namespace = None,
    output: Annotated[
        Shape, typer.Option("--output", "-o", help="What to print.", show_default=False)
    ] = Shape.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show an incident: what happened, what was done, what was learned."""
    body = asyncio.run(
        incidentdesk.read(Place(namespace, kubeconfig=kubeconfig, context=context), name)
    )
    incident = parse_incident(body)
    match output:
        case Shape.PAGE:
            paper.show(incidentpage.page(incident, datetime.now(UTC)))
        case Shape.MARKDOWN:
            try:
                sys.stdout.write(markdown(incident))
            except ValueError as error:
                raise UnansweredError(f"incident {name} cannot be read: {error}") from error
        case _:
            paper.stored(body, INCIDENT, options.Form(output), sys.stdout)


def open_(  # noqa: PLR0913 - each is an option
    release: options.Name,
    *,
    title: Annotated[str, typer.Option("--title", help="What it is about, in one line.")],
    attempt: Annotated[
        int | None, typer.Option("--attempt", min=1, help="Attempt that it is about.")
    ] = None,
    severity: Severity = None,
    impact: Impact = None,
    detected_at: Detected = None,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Open an incident of a release."""
    words = Words(title=title, severity=severity, impact=impact, detected_at=detected_at)
    place = Place(namespace, kubeconfig=kubeconfig, context=context)
    stored = asyncio.run(incidentdesk.create(place, release, attempt, words))
    _tell(stored, "opened", output)


def edit(  # noqa: PLR0913 - each is an option
    name: Name,
    *,
    title: Annotated[str | None, typer.Option("--title", help="What it is about.")] = None,
    severity: Severity = None,
    impact: Impact = None,
    state: Annotated[
        IncidentState | None,
        typer.Option("--state", case_sensitive=False, help="How far the work on it is."),
    ] = None,
    decision: Annotated[
        IncidentDecision | None,
        typer.Option("--decision", case_sensitive=False, help="What was decided."),
    ] = None,
    detected_at: Detected = None,
    root_cause: RootCause = None,
    prevention: Prevention = None,
    fix: Fix = None,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Write what you know of an incident."""
    words = Words(
        title, severity, impact, state, decision, detected_at, root_cause, prevention, fix
    )
    if words == Words():
        raise typer.BadParameter("say what to write, like --state Identified or --impact TEXT")
    place = Place(namespace, kubeconfig=kubeconfig, context=context)
    stored = asyncio.run(incidentdesk.change(place, name, words))
    _tell(stored, f"changed: {', '.join(words.to_wire())}", output)


def timeline(  # noqa: PLR0913
    name: Name,
    *,
    add: Annotated[str | None, typer.Option("--add", help="What was done or found.")] = None,
    owner: Annotated[
        str | None, typer.Option("--owner", help="Who did it; else you, as the server knows you.")
    ] = None,
    at: Annotated[str | None, typer.Option("--at", help="When; else now.")] = None,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show the timeline of an incident, or add to it."""
    place = Place(namespace, kubeconfig=kubeconfig, context=context)
    if add is None:
        if owner is not None or at is not None:
            raise typer.BadParameter("--owner and --at are said of an entry: --add TEXT")
        body = asyncio.run(incidentdesk.read(place, name))
        if not paper.stored(body, INCIDENT, output, sys.stdout):
            paper.show(incidentpage.timeline(parse_incident(body)))
        return
    moment = at or format_time(datetime.now(UTC))
    stored = asyncio.run(incidentdesk.note(place, name, moment, add, owner))
    _tell(stored, "an entry was added", output)


def resolve(  # noqa: PLR0913
    name: Name,
    *,
    root_cause: RootCause = None,
    prevention: Prevention = None,
    fix: Fix = None,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """End an incident; its root cause and prevention are said now or were before."""
    words = Words(
        state=IncidentState.RESOLVED, root_cause=root_cause, prevention=prevention, fix=fix
    )
    place = Place(namespace, kubeconfig=kubeconfig, context=context)
    _tell(asyncio.run(incidentdesk.change(place, name, words)), "resolved", output)


def _tell(body: Body, what: str, output: options.Form) -> None:
    if paper.stored(body, INCIDENT, output, sys.stdout):
        return
    name, namespace = body["metadata"]["name"], body["metadata"]["namespace"]
    look = f"kubectl release incident show {name} -n {namespace}"
    sys.stdout.write(f"incident {name}: {what}\nSee it: {look}\n")
