"""Words of a hold: what happened, and a command for each decision that a person can take.

Used by the phases that hold at a migration. The commands are never what is cut off.
"""

from dataclasses import dataclass

from . import names
from .context import Context, shorten

MESSAGE = 512
"""Characters of a hold's message."""


@dataclass(frozen=True, slots=True)
class Way:
    """A decision: when it is right, or what it does, and how to tell it."""

    what: str
    command: str


def text(facts: str, *ways: Way) -> str:
    """What happened, then the ways out of it."""
    ends = "; ".join(f"{way.what}: {way.command}" for way in ways)
    return f"{shorten(facts, max(2, MESSAGE - len(ends) - 1))} {ends}"


def resume(ctx: Context, what: str) -> Way:
    """Go on after the hold that is about to be journalled."""
    order = f"{names.ANNOTATION_RESUME}={next_id(ctx)}"
    return Way(what, f"kubectl release resume {ctx.release.name} (or annotate {order})")


def roll_back(ctx: Context, what: str) -> Way:
    """Turn the attempt back."""
    order = f"{names.ANNOTATION_ROLLBACK}={ctx.attempt.number}"
    return Way(what, f"kubectl release rollback {ctx.release.name} (or annotate {order})")


def leave_schema(ctx: Context, what: str) -> Way:
    """Go on with a way back that leaves the schema as it is.

    The order names the hold: the one that turned the attempt back may still stand there.
    """
    order = f"{names.ANNOTATION_ROLLBACK}={next_id(ctx)}"
    return Way(what, f"kubectl release rollback {ctx.release.name} (or annotate {order})")


def approve(ctx: Context, role: str, what: str) -> Way:
    """Sign this plan for a role."""
    where = f"{ctx.release.name} -n {ctx.release.namespace}"
    return Way(what, f"kubectl release approve {where} --role {role}")


def next_id(ctx: Context) -> str:
    """Id of the hold that is journalled next."""
    return f"{ctx.attempt.number}.{ctx.attempt.holds + 1}"
