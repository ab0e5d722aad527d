"""The bookshop in the laboratory: installed, released, and asked from outside what is true.

Used by `lab.Lab`. What is seen here never comes from the operator: images from the Deployments
and pods, the schema from the database, response times from requests.
"""

import contextlib
import io
import json
import urllib.parse
from collections import Counter
from collections.abc import Mapping
from typing import Any

import yaml
from manifests.bookshop import install as objects
from tools.lab.kubectl import Body, Kubectl

NAME = "bookshop"
RELEASES = objects.HERE / "releases"
LATENCY = (
    "histogram_quantile(0.95, sum by (le) (rate("
    'http_request_duration_seconds_bucket{app="bookshop", component="backend"}[20s])))'
)
"""The query that the Releases watch."""

_PSQL = 'PGPASSWORD=$POSTGRES_PASSWORD exec psql -h /tmp -U bookshop bookshop -AtF "\t" -c "$0"'
# A connection per request, as new customers have.
_REQUESTS = """
import json, sys, time, urllib.request
seconds = []
for _ in range(int(sys.argv[1])):
    start = time.perf_counter()
    with urllib.request.urlopen("http://bookshop-backend/api/books", timeout=10) as answer:
        answer.read()
    seconds.append(time.perf_counter() - start)
print(json.dumps(seconds))
"""


def install(kubectl: Kubectl, namespace: str) -> None:
    """Install 1.2.0 with everything around it, and tell the operator where it is measured."""
    with contextlib.redirect_stdout(io.StringIO()):  # it tells of every object
        objects.install(kubectl.kubeconfig, namespace)
    kubectl.apply(metric_source(namespace))


def remove(kubectl: Kubectl, namespace: str) -> None:
    """Remove the namespace with all in it, its backup volume and its MetricSource."""
    if kubectl.succeeds("get", "namespace", namespace):
        kubectl.run("delete", "namespace", namespace, "--wait=false")
        # Nobody waits for their last words, and the namespace would wait for half a minute.
        pods = ("pods", "--all", f"--namespace={namespace}")
        kubectl.run("delete", *pods, "--grace-period=0", "--force", "--wait=false")
    with contextlib.redirect_stdout(io.StringIO()):
        objects.remove(kubectl.kubeconfig, namespace)
    if kubectl.succeeds("get", "crd", "metricsources.release-coordinator.io"):
        kubectl.run("delete", "metricsource", source_name(namespace), "--ignore-not-found")


def metric_source(namespace: str) -> Body:
    """Return the MetricSource of a namespace's Prometheus."""
    body: Body = yaml.safe_load((objects.HERE / "metricsource.yaml").read_text(encoding="utf-8"))
    body["metadata"]["name"] = source_name(namespace)
    body["spec"]["url"] = f"http://bookshop-prometheus.{namespace}.svc:9090"
    return body


def source_name(namespace: str) -> str:
    """Return the name of that MetricSource: it is cluster-wide, so each namespace has its own."""
    return f"{NAME}-{namespace}"


def release(namespace: str, version: str, patch: Mapping[str, Any]) -> Body:
    """Return the Release of a version for a namespace, with a patch of its spec."""
    body: Body = yaml.safe_load((RELEASES / f"{version}.yaml").read_text(encoding="utf-8"))
    watch = body["spec"]["watch"]
    for asked in (*watch["metrics"], *watch.get("alerts", []), watch.get("availability", {})):
        if asked:
            asked["source"] = source_name(namespace)
    body["spec"]["alerts"]["source"] = source_name(namespace)
    body["spec"] = merged(body["spec"], patch)
    return body


def merged(old: Any, new: Any) -> Any:
    """Return the old value with the new one in it; entries of lists meet by their names."""
    if isinstance(old, dict) and isinstance(new, Mapping):
        return old | {key: merged(old.get(key), value) for key, value in new.items()}
    if _named(old) and _named(new):
        given = {entry["name"]: entry for entry in new}
        known = {entry["name"] for entry in old}
        kept = [merged(entry, given.get(entry["name"], {})) for entry in old]
        return kept + [entry for entry in new if entry["name"] not in known]
    return new


def _named(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(x, Mapping) and "name" in x for x in value)


def sql(kubectl: Kubectl, namespace: str, query: str) -> list[list[str]]:
    """Return the rows that the database answers."""
    where = ("exec", f"--namespace={namespace}", "statefulset/bookshop-postgres")
    answer = kubectl.run(*where, "--", "sh", "-c", _PSQL, query)
    return [line.split("\t") for line in answer.splitlines()]


def schema(kubectl: Kubectl, namespace: str) -> str:
    """Return the revision that the database is at."""
    rows = sql(kubectl, namespace, "SELECT version_num FROM alembic_version ORDER BY 1")
    return ",".join(row[0] for row in rows)


def ledger(kubectl: Kubectl, namespace: str) -> Counter[str]:
    """Return how often each migration was really run, like `{"0007 up": 1}`."""
    rows = sql(kubectl, namespace, "SELECT revision, direction FROM migration_ledger ORDER BY id")
    return Counter(" ".join(row) for row in rows)


def images(kubectl: Kubectl, namespace: str) -> dict[str, str]:
    """Return what the components are told to run, by Deployment."""
    found = {}
    for component in ("backend", "frontend"):
        name = f"bookshop-{component}"
        body = kubectl.get("deployment", name, f"--namespace={namespace}")
        found[name] = body["spec"]["template"]["spec"]["containers"][0]["image"]
    return found


def running(kubectl: Kubectl, namespace: str) -> dict[str, Counter[str]]:
    """Return what the components' pods run, by Deployment; pods that are going count too."""
    found = {}
    for component in ("backend", "frontend"):
        name = f"bookshop-{component}"
        selector = f"--selector=app.kubernetes.io/name={name}"
        pods = kubectl.items("pods", f"--namespace={namespace}", selector)
        found[name] = Counter(pod["spec"]["containers"][0]["image"] for pod in pods)
    return found


def response_seconds(kubectl: Kubectl, namespace: str, requests: int = 40) -> list[float]:
    """Return how long requests took that a customer inside the cluster sent one by one."""
    where = ("exec", f"--namespace={namespace}", "deployment/bookshop-loadgen")
    answer = kubectl.run(*where, "--", "python3", "-c", _REQUESTS, str(requests))
    seconds: list[float] = json.loads(answer)
    return seconds


def metric(kubectl: Kubectl, namespace: str, query: str) -> float | None:
    """Return what Prometheus answers to a query with a single series; None for no number."""
    service = f"/api/v1/namespaces/{namespace}/services/bookshop-prometheus:9090/proxy"
    path = f"{service}/api/v1/query?{urllib.parse.urlencode({'query': query})}"
    series = kubectl.raw(path)["data"]["result"]
    value = float(series[0]["value"][1]) if series else float("nan")
    return None if value != value else value  # noqa: PLR0124 - NaN is not itself
