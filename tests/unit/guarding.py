"""A world for tests of the guard: an API server with our policies, and a guard that proves."""

from datetime import UTC, datetime, timedelta

from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import (
    ADMISSION_BINDING,
    ADMISSION_POLICY,
    APPROVAL,
    LEASE,
    Body,
    Kind,
    Ref,
)
from release_coordinator.cluster.proofs import Proofs
from release_coordinator.errors import Invalid, ReleaseCoordinatorError
from release_coordinator.guard import Guard
from release_coordinator.render import admission

PERIOD = 300.0
DAWN = datetime(2026, 1, 1, tzinfo=UTC)
KINDS = {kind.kind: kind for kind in (ADMISSION_POLICY, ADMISSION_BINDING)}
OURS = f"'{admission.APPROVALS}'"
REFUSAL = Invalid(
    "create /apis/.../approvals: 422 approvals is invalid: : ValidatingAdmissionPolicy "
    f"{OURS} with binding {OURS} denied request: only people sign off"
)
WANTED = admission.policies()
HOME = Ref(LEASE, "operator", "release-coordinator")


def title(wanted: Body) -> str:
    """Return a name for a case of a test."""
    return f"{wanted['kind']}/{wanted['metadata']['name']}"


class World:
    """An API server with the policies, which refuses as it is told, and a guard."""

    def __init__(self, *namespaces: str) -> None:
        self.clock = VirtualClock()
        self._start = self.clock.now()
        self.refusal: ReleaseCoordinatorError | None = REFUSAL
        self.outage: Exception | None = None
        self.refused_write: Exception | None = None
        self.tried: list[Body] = []
        self.cluster = MemoryCluster(
            namespaces=(*(namespaces or ("default",)), HOME.namespace or ""),
            now=lambda: self.now,
            admission=self._admit,
        )
        self.cluster.before = self._before
        self.heard: list[str] = []
        self._namespaces = namespaces
        self.guard = self.restarted()

    @property
    def now(self) -> datetime:
        """By the API server's clock."""
        return DAWN + timedelta(seconds=self.clock.now() - self._start)

    @property
    def since(self) -> datetime | None:
        """From when on Approvals count."""
        return self.guard.state().since

    def restarted(self) -> Guard:
        """A guard of another process."""
        self.guard = Guard(
            self.cluster,
            self._namespaces,
            clock=self.clock,
            proofs=Proofs(self.cluster, HOME),
            changed=lambda: self.heard.append(self.problem),
        )
        return self.guard

    @classmethod
    async def installed(cls, *namespaces: str) -> "World":
        """An API server on which everything is as it should be."""
        world = cls(*namespaces)
        await world.cluster.create(
            LEASE,
            {
                "metadata": {"name": HOME.name, "namespace": HOME.namespace},
                "spec": {"holderIdentity": "us"},
            },
        )
        for body in WANTED:
            await world.cluster.create(KINDS[body["kind"]], body)
        return world

    @property
    def problem(self) -> str:
        """Why signatures are not believed."""
        return self.guard.state().problem

    async def proves(self) -> bool:
        """Try once."""
        return await self.guard.prove(PERIOD)

    async def alter(self, wanted: Body, **spec: object) -> None:
        """Change fields of a policy or binding."""
        ref = Ref(KINDS[wanted["kind"]], None, wanted["metadata"]["name"])
        await self.cluster.patch(ref, {"spec": spec})

    async def remove(self, wanted: Body) -> None:
        """Delete a policy or binding."""
        ref = Ref(KINDS[wanted["kind"]], None, wanted["metadata"]["name"])
        body = await self.cluster.get(ref)
        await self.cluster.delete(ref, uid=body["metadata"]["uid"])

    def _admit(self, kind: Kind, _old: Body | None, new: Body) -> None:
        if kind is APPROVAL:
            self.tried.append(new)
            if self.refusal:
                raise self.refusal

    async def _before(self, call: Call) -> None:
        if self.outage:
            raise self.outage
        if self.refused_write and call.writes:
            raise self.refused_write
