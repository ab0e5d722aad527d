"""Proves again and again that the API server refuses forged sign-offs; gates ask for the result.

    operation runs it -> state() -> evidence.approvals -> sign-off gates and waivers

A proof has two halves. Policies and bindings must be exactly those of `render.admission`: every
rule is there. And forged Approvals, sent as dry runs, must be refused by our policy: the rules
work. Without both no gate is opened by an Approval.

A proof says nothing about yesterday. Each change of a policy or binding counts up its generation,
so the same UIDs and generations as in the last proof mean that nobody changed them in between;
`cluster.proofs` remembers them. Approvals from before a change are not vouched for.
"""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .clock import Clock
from .cluster.port import ADMISSION_BINDING, ADMISSION_POLICY, APPROVAL, Body, Cluster, Ref
from .cluster.proofs import OPEN, SECOND, Proof, Proofs
from .engine.evidence import AdmissionFact
from .errors import AlreadyExists, Denied, Invalid, NotFound, ReleaseCoordinatorError, Transient
from .render import admission
from .render.forgery import forgeries
from .text import one_line

logger = logging.getLogger(__name__)

RETRY_SECONDS = 10.0
"""Until the next try after one that proved nothing: whoever mends it wants to see it at once."""

OUTAGE_SECONDS = 600.0
"""For how long beyond its period a proof is believed while none can be made.

An API server that does not answer takes no Approvals either, and a restart of it should not make
every waiting release say that signatures are not believed. But it may answer others, or come back
with other policies, so this ends.
"""

NOT_YET = AdmissionFact("the operator has just started and not yet seen forged Approvals refused")
_OURS = rf"\W{{1,3}}{re.escape(admission.APPROVALS)}\W{{1,3}}"  # quoted, in one way or another
REFUSED = re.compile(f"ValidatingAdmissionPolicy {_OURS} with binding {_OURS} denied request")
"""How a refusal by our policy reads. Other refusals, like one for lack of rights, prove nothing."""

_TERMINATING = "because it is being terminated"
_KINDS = {kind.kind: kind for kind in (ADMISSION_POLICY, ADMISSION_BINDING)}
_MEND = "the platform team installs the chart or manifests/install.yaml of this version again"


class _Unproved(Exception):  # noqa: N818 - a finding
    """What keeps a proof from being one, for people."""

    def __init__(self, message: str, *, open_door: bool = False) -> None:
        super().__init__(message)
        self.open_door = open_door
        """Meanwhile forged Approvals may get in: not only our sight of it is in doubt."""


@dataclass(frozen=True, slots=True)
class _Installed:
    """Policies and bindings that are as they should be."""

    objects: tuple[str, ...]
    unchanged_since: datetime | None
    """When the youngest was created; None if one was changed after that: nobody knows when."""


class Guard:
    """Makes proofs and remembers the last result."""

    def __init__(
        self,
        cluster: Cluster,
        namespaces: Iterable[str] = (),
        *,
        clock: Clock,
        proofs: Proofs | None = None,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        """`changed` is called after each try with another result; no namespaces means all.

        Without `proofs` the last one is forgotten at the end of the process.
        """
        self._cluster = cluster
        # A policy works in all namespaces or, if its binding was narrowed, the comparison shows
        # it: one that every cluster has stands for all.
        self._namespaces = tuple(namespaces) or ("default",)
        self._clock = clock
        self._proofs = proofs or Proofs(cluster, None)
        self._changed = changed
        self._fact = NOT_YET
        self._told = NOT_YET
        self._until = clock.now()
        self._open = False

    def state(self) -> AdmissionFact:
        """The last result, unless it is too old to be believed."""
        if not self._fact.problem and self._clock.now() > self._until:
            return AdmissionFact(
                f"that forged Approvals are refused was last seen more than {OUTAGE_SECONDS:.0f} s "
                "ago; the operator tries again as soon as the API server answers"
            )
        return self._fact

    async def run(self, seconds: float) -> None:
        """Prove at once and then every so many seconds, sooner after a failure, until cancelled."""
        while True:
            proved = await self.prove(seconds)
            await self._clock.sleep(seconds if proved else min(seconds, RETRY_SECONDS))

    async def prove(self, seconds: float = 0.0) -> bool:
        """Try once; tell whether it was a proof, which is believed for so many seconds and more."""
        start = self._clock.now()
        proved = False
        try:
            installed = await self._policies()
            await self._refusals()
            since = await self._since(installed)
        except _Unproved as finding:
            self._fact = AdmissionFact(str(finding))
            if finding.open_door:
                await self._remember_open()
        except Transient as error:
            self._outage(error)
        else:
            proved = True
            self._open = False
            self._fact = AdmissionFact("", since)
            self._until = start + seconds + OUTAGE_SECONDS
        self._tell()
        return proved

    async def _since(self, installed: _Installed) -> datetime:
        """Since when the rules have been kept without a break, as far as anybody can know."""
        try:
            since = await self._unbroken_since(installed) or await self._proofs.time()
            await self._proofs.keep(Proof(installed.objects, since))
        except Transient:
            raise
        except ReleaseCoordinatorError as error:
            raise _Unproved(
                "the operator cannot keep in the Lease of its leader election since when forged "
                f"Approvals are refused ({one_line(str(error))}); {_MEND}, with its roles"
            ) from None
        return since

    async def _unbroken_since(self, installed: _Installed) -> datetime | None:
        """None: from this proof on, because something was changed or not enforced before it."""
        if self._open:
            return None
        last = await self._proofs.last()
        if last is None:
            return installed.unchanged_since
        return last.since if last.objects == installed.objects else None

    async def _remember_open(self) -> None:
        self._open = True
        try:
            await self._proofs.keep(OPEN)
        except ReleaseCoordinatorError as error:  # the next try does it
            logger.warning("Not noted that forged Approvals may have got in: %s", error)

    def _outage(self, error: Transient) -> None:
        """What was found stays; a proof as long as `state` believes it."""
        logger.warning("No proof that forged Approvals are refused: %s", error)
        if self._fact.problem.startswith(NOT_YET.problem):
            self._fact = AdmissionFact(f"{NOT_YET.problem}: {one_line(str(error))}")

    def _tell(self) -> None:
        now = self.state()
        if now == self._told:
            return
        self._told = now
        if now.problem:
            logger.error("Signatures are not believed: %s", now.problem)
        else:
            logger.info(
                "The API server refuses forged Approvals; those from before %s do not count",
                now.since,
            )
        self._changed()

    async def _refusals(self) -> None:
        tried = [
            await self._refused(body)
            for namespace in self._namespaces
            for body in forgeries(namespace)
        ]
        if not any(tried):
            where = ", ".join(self._namespaces)
            raise _Unproved(
                f"there is no namespace {where} to try a forged Approval in; the platform team "
                "creates it, or corrects the operator's namespaces"
            )

    async def _refused(self, body: Body) -> bool:
        """Send a forgery. False if its namespace is gone or going: nobody can sign there."""
        where = f"namespace {body['metadata']['namespace']}"
        try:
            await self._cluster.create(APPROVAL, body, dry_run=True)
        except NotFound:
            return False
        except Denied as refusal:
            if _TERMINATING in str(refusal):
                return False
            raise _Unproved(
                f"the operator may not create Approvals in {where} ({one_line(str(refusal))}), not "
                f"even as a dry run; {_MEND}, with its roles"
            ) from None
        except Invalid as refusal:
            if REFUSED.search(str(refusal)):
                return True
            raise _Unproved(
                f"a forged Approval was refused in {where} for another reason than forgery "
                f"({one_line(str(refusal))}); the platform team installs crds/ of this version"
            ) from None
        except AlreadyExists:
            pass  # only a name was in its way
        raise _Unproved(
            f"a forged Approval was not refused in {where} (a dry run, so nothing was stored), "
            f"although ValidatingAdmissionPolicy {admission.APPROVALS} is installed; if this lasts "
            "for minutes, the platform team finds out why the API server does not enforce it",
            open_door=True,
        )

    async def _policies(self) -> _Installed:
        """Compare them all.

        Those on Releases as well, because an Approval of who changed the spec does not count.
        """
        all_metadata = []
        for wanted in admission.policies():
            kind, name = wanted["kind"], wanted["metadata"]["name"]
            found = await self._read(kind, name)
            if different := differences(wanted["spec"], found.get("spec", {})):
                raise _Unproved(
                    f"{kind} {name} is not as this operator needs it: it differs in "
                    f"{', '.join(different)}; {_MEND}",
                    open_door=True,
                )
            all_metadata.append(found["metadata"])
        return _installed(all_metadata)

    async def _read(self, kind: str, name: str) -> Body:
        try:
            return await self._cluster.get(Ref(_KINDS[kind], None, name))
        except NotFound:
            raise _Unproved(f"there is no {kind} {name}; {_MEND}", open_door=True) from None
        except Transient:
            raise
        except ReleaseCoordinatorError as error:
            raise _Unproved(
                f"the operator may not read {kind} {name} ({one_line(str(error))}); {_MEND}"
            ) from None


def _installed(all_metadata: list[Body]) -> _Installed:
    created = max(datetime.fromisoformat(one["creationTimestamp"]) for one in all_metadata)
    # The API server counts; no client can set a generation or a creation time. managedFields can be
    # written by clients, and tell no time when a field was only removed.
    pristine = all(one.get("generation") == 1 for one in all_metadata)
    objects = tuple(f"{one['uid']}/{one.get('generation')}" for one in all_metadata)
    return _Installed(objects, created + SECOND if pristine else None)


def differences(wanted: Any, found: Any, path: str = "spec") -> list[str]:
    """Paths at which the found value is not the wanted one. More than wanted differs too."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        keys = [*wanted, *sorted(found.keys() - wanted.keys())]
        return [line for key in keys for line in _difference(wanted, found, key, f"{path}.{key}")]
    return [] if wanted == found else [path]


def _difference(wanted: Body, found: Body, key: str, path: str) -> list[str]:
    if key in wanted and key in found:
        return differences(wanted[key], found[key], path)
    return [path]
