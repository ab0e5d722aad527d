"""The state of the in-memory API server and how each kind of write changes it.

Synchronous and deterministic; `cluster.memory` wraps it in the port, `rules` and `fields` say
what is allowed and who owns what. Stored bodies are never changed in place, so a fork costs
one shallow copy: exhaustive searches fork at every step.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from release_coordinator.cluster.bodies import clone, has_labels, lean, ref_of
from release_coordinator.cluster.double import fields, logs, rules
from release_coordinator.cluster.double.logs import Logged
from release_coordinator.cluster.port import (
    APPROVAL,
    AUTOSCALER,
    CONFIG_MAP,
    CONTROLLER_REVISION,
    DEPLOYMENT,
    EVENT,
    JOB,
    LEASE,
    METRIC_SOURCE,
    NODE,
    POD,
    POLICY,
    RECORD,
    RELEASE,
    RESOURCE_QUOTA,
    SERVICE,
    Body,
    Kind,
    LogRequest,
    Ref,
)
from release_coordinator.errors import AlreadyExists, Conflict, NotFound, Transient

NAMESPACE = Kind("", "v1", "namespaces", "Namespace", namespaced=False)
SERVED = (
    *(NAMESPACE, NODE, POD, CONFIG_MAP, RESOURCE_QUOTA, SERVICE, AUTOSCALER),
    *(DEPLOYMENT, CONTROLLER_REVISION, JOB, EVENT, LEASE),
    *(RELEASE, RECORD, POLICY, APPROVAL, METRIC_SOURCE),
)
"""Kinds that discovery knows at once; another one is known while an object of it exists."""

Subscriber = Callable[[str, Body], None]
"""Called with ADDED, MODIFIED or DELETED and the object."""

Admission = Callable[[Kind, Body | None, Body], None]
"""Called with the old (None on create) and the new object; raises Invalid or Denied to refuse."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An object and the owners of its fields."""

    body: Body
    owners: fields.Owners


@dataclass(slots=True)
class Server:
    """All objects, and the counters that name their states."""

    now: Callable[[], datetime]
    admission: Admission | None = None
    objects: dict[Ref, Stored] = field(default_factory=dict)
    subscribers: list[Subscriber] = field(default_factory=list)
    version: int = 0
    uids: int = 0
    logged: Logged | None = None

    def fork(self) -> "Server":
        """Return an independent copy that nobody has subscribed to."""
        return replace(self, objects=dict(self.objects), subscribers=[])

    def resource(self, api_version: str, kind: str) -> Kind:
        """Return the kind of that name."""
        for known in (*SERVED, *(ref.kind for ref in self.objects)):
            if (known.api_version, known.kind) == (api_version, kind):
                return known
        raise NotFound(f"no kind {kind} in {api_version}")

    def get(self, ref: Ref) -> Body:
        """Return a copy of one object."""
        return clone(self._stored(ref).body)

    def list(self, kind: Kind, namespace: str | None, labels: Mapping[str, str]) -> list[Body]:
        """Return copies of all objects that match, by namespace and name."""
        found = [
            stored.body
            for ref, stored in self.objects.items()
            if ref.kind == kind
            and namespace in {None, ref.namespace}
            and has_labels(stored.body, labels)
        ]
        found.sort(key=lambda body: _order(ref_of(kind, body)))
        return [clone(body) for body in found]

    def logs(self, pod: Ref, request: LogRequest) -> str:
        """Return a part of the log of a pod's container."""
        return logs.read(self._stored(pod).body, request, self.logged)

    def create(self, kind: Kind, body: Body, manager: str) -> Body:
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
        return self._write(ref, "ADDED", new, fields.after_update(kind, {}, manager, {}, new))

    def rehearse(self, kind: Kind, body: Body, manager: str) -> Body:
        """Return what `create` would store; nothing is stored and nobody is told."""
        shown = self.fork().create(kind, body, manager)
        del shown["metadata"]["resourceVersion"]
        return shown

    def apply(self, kind: Kind, body: Body, manager: str, *, force: bool) -> Body:
        """Server-side apply."""
        ref = ref_of(kind, body)
        if ref not in self.objects:
            raise Conflict(f"uid mismatch: no existing object {ref.name!r} was found")
        live = self.objects[ref]
        # Ownership comes first on the real server too: it merges before it looks at versions.
        merged, owners = fields.apply(
            kind, live.body, live.owners, manager, rules.tidy(kind, lean(body)), force=force
        )
        rules.check_preconditions(ref, live.body, body)
        return self._change(ref, merged, owners)

    def patch(self, ref: Ref, patch: Body, manager: str) -> Body:
        """JSON merge patch."""
        live = self._stored(ref)
        rules.check_identity(ref, patch)
        rules.check_preconditions(ref, live.body, patch)
        return self._update(ref, live, merge_patch(live.body, patch), manager)

    def replace(self, kind: Kind, body: Body, manager: str) -> Body:
        """PUT of the main resource."""
        ref = ref_of(kind, body)
        live = self._stored(ref)
        rules.check_preconditions(ref, live.body, body)
        return self._update(ref, live, clone(_complete(kind, body)), manager)

    def replace_status(self, kind: Kind, body: Body) -> Body:
        """PUT of the status: everything else in the body is ignored."""
        if not rules.has_status(kind):
            raise Transient("404 the server could not find the requested resource")
        ref = ref_of(kind, body)
        live = self._stored(ref)
        rules.check_preconditions(ref, live.body, body)
        new = {key: value for key, value in live.body.items() if key != "status"}
        if "status" in body:
            new["status"] = clone(body["status"])
        if new == live.body:
            return clone(new)
        self._admit(kind, live.body, new)
        return self._write(ref, "MODIFIED", new, live.owners)

    def delete(self, ref: Ref, uid: str) -> None:
        """Delete, or mark for deletion while finalizers are left."""
        live = self._stored(ref)
        rules.check_preconditions(ref, live.body, {"metadata": {"uid": uid}})
        if not rules.finalizers(live.body):
            self._erase(ref, live.body)
        elif "deletionTimestamp" not in live.body["metadata"]:
            new = {**live.body, "metadata": dict(live.body["metadata"])}
            new["metadata"] |= {
                "deletionTimestamp": self._timestamp(),
                "deletionGracePeriodSeconds": 0,
            }
            if rules.has_generation(ref.kind):
                new["metadata"]["generation"] += 1
            self._write(ref, "MODIFIED", new, live.owners)

    def collect_garbage(self) -> None:
        """Delete what has owners that are all gone, as the garbage collector would by and by."""
        while doomed := self._orphans():
            for ref, uid in doomed:
                self.delete(ref, uid)

    def _orphans(self) -> Sequence[tuple[Ref, str]]:
        alive = {stored.body["metadata"]["uid"] for stored in self.objects.values()}
        found = []
        for ref in sorted(self.objects, key=_order):
            metadata = self.objects[ref].body["metadata"]
            owners = [owner["uid"] for owner in metadata.get("ownerReferences") or ()]
            if owners and alive.isdisjoint(owners) and "deletionTimestamp" not in metadata:
                found.append((ref, metadata["uid"]))
        return found

    def _stored(self, ref: Ref) -> Stored:
        stored = self.objects.get(ref)
        if stored is None:
            raise NotFound(f'{ref.kind.plural} "{ref.name}" not found')
        return stored

    def _update(self, ref: Ref, live: Stored, new: Body, manager: str) -> Body:
        new = rules.tidy(ref.kind, new)
        owners = fields.after_update(ref.kind, live.owners, manager, live.body, new)
        return self._change(ref, new, owners)

    def _change(self, ref: Ref, new: Body, owners: fields.Owners) -> Body:
        live = self.objects[ref]
        new = rules.tidy(ref.kind, rules.keep_system_fields(live.body, new))
        if rules.has_status(ref.kind):
            new.pop("status", None)
            new |= {"status": live.body["status"]} if "status" in live.body else {}
        if new == live.body and owners == live.owners:
            return clone(new)
        rules.check_content(ref, new)
        rules.check_change(ref, live.body, new)
        self._admit(ref.kind, live.body, new)
        if rules.counts_as_new_generation(ref.kind, live.body, new):
            new["metadata"]["generation"] += 1
        if "deletionTimestamp" in new["metadata"] and not rules.finalizers(new):
            return self._erase(ref, new)
        return self._write(ref, "MODIFIED", new, owners)

    def _admit(self, kind: Kind, old: Body | None, new: Body) -> None:
        if self.admission is not None:
            self.admission(kind, old, new)

    def _write(self, ref: Ref, event: str, body: Body, owners: fields.Owners) -> Body:
        self.objects[ref] = Stored(self._versioned(body), owners)
        return self._tell(event, self.objects[ref].body)

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
