"""`kubectl release messages`: what was told to whom about a release, and what did not arrive.

place -> outbox (a table) or paper (documents)
"""

import asyncio
import sys
from datetime import UTC, datetime

from release_coordinator.api.codec import parse_notification
from release_coordinator.cli import options, outbox, paper
from release_coordinator.cli.options import Rows
from release_coordinator.cli.place import Place, connected
from release_coordinator.cluster.port import NOTIFICATION, Body
from release_coordinator.engine import names

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release messages bookshop -n shop            who was told what, and what did not arrive

  kubectl release messages bookshop -n shop -o wide    with the id of each message

  kubectl get channels                                 where messages go, and whether they arrive

Messages are kept for two days after they have arrived.
"""


def messages(
    name: options.Name,
    *,
    namespace: options.Namespace = None,
    output: options.RowsOutput = Rows.TABLE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Show what was told to whom about a release, and what did not arrive."""
    place = Place(namespace, kubeconfig=kubeconfig, context=context)
    bodies = asyncio.run(_find(place, name))
    if paper.objects(bodies, NOTIFICATION, output, sys.stdout):
        return
    if not bodies:
        sys.stderr.write(
            f"nobody was told anything of release {name!r}: either no Channel wants it, see "
            "kubectl get channels, or it is too long ago\n"
        )
        return
    found = [parse_notification(body) for body in bodies]
    paper.show(outbox.page(found, datetime.now(UTC), wide=output is Rows.WIDE))


async def _find(place: Place, name: str) -> list[Body]:
    async with connected(place) as session:
        return await session.list(NOTIFICATION, {names.LABEL_RELEASE: name})
