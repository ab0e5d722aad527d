"""`kubectl release list`: all Releases of a namespace, or of the cluster, once or as they change.

place -> listing (a table) or paper (documents); with --watch the informer keeps a store, and every
change of it is shown.
"""

import asyncio
import sys
from datetime import UTC, datetime

import typer

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.cli import options, paper
from release_coordinator.cli.listing import page
from release_coordinator.cli.listscreen import ListScreen
from release_coordinator.cli.options import Rows
from release_coordinator.cli.place import Place, Session, connected
from release_coordinator.clock import SystemClock
from release_coordinator.cluster.informer import ApiCollections, Feed, Informer
from release_coordinator.cluster.port import RELEASE, Body
from release_coordinator.cluster.store import Store

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release list -n shop              every release: version, phase, what it waits for

  kubectl release list -A -o wide           of all namespaces, with who must act

  kubectl release list -A --watch           as they change

  kubectl release list -n shop -o name | xargs kubectl -n shop get
"""


def list_(
    *,
    namespace: options.Namespace = None,
    everywhere: options.AllNamespaces = False,
    watch: options.Watch = False,
    output: options.RowsOutput = Rows.TABLE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """List releases: version, phase, progress, what they wait for, and since when."""
    if watch and output in (Rows.NAME, Rows.YAML, Rows.JSON):
        raise typer.BadParameter("--watch shows a table: leave -o out, or say -o wide")
    place = Place(namespace, everywhere=everywhere, kubeconfig=kubeconfig, context=context)
    wide = output is Rows.WIDE
    asyncio.run(_watch(place, wide=wide) if watch else _once(place, output))


async def _once(place: Place, output: Rows) -> None:
    async with connected(place) as session:
        bodies = sorted(await session.list(RELEASE), key=_key)
    if paper.objects(bodies, RELEASE, output, sys.stdout):
        return
    if not bodies:
        sys.stderr.write(f"there is no release in {_where(session)}\n")
        return
    wide = output is Rows.WIDE
    paper.show(page(_parsed(bodies), datetime.now(UTC), everywhere=place.everywhere, wide=wide))


async def _watch(place: Place, *, wide: bool) -> None:
    async with connected(place) as session:
        bodies = await session.list(RELEASE)  # what is wrong from the start is told, not waited for
        store, screen = Store(), ListScreen(lambda: datetime.now(UTC), everywhere=place.everywhere)
        store.replace_all(RELEASE, bodies, since=store.mark(), namespace=session.namespace)

        def show() -> None:
            screen.show(_parsed(store.select(RELEASE, session.namespace)), wide=wide)

        feed = Feed(RELEASE, session.namespace)
        informer = Informer(
            ApiCollections(session.changes), store, feed, lambda: datetime.now(UTC), show
        )
        with screen.watching():
            show()
            await informer.run(SystemClock())


def _parsed(bodies: list[Body]) -> list[ReleaseObject]:
    return [parse_release(body) for body in bodies]


def _key(body: Body) -> tuple[str, str]:
    return body["metadata"].get("namespace", ""), body["metadata"]["name"]


def _where(session: Session) -> str:
    return f"namespace {session.namespace!r}" if session.namespace else "any namespace"
