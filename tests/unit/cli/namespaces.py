"""Namespaces with workloads as people have them: any of them gets a first Release."""

from typing import Any

from hypothesis import strategies as st

from release_coordinator.cli.draft.survey import PART_OF, Namespace
from release_coordinator.cluster.port import Body

NAME = st.sampled_from(
    ("shop-frontend", "shop-backend", "web", "api", "worker", "postgres", "a.b", "x" * 63, "1-2")
)
REPOSITORY = st.sampled_from(("api", "web", "postgres", "redis", "team/shop/backend", "h:5000/api"))
TAG = st.sampled_from(
    ("", ":latest", ":1.2.0", ":v1.2.0", ":1.2.1", ":2", ":1.2.0-rc.1", f"@sha256:{'ab' * 32}")
)
PATH = st.sampled_from(("/healthz", "", "/a?b=c", "/a#b", "/with space", "/" + "x" * 300))
PORT = st.sampled_from((80, 8080, "http", "other"))


@st.composite
def containers(draw: st.DrawFn, name: str) -> Body:
    made: Body = {"name": name, "image": f"example.com/{draw(REPOSITORY)}{draw(TAG)}"}
    made["ports"] = [{"name": "http", "containerPort": 8080}]
    probe = draw(st.sampled_from(("none", "http", "exec")))
    if probe == "http":
        asked: dict[str, Any] = {
            "port": draw(PORT),
            "scheme": draw(st.sampled_from(("HTTP", "HTTPS"))),
        }
        made["readinessProbe"] = {"httpGet": asked | {"path": draw(PATH)}}
    elif probe == "exec":
        made["readinessProbe"] = {"exec": {"command": ["true"]}}
    return made


@st.composite
def workloads(draw: st.DrawFn, kind: str, name: str) -> Body:
    labels = {"app": name}
    metadata: Body = {"name": name, "labels": labels}
    if draw(st.booleans()):
        metadata["labels"] = labels | {PART_OF: draw(st.sampled_from(("shop", "My Shop")))}
    annotations = draw(
        st.sampled_from(
            (
                {},
                {"prometheus.io/scrape": "true"},
                {"sidecar.istio.io/inject": "true"},
                {"instrumentation.opentelemetry.io/inject-java": "true"},
            )
        )
    )
    pod: Body = {"containers": [draw(containers(f"c{n}")) for n in range(draw(st.integers(1, 3)))]}
    if draw(st.booleans()):
        pod["initContainers"] = [draw(containers("init"))]
    template = {"metadata": {"labels": labels, "annotations": annotations}, "spec": pod}
    spec: Body = {"selector": {"matchLabels": labels}, "template": template}
    if kind != "Deployment" and draw(st.integers(0, 4)) == 0:
        spec["updateStrategy"] = {"type": "OnDelete"}
    return {"kind": kind, "metadata": metadata, "spec": spec}


@st.composite
def namespaces(draw: st.DrawFn) -> Namespace:
    kinds = st.sampled_from(("Deployment", "StatefulSet", "DaemonSet"))
    keys = draw(st.lists(st.tuples(kinds, NAME), min_size=1, max_size=20, unique=True))
    found = [draw(workloads(kind, name)) for kind, name in keys]
    served = draw(st.lists(st.sampled_from([name for _, name in keys]), max_size=4))
    services = [{"metadata": {"name": "s"}, "spec": {"selector": {"app": name}}} for name in served]
    config_maps = [{"metadata": {"name": "docs"}, "data": {"CHANGELOG.md": ""}}]
    cron_jobs = [{"metadata": {"name": "db-backup"}}]
    return Namespace(
        found,
        services,
        config_maps if draw(st.booleans()) else (),
        cron_jobs if draw(st.booleans()) else (),
    )
