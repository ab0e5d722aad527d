"""The state of the in-memory API server and how each kind of write changes it.

Synchronous and deterministic; `cluster.memory` wraps it in the port, `rules` says what is allowed.
Stored bodies are never changed in place, so a fork costs one shallow copy: exhaustive searches
fork at every step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from release_coordinator.cluster.bodies import clone, has_labels, lean, ref_of
from release_coordinator.cluster.double import logs, rules
from release_coordinator.cluster.double.logs import Logged
from release_coordinator.cluster.double.managers import Written, managed_fields, written_after
from release_coordinator.cluster.port import (
    APPROVAL,
    AUTOSCALER,
    CHANNEL,
    CONFIG_MAP,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    EVENT,
    FIELD_MANAGER,
    INCIDENT,
    JOB,
    LEASE,
    METRIC_SOURCE,
    NODE,
    NOTIFICATION,
    POD,
    POLICY,
    RECORD,
    RELEASE,
    RESOURCE_QUOTA,
    SERVICE,
    Body,
    Kind,
    Listing,
    LogRequest,
    Ref,
)
from release_coordinator.errors import AlreadyExists, NotFound, Transient

NAMESPACE = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
SERVED = (
    *(NAMESPACE, NODE, POD, CONFIG_MAP, RESOURCE_QUOTA, SERVICE, AUTOSCALER),
    *(DEPLOYMENT, CONTROLLER_REVISION, JOB, EVENT, LEASE),
    *(RELEASE, RECORD, POLICY, APPROVAL, METRIC_SOURCE),
    *(CHANNEL, INCIDENT, NOTIFICATION),
)
"""Kinds that discovery knows at once; another one is known while an object of it exists."""

Subscriber = Callable[[str, Body], None]
"""Called with ADDED, MODIFIED or DELETED and the object."""

Admission = Callable[[Kind, Body | None, Body], None]
"""Called with the old (None on create) and the new object; raises Invalid or Denied to refuse."""


@dataclass(slots=True)
class Server:
    """All objects, and the counters that name their states."""

    now: Callable[[], datetime]
    admission: Admission | None = None
    objects: dict[Ref, Body] = field(default_factory=dict)
    subscribers: list[Subscriber] = field(default_factory=list)
    version: int = 0
    uids: int = 0
    logged: Logged | None = None
    manager: str = FIELD_MANAGER
    """Who does the present call."""
    written: dict[Ref, Written] = field(default_factory=dict)

    def fork(self) -> "Server":
        """Return an independent copy that nobody has subscribed to."""
        return replace(self, objects=dict(self.objects), subscribers=[], written=dict(self.written))

    def resource(self, api_version: str, kind: str) -> Kind:
        """Return the kind of that name."""
        for known in (*SERVED, *(ref.kind for ref in self.objects)):
            if (known.api_version, known.kind) == (api_version, kind):
                return known
        raise NotFound(f"no kind {kind} in {api_version}")

    def get(self, ref: Ref, *, managers: bool = False) -> Body:
        """Return a copy of one object."""
        found = clone(self._stored(ref))
        if managers and ref in self.written:
            found["metadata"]["managedFields"] = managed_fields(self.written[ref])
        return found

    def list(self, kind: Kind, namespace: str | None, labels: Mapping[str, str]) -> Listing:
        """Return copies of all objects that match, by namespace and name."""
        found = [
            body
            for ref, body in self.objects.items()
            if ref.kind == kind and namespace in {None, ref.namespace} and has_labels(body, labels)
        ]
        found.sort(key=lambda body: _order(ref_of(kind, body)))
        return Listing(map(clone, found), str(self.version))

    def logs(self, pod: Ref, request: LogRequest) -> bytes:
        """Return a part of the log of a pod's container."""
        return logs.read(self._stored(pod), request, self.logged)

    def create(self, kind: Kind, body: Body) -> Body:
        """Store a new object."""
        ref = ref_of(kind, body)
        if ref.kind.namespaced and Ref(NAMESPACE, None, ref.namespace or "") not in self.objects:
            raise NotFound(f'namespaces "{ref.namespace}" not found')
        new = rules.keep_system_fields({"metadata": {}}, _complete(kind, body))
        new["metadata"] |= {"name": ref.name} | (
            {"namespace": ref.namespace} if kind.namespaced else {}
        )
        if rules.has_status(kind):
            new.pop("status", None)
        new = rules.tidy(kind, new)
        rules.check_content(ref, new)
        if ref in self.objects:
            raise AlreadyExists(f'{kind.plural} "{ref.name}" already exists')
        self._admit(kind, None, new)
        self.uids += 1
        new["metadata"] |= {
            "uid": f"00000000-0000-4000-8000-{self.uids:012d}",
            "creationTimestamp": self._timestamp(),
        }
        if rules.has_generation(kind):
            new["metadata"]["generation"] = 1
        self._account(ref, None, new)
        return self._write(ref, "ADDED", new)

    def rehearse(self, kind: Kind, body: Body) -> Body:
        """Return what `create` would store; nothing is stored and nobody is told."""
        shown = self.fork().create(kind, body)
        del shown["metadata"]["resourceVersion"]
        return shown

    def patch(self, ref: Ref, patch: Body) -> Body:
        """JSON merge patch."""
        live = self._stored(ref)
        rules.check_identity(ref, patch)
        rules.check_preconditions(ref, live, patch)
        return self._change(ref, merge_patch(live, patch))

    def replace(self, kind: Kind, body: Body) -> Body:
        """PUT of the main resource."""
        ref = ref_of(kind, body)
        live = self._stored(ref)
        rules.check_preconditions(ref, live, body)
        return self._change(ref, clone(_complete(kind, body)))

    def replace_status(self, kind: Kind, body: Body) -> Body:
        """PUT of the status: everything else in the body is ignored."""
        if not rules.has_status(kind):
            raise Transient("404 the server could not find the requested resource")
        ref = ref_of(kind, body)
        live = self._stored(ref)
        rules.check_preconditions(ref, live, body)
        new = {key: value for key, value in live.items() if key != "status"}
        if "status" in body:
            new["status"] = clone(body["status"])
        if new == live:
            return clone(new)
        self._admit(kind, live, new)
        return self._write(ref, "MODIFIED", new)

    def delete(self, ref: Ref, uid: str) -> None:
        """Delete, or mark for deletion while finalizers are left."""
        live = self._stored(ref)
        rules.check_preconditions(ref, live, {"metadata": {"uid": uid}})
        if not rules.finalizers(live):
            self._erase(ref, live)
        elif "deletionTimestamp" not in live["metadata"]:
            new = {**live, "metadata": dict(live["metadata"])}
            new["metadata"] |= {
                "deletionTimestamp": self._timestamp(),
                "deletionGracePeriodSeconds": 0,
            }
            if rules.has_generation(ref.kind):
                new["metadata"]["generation"] += 1
            self._write(ref, "MODIFIED", new)

    def collect_garbage(self) -> None:
        """Delete what has owners that are all gone, as the garbage collector would by and by."""
        while doomed := self._orphans():
            for ref, uid in doomed:
                self.delete(ref, uid)

    def _orphans(self) -> Sequence[tuple[Ref, str]]:
        alive = {body["metadata"]["uid"] for body in self.objects.values()}
        found = []
        for ref in sorted(self.objects, key=_order):
            metadata = self.objects[ref]["metadata"]
            owners = [owner["uid"] for owner in metadata.get("ownerReferences") or ()]
            if owners and alive.isdisjoint(owners) and "deletionTimestamp" not in metadata:
                found.append((ref, metadata["uid"]))
        return found

    def _stored(self, ref: Ref) -> Body:
        stored = self.objects.get(ref)
        if stored is None:
            raise NotFound(f'{ref.kind.plural} "{ref.name}" not found')
        return stored

    def _change(self, ref: Ref, new: Body) -> Body:
        live = self.objects[ref]
        new = rules.tidy(ref.kind, rules.keep_system_fields(live, new))
        if rules.has_status(ref.kind):
            new.pop("status", None)
            new |= {"status": live["status"]} if "status" in live else {}
        if new == live:
            return clone(new)
        rules.check_content(ref, new)
        rules.check_change(ref, live, new)
        self._admit(ref.kind, live, new)
        if rules.counts_as_new_generation(ref.kind, live, new):
            new["metadata"]["generation"] += 1
        if "deletionTimestamp" in new["metadata"] and not rules.finalizers(new):
            return self._erase(ref, new)
        self._account(ref, live, new)
        return self._write(ref, "MODIFIED", new)

    def _account(self, ref: Ref, live: Body | None, new: Body) -> None:
        """Keep who wrote what is asked for."""
        if rules.is_workload(ref.kind):
            known = self.written.get(ref, {}) if live else {}
            now = self._timestamp()
            self.written[ref] = written_after(known, live, new, self.manager, now)

    def _admit(self, kind: Kind, old: Body | None, new: Body) -> None:
        if self.admission is not None:
            self.admission(kind, old, new)

    def _write(self, ref: Ref, event: str, body: Body) -> Body:
        self.objects[ref] = self._versioned(body)
        return self._tell(event, self.objects[ref])

    def _erase(self, ref: Ref, body: Body) -> Body:
        del self.objects[ref]
        self._tell("DELETED", self._versioned(body))
        return clone(body)  # only the watch learns the version of the deletion

    def _versioned(self, body: Body) -> Body:
        self.version += 1
        return {**body, "metadata": {**body["metadata"], "resourceVersion": str(self.version)}}

    def _tell(self, event: str, body: Body) -> Body:
        for subscriber in tuple(self.subscribers):
            subscriber(event, clone(body))
        return clone(body)

    def _timestamp(self) -> str:
        return self.now().strftime("%Y-%m-%dT%H:%M:%SZ")


def _order(ref: Ref) -> tuple[str, str, str]:
    return ref.kind.plural, ref.namespace or "", ref.name


def _complete(kind: Kind, body: Body) -> Body:
    return {**clone(lean(body)), "apiVersion": kind.api_version, "kind": kind.kind}


def merge_patch(target: object, patch: Body) -> Body:
    """Return the result of a JSON merge patch (RFC 7386)."""
    result = clone(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merge_patch(result.get(key), value)
        else:
            result[key] = clone(value)
    return result
