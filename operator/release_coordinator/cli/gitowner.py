"""What keeps a Release as Git has it, so that a change in the cluster alone would be undone. Pure.

Used by `cli.commands.set`.
"""

from collections.abc import Iterator
from typing import Any

from release_coordinator.cluster.port import Body
from release_coordinator.engine.writers import Tool, tool_of

from .lint.gitopstools import FLUX_NAME, TRACKING_ID, annotations, at, labels

FLUX_HELM = "helm.toolkit.fluxcd.io/name"
HELM = "meta.helm.sh/release-name"


def owner_of(release: Body) -> str:
    """The tool and what it applies; empty if there is none. Needs `metadata.managedFields`."""
    return next(_owners(release), "")


def _owners(release: Body) -> Iterator[str]:
    if tracked := annotations(release).get(TRACKING_ID):
        yield f"Argo CD (Application {str(tracked).partition(':')[0]})"
    if name := labels(release).get(FLUX_NAME):
        yield f"Flux (Kustomization {name})"
    if name := labels(release).get(FLUX_HELM):
        yield f"Flux (HelmRelease {name})"
    for manager in _writers(at(release, "metadata", "managedFields")):
        if tool_of(manager) is not Tool.OTHER:
            yield f"{tool_of(manager)} (field manager {manager})"
    if name := annotations(release).get(HELM):
        yield f"Helm (release {name})"


def _writers(managed: Any) -> Iterator[str]:
    """Field managers that have written the version or the components."""
    for entry in managed if isinstance(managed, list) else ():
        spec = at(entry, "fieldsV1", "f:spec")
        if at(spec, "f:version") is not None or at(spec, "f:components") is not None:
            yield str(at(entry, "manager") or "")
