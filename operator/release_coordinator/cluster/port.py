"""What the rest of the product may ask of a Kubernetes API server: nine calls.

Implemented by `cluster.client.KubernetesCluster` (the real one) and by
`cluster.memory.MemoryCluster` (the double); one contract suite runs on both. Bodies are the
JSON objects of the API as plain dicts, without `metadata.managedFields` unless it is asked for.
Every call has a timeout inside and raises only what `release_coordinator.errors` names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

Body = dict[str, Any]
"""A Kubernetes object as JSON."""


class Listing(list[Body]):
    """The objects of a list, and how old it is."""

    def __init__(self, bodies: Iterable[Body] = (), version: str = "") -> None:
        """`version` is the resourceVersion of the list: what is younger may be missing in it."""
        super().__init__(bodies)
        self.version = version


@dataclass(frozen=True, slots=True)
class Kind:
    """A resource type: enough to build its URL and its `apiVersion`/`kind`."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The `apiVersion` of bodies of this kind, for example `batch/v1`."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, slots=True)
class Ref:
    """One object: its kind, namespace (None for cluster-scoped kinds) and name."""

    kind: Kind
    namespace: str | None
    name: str


OWN_GROUP = "release-coordinator.io"
OWN_VERSION = "v1alpha1"
FIELD_MANAGER = "release-coordinator.io"
"""The name of our writes in `metadata.managedFields`, unless told otherwise."""

RELEASE = Kind(OWN_GROUP, OWN_VERSION, "releases", "Release")
RECORD = Kind(OWN_GROUP, OWN_VERSION, "releaserecords", "ReleaseRecord")
POLICY = Kind(OWN_GROUP, OWN_VERSION, "releasepolicies", "ReleasePolicy")
APPROVAL = Kind(OWN_GROUP, OWN_VERSION, "approvals", "Approval")
INCIDENT = Kind(OWN_GROUP, OWN_VERSION, "incidents", "Incident")
NOTIFICATION = Kind(OWN_GROUP, OWN_VERSION, "notifications", "Notification")
CHANNEL = Kind(OWN_GROUP, OWN_VERSION, "channels", "Channel", namespaced=False)
METRIC_SOURCE = Kind(OWN_GROUP, OWN_VERSION, "metricsources", "MetricSource", namespaced=False)
JOB = Kind("batch", "v1", "jobs", "Job")
DEPLOYMENT = Kind("apps", "v1", "deployments", "Deployment")
STATEFUL_SET = Kind("apps", "v1", "statefulsets", "StatefulSet")
DAEMON_SET = Kind("apps", "v1", "daemonsets", "DaemonSet")
CONTROLLER_REVISION = Kind("apps", "v1", "controllerrevisions", "ControllerRevision")
POD = Kind("", "v1", "pods", "Pod")
NODE = Kind("", "v1", "nodes", "Node", namespaced=False)
RESOURCE_QUOTA = Kind("", "v1", "resourcequotas", "ResourceQuota")
CONFIG_MAP = Kind("", "v1", "configmaps", "ConfigMap")
SERVICE = Kind("", "v1", "services", "Service")
AUTOSCALER = Kind("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")
SECRET = Kind("", "v1", "secrets", "Secret")
EVENT = Kind("events.k8s.io", "v1", "events", "Event")
LEASE = Kind("coordination.k8s.io", "v1", "leases", "Lease")
ADMISSION_POLICY = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicies",
    "ValidatingAdmissionPolicy",
    namespaced=False,
)
ADMISSION_BINDING = Kind(
    "admissionregistration.k8s.io",
    "v1",
    "validatingadmissionpolicybindings",
    "ValidatingAdmissionPolicyBinding",
    namespaced=False,
)


@dataclass(frozen=True, slots=True)
class LogRequest:
    """A part of the log of a container."""

    container: str
    since: datetime
    """Lines from before may come too, of the same second: the API server knows no fractions."""
    limit: int
    """Bytes after which the text is cut, perhaps in the middle of a line."""
    timeout: float
    """Seconds for the whole answer."""
    previous: bool = False
    """The log of the container as it ran before its last restart."""


class Cluster(Protocol):
    """The port. All calls may raise Denied, Invalid and Transient besides what they name."""

    async def resource(self, api_version: str, kind: str) -> Kind:
        """The resource type that an `apiVersion` and `kind` stand for, never a subresource.

        Raises NotFound when the server serves no such kind. May be minutes old.
        """

    async def get(self, ref: Ref, *, managers: bool = False) -> Body:
        """Read one object live, with `managers` also who wrote its fields. Raises NotFound."""

    async def list(
        self,
        kind: Kind,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        *,
        keep: Callable[[Body], Body] | None = None,
    ) -> Listing:
        """Read all objects of a kind (all pages) whose labels include the given ones.

        `namespace=None` reads all namespaces. With `keep` only what it returns of each object is
        kept, so that of many large ones there is never more than a page in memory.
        """

    async def logs(self, pod: Ref, request: LogRequest) -> bytes:
        """Read a part of a log: each line begins with its moment (RFC 3339) and a space.

        They are a workload's and may contain anything, also what is no UTF-8: a text of them could
        be four times as large. Empty before the pod has a node. Raises NotFound (pod), and Invalid
        where there is no such container, or none that has started.
        """

    async def create(self, kind: Kind, body: Body, *, dry_run: bool = False) -> Body:
        """Create and return the stored object.

        With `dry_run` the server decides as ever, returns what it would store and stores nothing.
        Raises AlreadyExists, and NotFound when the namespace is missing.
        """

    async def patch(self, ref: Ref, patch: Body, *, dry_run: bool = False) -> Body:
        """JSON merge patch of the main resource; dry runs as in `create`.

        A `metadata.resourceVersion` or `metadata.uid` in the patch is a precondition. Raises
        Conflict when it does not hold, and NotFound.
        """

    async def replace_status(self, kind: Kind, body: Body) -> Body:
        """PUT the `/status` subresource; `body` must carry `metadata.resourceVersion`.

        Raises NotFound, Conflict.
        """

    async def replace(self, kind: Kind, body: Body, *, dry_run: bool = False) -> Body:
        """PUT the main resource with `metadata.resourceVersion` (Leases); dry runs as in `create`.

        Raises NotFound, Conflict.
        """

    async def delete(self, ref: Ref, *, uid: str) -> None:
        """Delete in the background if the object still has this UID. Raises NotFound, Conflict."""
