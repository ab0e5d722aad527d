"""`kubectl release suspend | resume | retry | abort | rollback`: one order, in the caller's name.

identity (who calls) -> ordering (would it be obeyed? the patch) -> the API server, if the Release
is still as it was seen
"""

import asyncio
import sys
from typing import Annotated

import typer

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.control import OrderKind, RollbackCause, Suspend
from release_coordinator.cli import options, paper
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.identity import user_of
from release_coordinator.cli.ordering import Wish, order_of
from release_coordinator.cli.refusals import in_words, said
from release_coordinator.cli.source import Question, Source, opened
from release_coordinator.cluster.port import RELEASE, Body
from release_coordinator.errors import Conflict, Denied, Invalid

SUSPEND_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release suspend bookshop -n shop          nothing more begins; a breach still rolls back

  kubectl release suspend bookshop -n shop --all    no step of the way back begins either
"""
RESUME_EXAMPLES = """
[bold]Example[/bold]

  kubectl release resume bookshop -n shop

It ends the suspension, and the hold if the release is held.
"""
RETRY_EXAMPLES = """
[bold]Example[/bold]

  kubectl release retry bookshop -n shop
"""
ABORT_EXAMPLES = """
[bold]Example[/bold]

  kubectl release abort bookshop -n shop

Before the first change the attempt ends; after it, what was changed is taken back.
"""
ROLLBACK_EXAMPLES = """
[bold]Examples[/bold]

  kubectl release rollback bookshop -n shop

  kubectl release rollback bookshop -n shop --reason Security "leaks session tokens"

  kubectl release rollback bookshop -n shop -o json | jq .metadata.resourceVersion

A release that has completed is taken back by a release of its own: the previous version, with
type: Rollback.
"""
TRIES = 5
"""The operator writes the Release too: an order is looked at anew when it has."""
EDITOR = "edit"
"""ClusterRole whose holders may give orders."""

All = Annotated[bool, typer.Option("--all", help="No step of the way back begins either.")]
Why = Annotated[str, typer.Argument(metavar="[TEXT]", help="Why, for status and record.")]
Reason = Annotated[
    RollbackCause | None,
    typer.Option("--reason", case_sensitive=False, help="What kind of trouble it is."),
]


def suspend(
    name: options.Name,
    *,
    everything: All = False,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Begin nothing more; what has begun goes to its end."""
    mode = Suspend.ALL if everything else Suspend.FORWARD
    wish = Wish(OrderKind.SUSPEND, mode=mode)
    asyncio.run(_give(Question(name, namespace, kubeconfig, context), wish, output))


def resume(
    name: options.Name,
    *,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """End a suspension, and a hold."""
    question = Question(name, namespace, kubeconfig, context)
    asyncio.run(_give(question, Wish(OrderKind.RESUME), output))


def retry(
    name: options.Name,
    *,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Try the same plan again."""
    question = Question(name, namespace, kubeconfig, context)
    asyncio.run(_give(question, Wish(OrderKind.RETRY), output))


def abort(
    name: options.Name,
    *,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Call an attempt off."""
    question = Question(name, namespace, kubeconfig, context)
    asyncio.run(_give(question, Wish(OrderKind.ABORT), output))


def rollback(  # noqa: PLR0913 - each is an option
    name: options.Name,
    text: Why = "",
    *,
    reason: Reason = None,
    namespace: options.Namespace = None,
    output: options.Output = options.Form.PAGE,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
) -> None:
    """Take the version back, and say why."""
    wish = Wish(OrderKind.ROLLBACK, cause=reason, comment=" ".join(text.split()))
    asyncio.run(_give(Question(name, namespace, kubeconfig, context), wish, output))


async def _give(question: Question, wish: Wish, output: options.Form) -> None:
    async with opened(question) as source:
        release = parse_release(await source.read())
        async with source.explained():
            user = await user_of(source.cluster)
        for _ in range(TRIES):
            order = order_of(release, wish)
            stored = await _write(source, release, order.patch(release, user))
            if stored is not None:
                break
            release = parse_release(await source.read())
        else:
            raise UnansweredError(
                f"release {release.name!r} is changed all the time; nothing was written"
            )
    if paper.stored(stored, RELEASE, output, sys.stdout):
        return
    text = f"release {release.name}: {order.said}, by {user}"
    look = f"kubectl release status {release.name} -n {release.namespace} --watch"
    sys.stdout.write(f"{text}\nSee what becomes of it: {look}\n")


async def _write(source: Source, release: ReleaseObject, patch: Body) -> Body | None:
    """The stored Release; None if it is no longer as it was seen."""
    async with source.explained():
        try:
            return await source.cluster.patch(source.ref, patch)
        except Conflict:
            return None
        except Denied as error:
            raise UnansweredError(in_words(error, release.namespace, EDITOR)) from error
        except Invalid as error:
            raise UnansweredError(said(error)) from error
