"""`kubectl release metrics`: how well releases go, beside their targets, from the release log.

place -> engine.releasereport -> metricspage (a table) or metricsview (documents).
"""

import asyncio
import sys
from datetime import UTC, datetime
from functools import partial
from typing import Annotated

import typer
from pydantic import ValidationError

from release_coordinator.api.codec import parse_policy
from release_coordinator.api.policy import DEFAULT_POLICY, ReleasePolicySpec, Targets
from release_coordinator.api.record import RecordSpec
from release_coordinator.cli import metricspage, options, paper
from release_coordinator.cli.completion import names_of
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.metricsview import view_of
from release_coordinator.cli.options import Form
from release_coordinator.cli.place import Place, Session, connected
from release_coordinator.cli.screen import Output
from release_coordinator.cluster.bodies import kept
from release_coordinator.cluster.port import POLICY, RECORD
from release_coordinator.engine import names
from release_coordinator.engine.deployments import Ended, ended
from release_coordinator.engine.releasereport import ReleaseReport, report
from release_coordinator.errors import Denied

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release metrics -n shop              every application, and all together

  kubectl release metrics bookshop -n shop     one of them: targets, trend, waiting per gate

  kubectl release metrics -A -o wide           of the whole cluster, with counts

  kubectl release metrics -A -o json | jq '.overall.windows["30d"].successRatio'

It is computed from the ReleaseRecords that you may read; docs/release-metrics.md has the formulas.
"""

Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", help="One Release; else all.", autocompletion=names_of),
]


def metrics(
    name: Name = None,
    *,
    namespace: options.Namespace = None,
    everywhere: options.AllNamespaces = False,
    output: Annotated[
        Output, typer.Option("--output", "-o", help="What to print.", show_default=False)
    ] = Output.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show success rate, time to deploy, rollbacks, downtime and time to restore."""
    place = Place(namespace, everywhere=everywhere, kubeconfig=kubeconfig, context=context)
    now = datetime.now(UTC)
    found, notes = asyncio.run(_found(place, name, now))
    if output in (Output.JSON, Output.YAML):
        paper.document(view_of(found, notes, now).to_wire(), Form(output), sys.stdout)
    elif name is not None:
        paper.show(metricspage.single(found, notes))
    else:
        wide = output is Output.WIDE
        paper.show(metricspage.every(found, notes, everywhere=everywhere, wide=wide))


async def _found(place: Place, name: str | None, now: datetime) -> tuple[ReleaseReport, list[str]]:
    async with connected(place) as session:
        attempts, unread = await _attempts(session, name)
        if not attempts:
            where = f"namespace {session.namespace!r}" if session.namespace else "any namespace"
            whose = f"release {name!r}" if name else "any release"
            raise UnansweredError(
                f"no attempt of {whose} has ended in {where}, as far as the release log goes; "
                "kubectl release list tells what there is"
            )
        policies, notes = await _policies(session)
    if unread:
        notes.append(
            f"{unread} records cannot be read and are left out: another version of "
            "kubectl-release, like the operator's, can."
        )
    default = policies.get((session.namespace or "", DEFAULT_POLICY))
    return report(attempts, policies, now, default.targets if default else Targets()), notes


async def _attempts(session: Session, name: str | None) -> tuple[list[Ended], int]:
    """What the release log says, and how many records cannot be read."""
    labels = {names.LABEL_RELEASE: name} if name else None
    slim = partial(kept, RECORD)
    async with session.explained(RECORD):
        bodies = await session.cluster.list(RECORD, session.namespace, labels, keep=slim)
    found = []
    for body in bodies:
        try:
            record = RecordSpec.model_validate(body.get("spec"))
        except ValidationError:
            continue
        found.append(ended(body["metadata"]["namespace"], record))
    return found, len(bodies) - len(found)


async def _policies(
    session: Session,
) -> tuple[dict[tuple[str, str], ReleasePolicySpec], list[str]]:
    """Where the targets are; without the right to read them those of the requirements are shown."""
    try:
        bodies = await session.cluster.list(POLICY, session.namespace)
    except Denied:
        return {}, ["You may not read releasepolicies, so the targets are the usual ones."]
    found = {}
    for body in bodies:
        spec, _ = parse_policy(body)
        if spec is not None:
            found[body["metadata"]["namespace"], body["metadata"]["name"]] = spec
    return found, []
