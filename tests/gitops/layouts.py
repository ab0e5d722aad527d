"""How a team may lay the bookshop out in Git; docs/gitops/layouts.md tells which to choose."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.stage import WORKLOADS
from tests.fakes.world import changelog, deployment
from tests.policies import basic

from release_coordinator.cluster.port import CONFIG_MAP, DEPLOYMENT, POLICY, Body, Kind

FIRST = "1.2.0"
"""What the workloads in Git say, for ever: the first installation alone needs it."""
MANAGER = "release-coordinator.io"
IMAGES = ".spec.template.spec.containers[].image"


def _healing(*options: str) -> Body:
    return {"automated": {"prune": True, "selfHeal": True}, "syncOptions": list(options)}


def _ignoring(**rule: Any) -> Body:
    return {
        "ignoreDifferences": [{"group": "apps", "kind": "Deployment", **rule}],
        "syncPolicy": _healing("RespectIgnoreDifferences=true"),
    }


@dataclass(frozen=True)
class Layout:
    """What is in Git, and what the Application says about it."""

    name: str
    inline: bool = False
    """The Release carries the workloads; else they are in files of their own."""
    images: bool = True
    """The files have images."""
    application: Mapping[str, Any] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    """Of the workloads."""

    def __str__(self) -> str:
        return self.name


INLINE = Layout("inline", inline=True)
NO_IMAGES = Layout(
    "no-images",
    images=False,
    application={"syncPolicy": _healing("ServerSideApply=true")},
)
BY_PATH = Layout("by-path", application=_ignoring(jqPathExpressions=[IMAGES]))
BY_MANAGER = Layout("by-manager", application=_ignoring(managedFieldsManagers=[MANAGER]))
IF_NOT_PRESENT = Layout(
    "if-not-present", annotations={"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"}
)
"""For Flux, which ignores no single fields."""
LAYOUTS = (INLINE, NO_IMAGES, BY_PATH, BY_MANAGER)


def manifest(kind: Kind, body: Body, namespace: str) -> Body:
    """Return a body as it stands in a file."""
    metadata = {**body["metadata"], "namespace": namespace}
    return {**body, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata}


def around(namespace: str, **policy: Any) -> list[Body]:
    """Return what a Release needs beside it: changelog and policy."""
    return [
        manifest(CONFIG_MAP, changelog(), namespace),
        manifest(POLICY, basic(**policy), namespace),
    ]


def workloads(layout: Layout, namespace: str, level: str = "info") -> list[Body]:
    """Return the Deployments as files have them; `level` is in their environment."""
    bodies = [deployment(name, container, FIRST) for name, container in WORKLOADS]
    for body in bodies:
        body["metadata"]["annotations"] = dict(layout.annotations)
        (container,) = body["spec"]["template"]["spec"]["containers"]
        container["env"] = [{"name": "LEVEL", "value": level}]
        if not layout.images:
            del container["image"]
    return [manifest(DEPLOYMENT, body, namespace) for body in bodies]


def carrying(release: Body, level: str = "info") -> Body:
    """Return the Release with its workloads in it instead of their names."""
    for component in release["spec"]["components"]:
        name = component.pop("workloadRef")["name"]
        container = next(iter(component["images"]))
        spec = deployment(name, container, FIRST)["spec"]
        (program,) = spec["template"]["spec"]["containers"]
        del program["image"]
        program["env"] = [{"name": "LEVEL", "value": level}]
        component["workload"] = {"kind": "Deployment", "name": name, "spec": spec}
    return release
