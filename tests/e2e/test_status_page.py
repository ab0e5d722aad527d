"""The status page as the chart runs it: a pod of its own behind a proxy that asks who one is."""

from collections.abc import Iterator
from pathlib import Path
from subprocess import run

import pytest
from manifests.bookshop import build
from tools import helm
from tools.cluster import images
from tools.lab.kubectl import Body
from tools.lab.lab import Lab

SHOP = "paged"
PROXY = "auth-proxy"
IMAGE = "release-coordinator-test-proxy:1"
PAGE = f"{helm.NAME}-status-page"
ACCOUNT = f"system:serviceaccount:{helm.NAME}:{PAGE}"
PEOPLE = "rita:{PLAIN}reads-only\n"
"""Who may look, in the form that nginx reads."""
INSTALLED = {
    "statusPage.enabled": "true",
    "statusPage.userHeader": "X-Forwarded-User",
    "statusPage.public.namespaces": f"{{{SHOP}}}",
    "statusPage.from[0].podSelector.matchLabels.app": PROXY,
}

pytestmark = pytest.mark.e2e


def proxy() -> Iterator[Body]:
    """Yield the proxy and what it reads."""
    config = (Path(__file__).parent / "proxy" / "nginx.conf").read_text(encoding="utf-8")
    yield {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": PROXY},
        "data": {"nginx.conf": config, "people": PEOPLE},
    }
    container = {
        "name": "nginx",
        "image": IMAGE,
        "command": ["/usr/sbin/nginx", "-c", "/etc/proxy/nginx.conf", "-g", "daemon off;"],
        "ports": [{"name": "http", "containerPort": 8080}],
        "readinessProbe": {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 1},
        "volumeMounts": [{"name": "config", "mountPath": "/etc/proxy"}],
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    yield {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": PROXY, "labels": {"app": PROXY}},
        "spec": {
            "containers": [container],
            "securityContext": {
                "runAsNonRoot": True,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "volumes": [{"name": "config", "configMap": {"name": PROXY}}],
            "terminationGracePeriodSeconds": 1,
        },
    }


@pytest.fixture(scope="module")
def page(lab: Lab) -> Iterator[Lab]:
    """The page beside the operator, and a proxy in front of it."""
    services = build.HERE / "services"
    images.build(IMAGE, services, build_args={"PACKAGE": "nginx-light"})
    lab.cluster.load([IMAGE])
    lab.kubectl.run("create", "namespace", SHOP)
    lab.install_operator(INSTALLED)
    for body in proxy():
        lab.kubectl.apply(body, helm.NAME)
    here = f"--namespace={helm.NAME}"
    lab.kubectl.run("wait", f"pod/{PROXY}", here, "--for=condition=Ready", "--timeout=120s")
    yield lab
    lab.kubectl.run("delete", f"pod/{PROXY}", f"configmap/{PROXY}", here)
    lab.install_operator()
    lab.remove_bookshop(SHOP)


def asked(lab: Lab, url: str, *options: str) -> tuple[int, str]:
    """Ask from within the cluster; return status and page."""
    curl = ("curl", "--silent", "--show-error", "--write-out", "\n%{http_code}", *options, url)
    text = lab.kubectl.run("exec", PROXY, f"--namespace={helm.NAME}", "--", *curl)
    body, _, status = text.rpartition("\n")
    return int(status), body


def test_who_has_signed_in_sees_the_release_and_who_has_not_sees_nothing(page: Lab) -> None:
    page.apply_release(SHOP, "1.3.0")
    page.wait_phase(SHOP, {"Gating"}, 60)
    signed_in = ("--user", "rita:reads-only")
    team = f"http://localhost:8080/releasing/releases/{SHOP}/bookshop"

    assert asked(page, team)[0] == 401
    assert asked(page, team, "--user", "rita:guessed")[0] == 401

    status, html = asked(page, team, *signed_in, "--header", "X-Forwarded-User: eve")
    assert status == 200
    assert "Signed in as <b>rita</b>" in html, "not the name that she gave herself"
    assert "1.3.0" in html
    assert 'href="/' not in html, "links work below the path of the proxy"


def test_the_summary_for_everybody_has_a_door_of_its_own(page: Lab) -> None:
    status, html = asked(page, f"http://{PAGE}-public/")
    assert status == 200
    assert "1.3.0" in html

    assert asked(page, f"http://{PAGE}-public/releases/{SHOP}/bookshop")[0] == 404


def test_the_pod_has_what_it_needs_and_may_do_nothing_else(page: Lab) -> None:
    here = f"--namespace={helm.NAME}"
    (pod,) = page.kubectl.items("pods", here, f"--selector=app.kubernetes.io/name={PAGE}")
    (container,) = pod["status"]["containerStatuses"]
    assert container["ready"]
    assert container["restartCount"] == 0
    for asks in (
        ("list", "releases.release-coordinator.io"),
        ("list", "incidents.release-coordinator.io"),
    ):
        assert page.kubectl.succeeds("auth", "can-i", *asks, f"--as={ACCOUNT}", "-A"), asks
    for asks in (("get", "secrets"), ("list", "pods"), ("patch", "releases"), ("create", "jobs")):
        command = page.kubectl.command("auth", "can-i", *asks, f"--as={ACCOUNT}", "-A")
        assert run(command, capture_output=True, check=False).returncode == 1, asks
