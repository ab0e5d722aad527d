"""Every error that crosses a module border, named after what the caller must do.

    ReleaseCoordinatorError
    |- NotFound        the object is not there: a fact, often a good one
    |- AlreadyExists   adopt it after checking that it is ours
    |- Conflict        our view is old: look again
    |- Denied          401/403: nothing to retry soon; tell the platform team
    |- Invalid         400/422: the server will never accept this; tell the author
    `- Transient       timeouts, 429, 5xx, cut connections: try again with backoff

Used by `cluster` and `signals` (which raise) and by `reconcile` (which decides).
"""


class ReleaseCoordinatorError(Exception):
    """Root of the hierarchy; never raised itself."""


class NotFound(ReleaseCoordinatorError):  # noqa: N818 - named like the API's reasons
    """The object does not exist."""


class AlreadyExists(ReleaseCoordinatorError):  # noqa: N818
    """A create found an object of that name."""


class Conflict(ReleaseCoordinatorError):  # noqa: N818
    """A precondition (resourceVersion, uid) did not hold."""


class Denied(ReleaseCoordinatorError):  # noqa: N818
    """The API server refused us for lack of rights or identity."""


class Invalid(ReleaseCoordinatorError):  # noqa: N818
    """The API server rejected the request's content."""


class Transient(ReleaseCoordinatorError):  # noqa: N818
    """The call may or may not have happened; the same call may go through later."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        """Seconds the server asked us to wait, if it did."""


def is_panic(error: BaseException) -> bool:
    """Whether a library written in Rust gave up: that goes past every `except Exception`."""
    return type(error).__name__ == "PanicException"
