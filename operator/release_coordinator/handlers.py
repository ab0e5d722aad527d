"""Kopf in, keys out: every watch event goes into the store and names the Releases it concerns.

The only module besides `__main__` that imports kopf. Handlers do no I/O, cannot fail and return
nothing: which event came does not matter, because a pass looks at the whole state (level-based).
Kopf ends the process when it may not watch one of its kinds, so it gets only those that releases
cannot do without; `controllers.watching` has the others.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import kopf

from .cluster.locks import may_wait, waiting_for
from .cluster.login import Credentials
from .cluster.port import (
    APPROVAL,
    CONFIG_MAP,
    DAEMON_SET,
    DEPLOYMENT,
    JOB,
    LEASE,
    METRIC_SOURCE,
    POD,
    POLICY,
    RELEASE,
    SERVICE,
    STATEFUL_SET,
    Body,
    Kind,
    Ref,
)
from .cluster.staging import waiting_on
from .cluster.store import Store
from .engine import names
from .reconcile import Key

Login = Callable[[], Awaitable[Credentials]]

LABELLED = (JOB, POD, DEPLOYMENT, STATEFUL_SET, DAEMON_SET, CONFIG_MAP, LEASE, SERVICE)
"""Kinds watched only where they carry our label; the server selects."""


class Intake:
    """Takes events over into the store and enqueues what they concern."""

    def __init__(
        self,
        store: Store,
        enqueue: Callable[[Key], None],
        beside: Callable[[Key], None] = lambda _: None,
    ) -> None:
        """`enqueue` is for passes over releases, `beside` for what is kept beside them."""
        self._store = store
        self._enqueue = enqueue
        self._beside = beside
        self._ended: dict[Key, tuple[Any, ...]] = {}
        """The last attempt of each Release, of whose end those who wait for it were told."""

    def take(self, kind: Kind, event_type: str | None, body: Body) -> None:
        """One event; `event_type` is None for an object found by the first listing."""
        metadata = body["metadata"]
        namespace = metadata.get("namespace") if kind.namespaced else None
        ref = Ref(kind, namespace, metadata["name"])
        known = self._store.get(ref)
        if event_type == "DELETED":
            changed = self._store.remove(ref, metadata["uid"], metadata["resourceVersion"])
            # A lock that we have given back is no longer in the store; others wait for it.
            changed = changed or kind is LEASE
        else:
            changed = self._store.put(kind, body)
            # How a source is says nothing to Releases: they find out when they ask it.
            changed = changed and not (kind is METRIC_SOURCE and _is_same_spec(known, body))
        if changed:
            for key in self._concerned(kind, body):
                self._enqueue(key)
                if kind is POLICY:  # how severe an incident is
                    self._beside(key)
        if kind is RELEASE:  # our own writes too: they are what incidents and messages tell of
            self._wake_waiting(body, gone=event_type == "DELETED")
            self._beside((body["metadata"]["namespace"], body["metadata"]["name"]))

    def _wake_waiting(self, body: Body, *, gone: bool) -> None:
        """Once for each attempt that has ended, wake who waits for that.

        Production waits for staging, others for a lock that the attempt has left behind. The end,
        and that a Release goes, are writes of our own: the store has them before we hear of them.
        """
        metadata = body["metadata"]
        key = metadata["namespace"], metadata["name"]
        attempt = (body.get("status") or {}).get("attempt") or {}
        end = metadata["uid"], attempt.get("number"), attempt.get("recorded")
        if gone:
            self._ended.pop(key, None)
        elif self._ended.get(key) == end:
            return
        else:
            self._ended[key] = end
            for waiting in waiting_on(self._store, body):
                self._enqueue(waiting)
        for waiting in waiting_for(self._store, body):
            self._enqueue(waiting)

    def _concerned(self, kind: Kind, body: Body) -> Iterable[Key]:
        metadata = body["metadata"]
        if kind is RELEASE:
            yield metadata["namespace"], metadata["name"]
        elif kind is METRIC_SOURCE or kind is POLICY:
            for release in self._store.select(RELEASE, metadata.get("namespace")):
                yield release["metadata"]["namespace"], release["metadata"]["name"]
        elif kind is APPROVAL:
            yield metadata["namespace"], str(body.get("spec", {}).get("release", ""))
        else:
            if kind is LEASE:
                yield from may_wait(self._store, metadata["namespace"])
            owner = metadata.get("labels", {}).get(names.LABEL_RELEASE)
            if owner:
                yield metadata["namespace"], owner


def _is_same_spec(known: Body | None, body: Body) -> bool:
    if known is None:
        return False
    before, after = known["metadata"], body["metadata"]
    return all(before.get(mark) == after.get(mark) for mark in ("uid", "generation"))


def register(registry: kopf.OperatorRegistry, intake: Intake, login: Login) -> None:
    """Watch our kinds, and what carries our label, as who `login` says we are."""

    @kopf.on.login(registry=registry)
    async def on_login(**_: Any) -> kopf.ConnectionInfo:
        who = await login()
        return kopf.ConnectionInfo(
            server=who.server,
            ca_path=who.ca_file or None,
            certificate_path=who.certificate_file or None,
            private_key_path=who.key_file or None,
            scheme="Bearer" if who.token else None,
            token=who.token or None,
        )

    for kind in (RELEASE, METRIC_SOURCE, POLICY, APPROVAL, *LABELLED):
        _watch(registry, intake, kind)


def _watch(registry: kopf.OperatorRegistry, intake: Intake, kind: Kind) -> None:
    @kopf.on.event(kind.group, kind.version, kind.plural, registry=registry, id=kind.plural)
    async def on_event(event: kopf.RawEvent, **_: Any) -> None:
        intake.take(kind, event["type"], dict(event["object"]))


def configure(settings: kopf.OperatorSettings) -> None:
    """Kopf as a trigger only: it writes nothing, and notices connections that have died."""
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.watching.server_timeout = 300
    settings.watching.connect_timeout = 10
    settings.watching.reconnect_backoff = 1
    settings.networking.request_timeout = 30
    for kind in LABELLED:
        settings.watching.label_selectors[kind.group, kind.plural] = names.LABEL_RELEASE
