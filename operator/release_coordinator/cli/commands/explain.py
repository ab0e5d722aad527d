"""`kubectl release explain`: what is missing, who owns it, and what would satisfy it."""

import asyncio
import sys
from datetime import UTC, datetime

from release_coordinator.api.codec import parse_release
from release_coordinator.cli import options, paper
from release_coordinator.cli.explainpage import page
from release_coordinator.cli.explanation import Explanation, explain
from release_coordinator.cli.lookup import InvalidSpecError, Lookup
from release_coordinator.cli.scene import Scene
from release_coordinator.cli.source import Question, opened

EXAMPLES = """
[bold]Examples[/bold]

  kubectl release explain bookshop -n shop    what is missing, and who must do what?

  kubectl release explain bookshop -o json | jq -r '.missing[] | .owner + ": " + .name'
"""


def explain_(
    name: options.Name,
    *,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Tell what is missing, who owns it, and the exact command or text that would satisfy it."""
    found = asyncio.run(_explain(Question(name, namespace, kubeconfig, context)))
    if output is options.Form.PAGE:
        paper.show(page(found))
    else:
        paper.document(found.to_wire(), output, sys.stdout)


async def _explain(question: Question) -> Explanation:
    now = datetime.now(UTC)
    async with opened(question) as source:
        release = parse_release(await source.read())
        lookup = Lookup(source.cluster, release.namespace)
        async with source.explained():
            try:
                found = await lookup.outlook(release, now)
            except InvalidSpecError as error:
                return explain(release, None, error.faults)
    return explain(release, Scene.of(found, now))
