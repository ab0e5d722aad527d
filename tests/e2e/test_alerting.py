"""A rollback pages: operator -> Prometheus with our rules -> Alertmanager -> a receiver."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tools.lab import coordinator
from tools.lab.kubectl import Body
from tools.lab.lab import Lab

SHOP = "alerting"
LIMIT = 400
ARRIVES = 120.0
"""Seconds from the rollback to the page: a scrape, an evaluation and a group wait are a few."""
RULES = Path(__file__).resolve().parents[2] / "manifests" / "alerts.yaml"
RECEIVER = "alert-receiver"
PRINTS = """
from http.server import BaseHTTPRequestHandler, HTTPServer

class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass  # only what was sent stands in the log

HTTPServer(("", 8080), Receiver).serve_forever()
"""
"""What on-call's phone is: it prints what it is sent, one JSON document on each line."""

pytestmark = pytest.mark.e2e


def receiver() -> Iterator[Body]:
    """Yield the receiver and its Service."""
    labels = {"app.kubernetes.io/name": RECEIVER}
    container = {
        "name": "receiver",
        "image": "bookshop-tools:1",
        "command": ["python3", "-c", PRINTS],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"tcpSocket": {"port": "http"}, "periodSeconds": 1},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    yield {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": RECEIVER, "labels": labels},
        "spec": {
            "containers": [container],
            "securityContext": {
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "terminationGracePeriodSeconds": 1,
        },
    }
    port = {"name": "http", "port": 8080, "targetPort": "http"}
    yield {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": RECEIVER},
        "spec": {"selector": labels, "ports": [port]},
    }


def reconfigure(lab: Lab, name: str, file: str, change: Body, **more: str) -> None:
    """Change a file of a ConfigMap, add others, and start its Deployment anew."""
    body = lab.kubectl.get("configmap", name, f"--namespace={SHOP}")
    config = yaml.safe_load(body["data"][file])
    for key, value in change.items():
        config[key] = [*config[key], *value] if isinstance(value, list) else value
    data = {file: yaml.safe_dump(config), **more}
    patch = json.dumps({"data": data})
    lab.kubectl.run("patch", "configmap", name, f"--namespace={SHOP}", f"--patch={patch}")
    target = (f"deployment/{name}", f"--namespace={SHOP}")
    lab.kubectl.run("rollout", "restart", *target)
    lab.kubectl.run("rollout", "status", *target, "--timeout=120s")


@pytest.fixture(scope="module")
def shop(lab: Lab) -> Iterator[Lab]:
    lab.install_bookshop(SHOP)
    off = ("Staging", "StagingTests", "StagingConfig", "Rehearsal")
    gates = [{"name": name, "enforcement": "Off"} for name in off]
    lab.change_policy(SHOP, signOffs=[], gates=gates)
    for body in receiver():
        lab.kubectl.apply(body, SHOP)
    lab.kubectl.run(
        "wait", f"pod/{RECEIVER}", f"--namespace={SHOP}", "--for=condition=Ready", "--timeout=120s"
    )
    webhook = {"url": f"http://{RECEIVER}.{SHOP}.svc:8080/"}
    told = {
        "route": {
            "receiver": "nobody",
            "group_by": ["alertname"],
            "group_wait": "1s",
            "group_interval": "5s",
            "routes": [{"receiver": "on-call", "matchers": ['release="bookshop"']}],
        },
        "receivers": [{"name": "on-call", "webhook_configs": [webhook]}],
    }
    reconfigure(lab, "bookshop-alertmanager", "alertmanager.yml", told)
    operator = f"release-coordinator.{coordinator.NAMESPACE}.svc:8080"
    asked = {
        "rule_files": ["/etc/bookshop/releases.yml"],
        "scrape_configs": [
            {
                "job_name": "release-coordinator",
                "honor_labels": True,
                "static_configs": [{"targets": [operator]}],
            }
        ],
    }
    rules = {"releases.yml": RULES.read_text(encoding="utf-8")}
    reconfigure(lab, "bookshop-prometheus", "prometheus.yml", asked, **rules)
    lab.wait_measured(SHOP)
    yield lab
    lab.remove_bookshop(SHOP)


def pages(lab: Lab) -> list[Body]:
    """The alerts that have arrived, oldest first."""
    lines = lab.kubectl.run("logs", RECEIVER, f"--namespace={SHOP}").splitlines()
    return [alert for line in lines if line for alert in json.loads(line)["alerts"]]


def paged(lab: Lab, status: str) -> Body:
    """The first page about the rollback that says this, as soon as it is there."""
    until = time.monotonic() + ARRIVES
    while True:
        found = pages(lab)
        for alert in found:
            if (alert["labels"]["alertname"], alert["status"]) == ("ReleaseRolledBack", status):
                return alert
        assert time.monotonic() < until, f"only {found} have arrived"
        time.sleep(1)


def test_a_rollback_pages_and_the_next_attempt_ends_the_alert(shop: Lab) -> None:
    shop.apply_release(SHOP, "1.3.0", {"watch": {"duration": "10m"}})
    shop.wait_phase(SHOP, {"Watching"}, LIMIT)
    assert pages(shop) == [], "a release that goes well pages nobody"

    shop.annotate(SHOP, rollback="1")
    body = shop.wait_phase(SHOP, {"RolledBack", "RollbackFailed", "Held"}, LIMIT)
    assert body["status"]["phase"] == "RolledBack", body["status"]["message"]
    alert = paged(shop, "firing")

    assert alert["labels"]["namespace"] == SHOP, "the release's, not the operator's"
    assert alert["labels"]["release"] == "bookshop"
    assert alert["labels"]["severity"] == "critical"
    assert f"{SHOP}/bookshop was rolled back" in alert["annotations"]["summary"]
    assert alert["annotations"]["runbook_url"].endswith("#releaserolledback")

    shop.crash_operator()
    time.sleep(15)  # several scrapes: a new process knows how the release has ended
    assert [one for one in pages(shop) if one["status"] == "resolved"] == []

    shop.annotate(SHOP, retry="1")
    paged(shop, "resolved")
    shop.annotate(SHOP, abort="2")
    shop.wait_phase(SHOP, {"Failed", "RolledBack"}, LIMIT)
