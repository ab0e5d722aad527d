"""The scripted world with the faults of a plan in it."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from tests.campaigns.plans import Fault, Plan
from tests.campaigns.workloads import WORKLOADS
from tests.fakes.world import NAMESPACE, Crash, Operator, World

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import (
    DEPLOYMENT,
    FIELD_MANAGER,
    JOB,
    RELEASE,
    Body,
    Kind,
    Ref,
)
from release_coordinator.errors import NotFound, ReleaseCoordinatorError, Transient

CALLS = 1000
"""Several times what the longest workload needs."""
LAG = timedelta(seconds=8)
"""How long late news take when the operator makes no calls; less than any deadline."""
RESYNC = timedelta(seconds=300)


class Circle(BaseException):
    """The operator makes calls without end; nothing may catch it."""


class TroubledOperator(Operator):
    """An operator whose watches lag or lose something."""

    def __init__(self, world: "TroubledWorld", cluster: MemoryCluster | None = None) -> None:
        self._troubles = world
        self.pending: list[tuple[int, datetime, Kind, str, Body]] = []
        super().__init__(world, cluster)

    def hear(self, kind: Kind, event: str, body: Body) -> None:
        """Take in, later or never."""
        world = self._troubles
        world.news += 1
        if world.news == world.plan.drop:
            return
        if not world.plan.late:
            super().hear(kind, event, body)
            return
        due = world.count + world.plan.late
        self.pending.append((due, world.time.now() + LAG, kind, event, body))

    def deliver(self) -> None:
        """Take in what is due."""
        world = self._troubles
        while self.pending and self._due(self.pending[0], world):
            _, _, kind, event, body = self.pending.pop(0)
            super().hear(kind, event, body)

    @staticmethod
    def _due(item: tuple[int, datetime, Kind, str, Body], world: "TroubledWorld") -> bool:
        return item[0] <= world.count or item[1] <= world.time.now()


class TroubledWorld(World):
    """Counts the operator's calls and does to them what the plan says."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.count = 0
        self.news = 0
        self._shots = list(plan.shots)
        self._base = 0
        self._seen_version = ""
        self._resynced = self._changes = 0
        super().__init__(script=WORKLOADS[plan.workload].script())
        self._next_resync = self.time.now() + RESYNC
        self.cluster.subscribe(self._changed)

    def start(self) -> TroubledOperator:
        """A new process of the operator."""
        return TroubledOperator(self)

    def arm(self) -> None:
        """From here on calls count."""
        self.cluster.before, self.cluster.after = self._before, self._after

    async def settle(self) -> None:
        """No more faults: everything that is still on its way arrives."""
        self._shots.clear()
        self.plan = Plan(self.plan.workload)
        await self.resync()

    def _changed(self, _event: str, _body: Body) -> None:
        self._changes += 1

    async def _before(self, call: Call) -> None:
        self.count += 1
        if self.count > CALLS:
            raise Circle(f"{CALLS} calls and no end")
        self.calls.append(call)
        for operator in self.operators:
            if isinstance(operator, TroubledOperator):
                operator.deliver()
        fault = self._fault({Fault.BEFORE_KILL, Fault.REFUSED, Fault.TWICE, Fault.RIVAL})
        if fault is Fault.BEFORE_KILL:
            raise Crash
        if fault is Fault.REFUSED:
            raise Transient("429 too many requests")
        if fault is Fault.TWICE:
            await self._repeat(call)
        if fault is Fault.RIVAL:
            await self._interfere(call)

    async def _after(self, _call: Call) -> None:
        fault = self._fault({Fault.AFTER_KILL, Fault.LOST_REPLY})
        if fault is Fault.AFTER_KILL:
            raise Crash
        if fault is Fault.LOST_REPLY:
            raise Transient("the connection was cut before the answer came")

    def _fault(self, kinds: set[Fault]) -> Fault | None:
        """What happens now, if it is of these kinds; it happens once."""
        if not self._shots or self.count - self._base != self._shots[0][0]:
            return None
        _, fault = self._shots[0]
        if fault not in kinds:
            return None
        self._shots.pop(0)
        self._base = self.count
        return fault

    async def _repeat(self, call: Call) -> None:
        """The same request, once more, from the same sender."""
        twin = self.cluster.as_manager(FIELD_MANAGER)
        kind, body = call.ref.kind, call.body or {}
        requests: dict[str, Callable[[], Awaitable[object]]] = {
            "create": lambda: twin.create(kind, body),
            "patch": lambda: twin.patch(call.ref, body),
            "replace_status": lambda: twin.replace_status(kind, body),
            "delete": lambda: twin.delete(call.ref, uid=body["metadata"]["uid"]),
        }
        await requests[call.verb]()

    async def _interfere(self, call: Call) -> None:
        """Somebody puts a mark on the object, or on the Release if there is none yet."""
        ref = call.ref
        if ref.kind not in {RELEASE, DEPLOYMENT, JOB} or call.verb == "create":
            ref = Ref(RELEASE, NAMESPACE, "bookshop")
        what = "annotations" if ref.kind is RELEASE else "labels"
        try:
            await self.user.patch(ref, {"metadata": {what: {"somebody": "was-here"}}})
        except NotFound:
            return

    def _moments(self) -> list[datetime]:
        moments = super()._moments()
        moments += [
            operator.pending[0][1]
            for operator in self.operators
            if isinstance(operator, TroubledOperator) and operator.pending
        ]
        if self.plan.drop and self._changes != self._resynced:
            moments.append(self._next_resync)
        return moments

    async def _skip(self, release: ReleaseObject) -> bool:
        going = await super()._skip(release)
        for operator in self.operators:
            if isinstance(operator, TroubledOperator):
                operator.deliver()
        if self.plan.drop and self.time.now() >= self._next_resync:
            self._next_resync = self.time.now() + RESYNC
            self._resynced = self._changes
            await self._quietly(self.operator.resync.once)
        return going

    async def resync(self) -> None:
        """List everything and work on it, in all operators; the listing itself is not counted."""
        for operator in self.operators:
            await self._quietly(operator.resync.once)
        try:
            await self.run()
        except ReleaseCoordinatorError:
            await self._work()
