"""What people say of a Release besides what it is to become: suspend, orders, deletion.

Shared by `api.release` (what is written), `api.attempt` and `api.status` (what was heard).
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from .base import Model, Time

Person = Annotated[str, Field(max_length=256)]
"""A user name as the API server knows it."""

REASON = 64
"""Characters of an order's reason; that of a rollback is whole in its trigger."""
SOMEBODY = "somebody"
"""Who it was where the API server did not write it down."""


class Suspend(StrEnum):
    """How much is suspended; what has begun goes to its end in any case."""

    FORWARD = "Forward"  # no attempt and no step forward begins; what goes wrong still rolls back
    ALL = "All"  # no step of the way back begins either

    def includes(self, other: "Suspend | None") -> bool:
        """Whether it stops all that the other one stops."""
        return other is None or self is Suspend.ALL or other is self


class DeletionPolicy(StrEnum):
    """What becomes of an attempt whose Release is deleted in the middle."""

    ROLLBACK = "Rollback"  # it goes back to the previous version, then the Release goes
    ORPHAN = "Orphan"  # all stays as it is once a running migration has ended


class RollbackCause(StrEnum):
    """Why people roll back (R4.1-R4.3)."""

    FUNCTIONALITY = "Functionality"  # something critical is broken
    DATA_CORRUPTION = "DataCorruption"  # data is wrong or lost
    SECURITY = "Security"  # something is exposed


class OrderKind(StrEnum):
    """What people can order."""

    SUSPEND = "Suspend"  # begin nothing more
    RESUME = "Resume"  # end a suspension or a hold
    RETRY = "Retry"  # the same plan again
    ABORT = "Abort"  # stop and restore
    ROLLBACK = "Rollback"  # take the version back


class Order(Model):
    """An order that was obeyed."""

    what: OrderKind
    by: Person = Field(SOMEBODY, description="User name, as the API server knew it.")
    at: Time = Field(description="When it was obeyed.")
    reason: Annotated[str, Field(max_length=REASON)] = Field(
        "", description="What it was about, and why, as the person wrote."
    )


class Suspension(Model):
    """That a Release is suspended."""

    mode: Suspend
    by: Person = Field(SOMEBODY, description="User name, as the API server knew it.")
    since: Time = Field(description="When it was heard.")
