"""The same mistakes on a cluster: what applies the workloads of a Release there, and how.

Part of `cli.lint` with --server, with the caller's own rights. Used by `lint.server`.
"""

from collections.abc import Iterator, Sequence

from release_coordinator.api.release import Component
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.port import Body, Cluster
from release_coordinator.errors import Denied, NotFound

from . import gitops
from . import gitopstools as tools
from .findings import Finding, error, note
from .gitopstools import Application

NOT_READ = "you may not read Applications: whether {app} leaves its image alone is open"


class Appliers:
    """The Applications of a cluster, read once and only if a workload is Argo CD's."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._known: Sequence[Application] | None = None
        self._denied = False

    async def findings(self, path: str, component: Component, live: Body) -> list[Finding]:
        """Of a workload that a component names or carries, as it is in the cluster."""
        tracked = str(tools.annotations(live).get(tools.TRACKING_ID, ""))
        label = str(tools.labels(live).get(tools.TRACKING_LABEL, ""))
        if component.workload is not None:
            return list(_carried(path, component, tracked))
        found = [*_of_flux(f"{path}.workloadRef", live)]
        if tracked or label:
            found += await self._of_argo_cd(f"{path}.workloadRef", component, live, tracked)
        return found

    async def _of_argo_cd(
        self, path: str, component: Component, live: Body, tracked: str
    ) -> list[Finding]:
        applications = await self._applications()
        owners = [one for one in applications if one.covers("", live)]
        if self._denied and tracked:
            app = f"Application {tracked.partition(':')[0]}"
            return [note("not-checked", path, NOT_READ.format(app=app))]
        return [
            Finding(one.level, one.rule, path, f"Application {owner.name}: {one.text}")
            for owner in owners
            for one in gitops.of_application(owner, live, component.images)
        ]

    async def _applications(self) -> Sequence[Application]:
        if self._known is None:
            try:
                bodies = await self._cluster.list(tools.APPLICATION)
                self._known = [Application(_listed(body)) for body in bodies]
            except (NotFound, Unserved):
                self._known = []
            except Denied:
                self._known, self._denied = [], True
        return self._known


def _listed(body: Body) -> Body:
    """One that has not been synced yet covers nothing: without a list its folder would count."""
    status = body.get("status")
    resources = tools.at(status, "resources")
    if isinstance(resources, list):
        return body
    return {**body, "status": {"resources": []}}


def _of_flux(path: str, live: Body) -> Iterator[Finding]:
    name = tools.labels(live).get(tools.FLUX_NAME)
    if name:
        for one in gitops.of_kustomization(str(name), live):
            yield Finding(one.level, one.rule, path, one.text)


def _carried(path: str, component: Component, tracked: str) -> Iterator[Finding]:
    if tracked:
        text = (
            f"Argo CD tracks the live {component.target} ({tools.TRACKING_ID}: {tracked}) and "
            "prunes it once Git no longer has it, pods and all; first give it "
            f"{tools.SYNC_OPTIONS}: Prune=false, then move it into the Release, then remove both "
            f"annotations, see {gitops.LAYOUTS}"
        )
        yield error("prune-inline", f"{path}.workload", text)
