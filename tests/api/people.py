"""People and machines at a real API server, each with an identity and rights of its own."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode

from kubernetes import client
from tests.releases import Body

from release_coordinator.render.admission import APPROVALS, RELEASES
from release_coordinator.render.logpolicy import RECORDS

GROUP = "/apis/release-coordinator.io/v1alpha1"
JSON = "application/json"
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


class Outcome(StrEnum):
    """Who stopped it, if anybody."""

    ADMITTED = "admitted"
    RIGHTS = "refused by RBAC"
    POLICY = "refused by the policy"
    DEFINITION = "refused by the definition"
    NO_EFFECT = "admitted, without effect"
    NOWHERE = "no such address"


@dataclass(frozen=True)
class Answer:
    """What the API server said."""

    status: int
    body: Body
    idle: bool = False
    """It was admitted and did not do what was wanted."""

    @property
    def message(self) -> str:
        """Return the words of a refusal."""
        return str(self.body.get("message", ""))

    @property
    def outcome(self) -> Outcome:
        """Tell by whom it was refused; only answers that say so count."""
        if self.status < 300:
            return Outcome.NO_EFFECT if self.idle else Outcome.ADMITTED
        ours = [f"ValidatingAdmissionPolicy '{name}'" for name in (APPROVALS, RELEASES, RECORDS)]
        if self.status == 422:
            told = any(policy in self.message for policy in ours)
            return Outcome.POLICY if told else Outcome.DEFINITION
        if self.status == 404:
            return Outcome.NOWHERE
        assert self.status == 403, self
        assert " cannot " in self.message or "attempting to grant" in self.message, self
        return Outcome.RIGHTS


@dataclass(frozen=True)
class Door:
    """How to reach an API server."""

    host: str
    authority: str

    @classmethod
    def of(cls, connection: client.ApiClient) -> Self:
        """Return the door that a connection goes through."""
        return cls(connection.configuration.host, connection.configuration.ssl_ca_cert)

    def context(self) -> ssl.SSLContext:
        """Return TLS settings without a client certificate."""
        return ssl.create_default_context(cafile=self.authority)


@dataclass(frozen=True)
class Person:
    """One identity at the door of an API server."""

    host: str
    tls: ssl.SSLContext
    name: str
    headers: Mapping[str, str]

    @classmethod
    def with_certificate(cls, door: Door, name: str, certificate: Path, key: Path) -> Self:
        """Somebody who has a client certificate."""
        tls = door.context()
        tls.load_cert_chain(certificate, key)
        return cls(door.host, tls, name, {})

    @classmethod
    def with_token(cls, door: Door, name: str, token: str) -> Self:
        """Somebody who has a bearer token."""
        return cls(door.host, door.context(), name, {"Authorization": f"Bearer {token}"})

    def acting_as(self, name: str, group: str = "") -> "Person":
        """Another identity that this one impersonates."""
        headers = {**self.headers, "Impersonate-User": name}
        if group:
            headers["Impersonate-Group"] = group
        return replace(self, name=name, headers=headers)

    def ask(
        self, method: str, path: str, body: Any = None, content: str = JSON, **query: str
    ) -> Answer:
        """Send one request."""
        request = urllib.request.Request(  # noqa: S310 - the address of a test's own server
            f"{self.host}{path}?{urlencode(query)}",
            None if body is None else json.dumps(body).encode(),
            {**self.headers, "Content-Type": content},
            method=method,
        )
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=30) as reply:  # noqa: S310
                return Answer(reply.status, json.load(reply))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, json.load(error))
