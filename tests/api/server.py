"""An API server as the tests of the definitions see it: objects go in, or a refusal comes back."""

import json
from collections.abc import Callable
from typing import Any

from kubernetes import client
from kubernetes.client.exceptions import ApiException
from tests.releases import Body

GROUP, VERSION = "release-coordinator.io", "v1alpha1"
PLURALS = {
    "Release": "releases",
    "ReleaseRecord": "releaserecords",
    "ReleasePolicy": "releasepolicies",
    "Approval": "approvals",
    "MetricSource": "metricsources",
    "Incident": "incidents",
}


class Refusal(Exception):  # noqa: N818 - the outcome most tests want
    """The server's answer to an object it does not admit."""

    def __init__(self, answer: Body) -> None:
        super().__init__(answer.get("message", ""))
        self.causes: list[Body] = answer.get("details", {}).get("causes", [])


class Server:
    """A namespace of an API server on which the definitions of `crds/` are established."""

    def __init__(self, connection: client.ApiClient, namespace: str) -> None:
        self._objects = client.CustomObjectsApi(connection)
        self._namespace = namespace

    def create(self, body: Body, **options: str) -> Body:
        """Create an object and return it as stored.

        Raises:
            Refusal: the server does not admit it.
        """
        return self._call("create", body, body=body, **options)

    def replace(self, body: Body) -> Body:
        """Replace an object and return it as stored.

        Raises:
            Refusal: the server does not admit it.
        """
        return self._call("replace", body, name=body["metadata"]["name"], body=body)

    def replace_status(self, body: Body) -> Body:
        """Replace the status of an object and return it as stored.

        Raises:
            Refusal: the server does not admit it.
        """
        return self._call("replace", body, "_status", name=body["metadata"]["name"], body=body)

    def delete(self, body: Body) -> None:
        """Delete an object."""
        self._call("delete", body, name=body["metadata"]["name"])

    def _call(self, verb: str, target: Body, part: str = "", **arguments: Any) -> Body:
        kind = target["kind"]
        scope, where = "namespaced", {"namespace": self._namespace}
        if kind == "MetricSource":
            scope, where = "cluster", {}
        call: Callable[..., Body] = getattr(self._objects, f"{verb}_{scope}_custom_object{part}")
        try:
            return call(GROUP, VERSION, plural=PLURALS[kind], **where, **arguments)
        except ApiException as error:
            raise Refusal(json.loads(error.body or "{}")) from None
