"""Installs the admission policies into a cluster of the demo, the tests or the bench; awaits them.

By kubectl, because all installations of a cluster share them, and Helm gives each object to one.
"""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.cluster import shell
from tools.lab.kubectl import Kubectl

from release_coordinator.cluster.port import APPROVAL, RELEASE
from release_coordinator.engine.names import ANNOTATION_CHANGED_BY
from release_coordinator.guard import REFUSED
from release_coordinator.render import admission, logpolicy
from release_coordinator.render.forgery import forgeries

PATIENCE = 60.0
STEADY = 6.0
"""After new definitions the API server looks for their schemas every 5 s. Meanwhile it may answer
a change that it has to stamp with 503, though it has stamped one before."""
NAMESPACE = "default"
_PAUSE = 0.2
_RELEASE = {
    "apiVersion": RELEASE.api_version,
    "kind": RELEASE.kind,
    "metadata": {"name": "trial", "namespace": NAMESPACE},
    "spec": {
        "version": "1.0.0",
        "components": [
            {
                "name": "trial",
                "workloadRef": {"kind": "Deployment", "name": "trial"},
                "images": {"trial": "example/trial:1.0.0"},
            }
        ],
        "documents": {"changelog": {"configMap": "trial", "key": "CHANGELOG.md"}},
    },
}


class NotEnforcedError(RuntimeError):
    """The API server knows the policies and does not keep to them."""


def install(kubeconfig: Path) -> None:
    """Apply all of them; our definitions are there already. Raises NotEnforcedError."""
    kubectl = Kubectl(kubeconfig)
    objects = [*admission.policies(), *logpolicy.policies(), *admission.stamp()]
    body = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    apply = ("apply", "--server-side", "--force-conflicts", "--filename=-")
    kubectl.run(*apply, stdin=body)
    await_enforced(kubectl)


def await_enforced(kubectl: Kubectl) -> None:
    """Return when forged Approvals are refused and changes are stamped. Raises NotEnforcedError."""
    kind = {"apiVersion": APPROVAL.api_version, "kind": APPROVAL.kind}
    for forged in forgeries(NAMESPACE):
        _await(kubectl, {**kind, **forged}, REFUSED.search)
    _await(kubectl, _RELEASE, lambda said: ANNOTATION_CHANGED_BY in said, steady=STEADY)


def _await(
    kubectl: Kubectl, body: dict[str, Any], wanted: Callable[[str], object], steady: float = 0.0
) -> None:
    """Return when the API server has said what is wanted for so many seconds."""
    until, since = time.monotonic() + PATIENCE, None
    while since is None or time.monotonic() - since < steady:
        said = _tried(kubectl, body)
        if not wanted(said):
            since = None
        elif since is None:
            since = time.monotonic()
        if time.monotonic() > until:
            raise NotEnforcedError(f"not within {PATIENCE:.0f} s; the API server says: {said}")
        time.sleep(_PAUSE)


def _tried(kubectl: Kubectl, body: dict[str, Any]) -> str:
    """What the API server says to a create that it does not carry out."""
    create = ("create", "--dry-run=server", "--output=json", "--filename=-")
    try:
        return kubectl.run(*create, stdin=json.dumps(body))
    except shell.CommandError as error:
        return str(error)
