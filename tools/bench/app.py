"""What is released in the benchmark: applications without containers, in three shapes.

`lean` is what peers were measured with: one component and three measurements, no Jobs. `one` and
`two` are whole releases of one and two components, with backup, migration, cache and smoke test.
"""

from collections.abc import Sequence
from typing import Any, Literal

from release_coordinator.cluster.port import Body

Shape = Literal["lean", "one", "two"]
SHAPES: tuple[Shape, ...] = ("lean", "one", "two")
FIRST = 2
"""Minor version that runs before the first release."""
_MOST = 80

COMPONENTS: dict[Shape, tuple[str, ...]] = {
    "lean": ("api",),
    "one": ("api",),
    "two": ("api", "web"),
}


def version(minor: int) -> str:
    """Return a version of an application."""
    return f"1.{minor}.0"


def deployment(app: str, component: str, namespace: str) -> Body:
    """Return the workload of a component in its first version, three replicas as with peers."""
    labels = {"app": f"{app}-{component}"}
    containers = [{"name": "main", "image": image(component, FIRST)}]
    return {
        "metadata": {"name": f"{app}-{component}", "namespace": namespace},
        "spec": {
            "replicas": 3,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": containers}},
        },
    }


def image(component: str, minor: int) -> str:
    """Return an image nobody pulls."""
    return f"example/{component}:{version(minor)}"


def changelog(namespace: str, most: int = _MOST) -> Body:
    """Return a changelog with all versions up to one, in a ConfigMap as people write it."""
    sections = [
        f"## [{version(n)}] - 2026-11-23\n\n### Added\n\n- More." for n in range(most, 0, -1)
    ]
    text = "\n\n".join(["# Changelog", *sections])
    return {
        "metadata": {"name": "docs", "namespace": namespace},
        "data": {"CHANGELOG.md": text},
    }


def policy(
    namespace: str, name: str = "default", *, roles: Sequence[str] = (), changelog: str = "Advisory"
) -> Body:
    """Return what releases must meet; roles are those that must sign one off.

    `lean` has no changelog. Who benchmarks is the only person there is, so may sign what he wrote.
    """
    required = ("Version", "VersionConsistency", "Credentials", "RollbackTarget")
    rules = [{"name": gate, "enforcement": "Required"} for gate in required]
    return {
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "enforcement": "Off",
            "gates": [*rules, {"name": "Changelog", "enforcement": changelog}],
            "signOffs": [{"role": role} for role in roles],
            "suites": [],
            "approvals": {"authorMayApprove": True},
        },
    }


def release(app: str, shape: Shape, minor: int, namespace: str, **watch: str) -> Body:
    """Return the Release of a version; `watch` are its duration and interval."""
    components = COMPONENTS[shape]
    times = {"duration": "3s", "interval": "1s", **watch}
    spec: dict[str, Any] = {
        "version": version(minor),
        "components": [
            {
                "name": name,
                "dependsOn": list(components[:at]),
                "workloadRef": {"kind": "Deployment", "name": f"{app}-{name}"},
                "images": {"main": image(name, minor)},
            }
            for at, name in enumerate(components)
        ],
        "watch": {
            **times,
            "metrics": [{"name": "latency", "query": f'latency{{app="{app}"}}', **_breach(shape)}],
        },
    }
    if shape != "lean":
        spec |= _jobs(minor)
    return {"metadata": {"name": app, "namespace": namespace}, "spec": spec}


def _breach(shape: Shape) -> Body:
    breach = {"above": 1} if shape == "lean" else {"ratioToBaseline": 2}
    return {"breach": breach, "failureThreshold": 1}  # the first bad sample is what is timed


def _jobs(minor: int) -> Body:
    def job(name: str) -> Body:
        return {"image": f"example/{name}:{version(minor)}", "args": [str(minor)]}

    name = f"{minor:04d}-change"
    return {
        "backup": {"job": job("backup")},
        "migrations": [
            {"name": name, "reversibility": "Reversible", "up": job("up"), "down": job("down")}
        ],
        "caches": [{"name": "cache", "job": job("cache")}],
        "verify": {"smokeTests": [{"name": "smoke", "job": job("smoke")}]},
        "documents": {"changelog": {"configMap": "docs", "key": "CHANGELOG.md"}},
    }
