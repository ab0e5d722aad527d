"""Which error an answer of the API server is, by its HTTP status and `Status` body; pure.

Used by `cluster.wire` on every answer. The odd cases below were measured on a real server.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from release_coordinator.errors import (
    AlreadyExists,
    Conflict,
    Denied,
    Invalid,
    NotFound,
    ReleaseCoordinatorError,
    Transient,
)

_DENIED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_TRANSIENT = (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS)


class Expired(Transient):
    """410: the list cannot be continued, it must start anew."""


class Unserved(Transient):
    """404 that names no object: the server does not know the resource type, or not now."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer as read from the wire."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def fault(where: str, reply: Reply, status: Mapping[str, Any]) -> ReleaseCoordinatorError | None:
    """Return the error that the answer to the request `where` stands for, None for success."""
    if reply.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    message = f"{where}: {reply.status} {status.get('message') or reply.content[:200]!r}"
    if reply.status == HTTPStatus.NOT_FOUND:
        return _missing(message, status)
    if reply.status == HTTPStatus.CONFLICT:
        taken = status.get("reason") == "AlreadyExists"
        return AlreadyExists(message) if taken else Conflict(message)
    if reply.status in _DENIED or reply.status < HTTPStatus.BAD_REQUEST:
        # A redirect leads to the login page of some gateway: the API server sends none.
        return Denied(message)
    if reply.status == HTTPStatus.GONE:
        return Expired(message)
    if reply.status in _TRANSIENT or reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _server_trouble(message, reply)
    return _refused(message, status)


def _missing(message: str, status: Mapping[str, Any]) -> ReleaseCoordinatorError:
    if _details(status).get("name"):
        return NotFound(message)
    # The server does not know the resource type. That says nothing about the object: a CRD may
    # be missing or not yet served, and nobody may conclude that a Release was deleted.
    return Unserved(f"{message} (is the CRD installed?)")


def _server_trouble(message: str, reply: Reply) -> ReleaseCoordinatorError:
    if b"request is too large" in reply.content:
        # etcd's limit arrives as a 500, but no repetition will ever be accepted.
        return Invalid(message)
    wait = reply.headers.get("Retry-After", "")
    return Transient(message, retry_after=float(wait) if wait.isdecimal() else None)


def _refused(message: str, status: Mapping[str, Any]) -> ReleaseCoordinatorError:
    if any(cause.get("field") == "metadata.uid" for cause in _causes(status)):
        # A patch with another UID is a failed precondition, although reported as a bad field.
        return Conflict(message)
    return Invalid(message)


def _details(status: Mapping[str, Any]) -> Mapping[str, Any]:
    return status.get("details") or {}


def _causes(status: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return list(_details(status).get("causes") or ())
