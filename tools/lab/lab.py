"""The one interface of the laboratory; the demo and the end-to-end tests call only this."""

import json
import time
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import Any

from tools import install as installation
from tools.cluster.clusters import Cluster
from tools.cluster.paths import state_dir
from tools.cluster.progress import Progress
from tools.lab import bookshop, coordinator, following, people
from tools.lab.following import Change
from tools.lab.kubectl import Body, Kubectl
from tools.lab.people import Person

_RELEASE = "releases.release-coordinator.io"
_RECORD = "releaserecords.release-coordinator.io"
_APPROVAL = "approvals.release-coordinator.io"
_POLICY = "releasepolicies.release-coordinator.io"

CALM = 0.1
"""Seconds that 95 of 100 requests stay below when the machine has time: the work takes 0.05."""


class WaitedTooLongError(TimeoutError):
    """What was waited for did not happen; the message says how things stand instead."""


@dataclass(frozen=True)
class Lab:
    """A cluster with the operator and any number of bookshops, one in each namespace."""

    cluster: Cluster

    @property
    def kubectl(self) -> Kubectl:
        """Return kubectl for what is not here."""
        return Kubectl(self.cluster.kubeconfig)

    # The operator

    def install_operator(
        self, values: Mapping[str, str] | None = None, progress: Progress | None = None
    ) -> None:
        """Install or upgrade the operator from the chart; values as `helm --set` takes them."""
        coordinator.install(self.cluster, values or {}, progress or Progress())

    def remove_operator(self) -> None:
        """Remove the operator; what it released stays as it is."""
        installation.remove(self.cluster.kubeconfig)

    def kill_operator(self) -> int:
        """Kill -9 the operator in its container; return when the kubelet has started it again."""
        return coordinator.kill(self.kubectl)

    def crash_operator(self) -> int:
        """Kill -9 the operator; another pod takes over without the kubelet's back-off."""
        return coordinator.crash(self.kubectl)

    def replace_operator(self) -> None:
        """Delete the operator's pods by force, without waiting for what follows."""
        coordinator.replace_pods(self.kubectl)

    def wait_operator(self, seconds: int = 180) -> None:
        """Return when the operator is ready."""
        coordinator.wait_ready(self.kubectl, seconds)

    def operator_logs(self, *, previous: bool = False) -> str:
        """Return the operator's log."""
        return coordinator.logs(self.kubectl, previous=previous)

    # The bookshop

    def install_bookshop(self, namespace: str) -> None:
        """Install the bookshop 1.2.0 into a new namespace and return when it is ready."""
        bookshop.install(self.kubectl, namespace)

    def remove_bookshop(self, namespace: str) -> None:
        """Remove the namespace with all in it, even with a Release that no operator lets go."""
        if self.kubectl.succeeds("get", "namespace", namespace):
            self._remove_releases(namespace)
        bookshop.remove(self.kubectl, namespace)

    def images(self, namespace: str) -> dict[str, str]:
        """Return what the Deployments are told to run."""
        return bookshop.images(self.kubectl, namespace)

    def running_images(self, namespace: str) -> dict[str, Counter[str]]:
        """Return what the pods run, by Deployment and image."""
        return bookshop.running(self.kubectl, namespace)

    def sql(self, namespace: str, query: str) -> list[list[str]]:
        """Return the rows that the bookshop's database answers."""
        return bookshop.sql(self.kubectl, namespace, query)

    def schema(self, namespace: str) -> str:
        """Return the revision of the database's schema."""
        return bookshop.schema(self.kubectl, namespace)

    def ledger(self, namespace: str) -> Counter[str]:
        """Return how often each migration was really run, like `{"0007 up": 1}`."""
        return bookshop.ledger(self.kubectl, namespace)

    def response_seconds(self, namespace: str, requests: int = 40) -> list[float]:
        """Return how long requests to the backend take now."""
        return bookshop.response_seconds(self.kubectl, namespace, requests)

    def metric(self, namespace: str, query: str = bookshop.LATENCY) -> float | None:
        """Return what the bookshop's Prometheus answers; by default the 95th percentile."""
        return bookshop.metric(self.kubectl, namespace, query)

    def wait_measured(
        self, namespace: str, seconds: float = 120, below: float = float("inf")
    ) -> float:
        """Return the latency as soon as it is measured and calm; on a busy machine, in the end.

        A baseline taken while the machine is busy with something else hides a slow version.
        """
        until = time.monotonic() + seconds
        while True:
            value = self.metric(namespace)
            if value is not None and (value < below or time.monotonic() > until):
                return value
            if time.monotonic() > until:
                raise WaitedTooLongError(f"no latency of {namespace} after {seconds:g} s")
            time.sleep(1)

    def wait_calm(self, namespace: str, seconds: float, below: float = CALM) -> float:
        """Return the latency when it is usual, or as it is when the time is over.

        A release compares with what was measured before it: on a machine that is busy with
        something else that would be no baseline.
        """
        until = time.monotonic() + seconds
        latency = self.wait_measured(namespace)
        while latency >= below and time.monotonic() < until:
            time.sleep(2)
            latency = self.wait_measured(namespace)
        return latency

    # People

    def person(self, name: str) -> Person:
        """Return somebody with a client certificate of their own; rights come by RoleBindings."""
        return people.with_certificate(self.kubectl, name, state_dir("people", self.cluster.name))

    def grant(self, namespace: str, person: Person, role: str) -> None:
        """Give somebody a ClusterRole in a namespace."""
        binding = ("create", "rolebinding", f"{person.name}-{role}", f"--clusterrole={role}")
        self.kubectl.run(*binding, f"--user={person.name}", f"--namespace={namespace}")

    def change_policy(self, namespace: str, **spec: Any) -> None:
        """Change what releases of the namespace must meet; `signOffs=[]` asks nobody."""
        patch = ("--type=merge", f"--patch={json.dumps({'spec': spec})}")
        self.kubectl.run("patch", _POLICY, "default", f"--namespace={namespace}", *patch)

    # Releases

    def apply_release(
        self,
        namespace: str,
        version: str,
        patch: Mapping[str, Any] | None = None,
        author: Person | None = None,
    ) -> Body:
        """Apply the Release of a version, with changes to its spec; lists meet by name.

        It is the administrator who does it, if no author is named.
        """
        body = bookshop.release(namespace, version, patch or {})
        (author.kubectl if author else self.kubectl).apply(body, namespace)
        return body

    def changes(
        self, namespace: str, seconds: float, name: str = bookshop.NAME
    ) -> Generator[Change, None, None]:
        """Yield the Release now and after each change, until the time is over."""
        return following.changes(self.kubectl, namespace, "releases", seconds, name)

    def words(self, namespace: str, seconds: float) -> Generator[Change, None, None]:
        """Yield the Approvals that are there, and each new one, until the time is over."""
        return following.changes(self.kubectl, namespace, "approvals", seconds)

    def annotate(self, namespace: str, name: str = bookshop.NAME, **orders: str) -> None:
        """Give an order: resume, retry or rollback."""
        told = [f"release-coordinator.io/{order}={value}" for order, value in orders.items()]
        where = (f"--namespace={namespace}", _RELEASE, name, "--overwrite")
        self.kubectl.run("annotate", *where, *told)

    def release(self, namespace: str, name: str = bookshop.NAME) -> Body:
        """Return the Release as it is now."""
        return self.kubectl.get(_RELEASE, name, f"--namespace={namespace}")

    def conditions(self, namespace: str, name: str = bookshop.NAME) -> dict[str, str]:
        """Return `status reason` by type."""
        found = self.release(namespace, name).get("status", {}).get("conditions", [])
        return {entry["type"]: f"{entry['status']} {entry['reason']}" for entry in found}

    def wait_phase(
        self,
        namespace: str,
        phases: set[str],
        seconds: float,
        on_change: Callable[[Body], None] | None = None,
        name: str = bookshop.NAME,
    ) -> Body:
        """Return the Release as soon as its present spec has brought it into one of the phases."""
        body: Body = {}
        for change in self.changes(namespace, seconds, name):
            body = change.body
            if on_change:
                on_change(body)
            status = body.get("status", {})
            seen = status.get("observedGeneration") == body["metadata"]["generation"]
            if seen and status.get("phase") in phases:
                return body
        status = body.get("status", {})
        raise WaitedTooLongError(
            f"{namespace}/{name} was not {' or '.join(sorted(phases))} after {seconds:g} s: "
            f"it is {status.get('phase')}: {status.get('message')}"
        )

    def records(self, namespace: str) -> list[Body]:
        """Return the ReleaseRecords, oldest first."""
        found = self.kubectl.items(_RECORD, f"--namespace={namespace}")
        return sorted(found, key=lambda record: int(record["spec"]["attempt"]))

    def approvals(self, namespace: str) -> list[Body]:
        """Return the Approvals."""
        return self.kubectl.items(_APPROVAL, f"--namespace={namespace}")

    def explain(self, namespace: str, name: str = bookshop.NAME) -> str:
        """Return what `kubectl release explain` prints."""
        return people.plugin(self.kubectl, "explain", name, f"--namespace={namespace}")

    def events(self, namespace: str) -> list[Body]:
        """Return the Events about Releases, oldest first."""
        found = self.kubectl.items("events.events.k8s.io", f"--namespace={namespace}")
        told = [one for one in found if one.get("regarding", {}).get("kind") == "Release"]
        return sorted(told, key=lambda event: str(event["eventTime"]))

    def _remove_releases(self, namespace: str) -> None:
        where = f"--namespace={namespace}"
        if not self.kubectl.succeeds("get", "crd", _RELEASE):
            return
        delete = ("delete", _RELEASE, "--all", where)
        if self.kubectl.succeeds(*delete, "--timeout=20s"):
            return
        for body in self.kubectl.items(_RELEASE, where):
            patch = '{"metadata":{"finalizers":null}}'
            release = (_RELEASE, body["metadata"]["name"], where)
            self.kubectl.run("patch", *release, "--type=merge", f"--patch={patch}")
