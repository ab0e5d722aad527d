"""The status page of the chart: off by default, with rights of its own, behind the proxy."""

from pathlib import Path
from typing import Any

import pytest
from tests import goldens
from tests.unit.chart.test_chart import RBAC_KINDS, Object, bindings, rendered, rights
from tools import helm

from release_coordinator.statuspage.mirror import KINDS
from release_coordinator.statuspage.settings import page_settings

GOLDEN = Path(__file__).parent / "golden"
ON = "statusPage.enabled=true"
PUBLIC = "statusPage.public.namespaces={shop}"
NAMED = "namespaces={shop,billing}"


def added(*settings: str) -> list[Object]:
    """What the page adds to the chart."""
    before = rendered(*(one for one in settings if not one.startswith("statusPage.")))
    return [one for one in rendered(*settings) if one not in before]


def one(kind: str, *settings: str) -> Any:
    (found,) = [object_ for object_ in added(*settings) if object_["kind"] == kind]
    return found


def test_without_a_word_there_is_none() -> None:
    names = [object_["metadata"]["name"] for object_ in rendered()]

    assert not any("status-page" in name for name in names)


@pytest.mark.parametrize(
    ("golden", "settings"),
    [("status-page.txt", (ON,)), ("status-page-namespaces.txt", (ON, NAMED))],
)
def test_its_rights_are_exactly_those_that_were_agreed(
    golden: str, settings: tuple[str, ...]
) -> None:
    objects = [one for one in added(*settings) if one["kind"] in RBAC_KINDS]

    lines = [*sorted(rights(objects)), "", *sorted(bindings(objects))]

    goldens.check(GOLDEN / golden, "\n".join(lines) + "\n")


def test_it_may_read_what_it_reads_and_nothing_else() -> None:
    (rule,) = one("ClusterRole", ON)["rules"]

    assert set(rule["resources"]) == {kind.plural for kind in KINDS}
    assert set(rule["verbs"]) == {"get", "list", "watch"}


def test_the_operator_neither_lends_it_an_account_nor_is_selected_with_it() -> None:
    account = one("ServiceAccount", ON)["metadata"]["name"]
    page = one("Deployment", ON)["spec"]
    (operator,) = [o for o in rendered() if o["kind"] == "Deployment"]

    assert page["template"]["spec"]["serviceAccountName"] == account
    assert account != operator["spec"]["template"]["spec"]["serviceAccountName"]
    selector = operator["spec"]["selector"]["matchLabels"].items()
    assert not selector <= page["template"]["metadata"]["labels"].items()


def test_nobody_reaches_it_until_the_proxy_is_named() -> None:
    assert one("NetworkPolicy", ON)["spec"]["ingress"] == []
    proxy = "statusPage.from[0].podSelector.matchLabels.app=proxy"

    (rule,) = one("NetworkPolicy", ON, proxy)["spec"]["ingress"]

    assert rule["ports"] == [{"port": "http", "protocol": "TCP"}]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"app": "proxy"}}}]


def test_the_public_summary_has_a_service_and_a_port_of_its_own() -> None:
    services = [o for o in added(ON, PUBLIC) if o["kind"] == "Service"]

    targets = {o["metadata"]["name"]: o["spec"]["ports"][0]["targetPort"] for o in services}
    assert targets == {
        "release-coordinator-status-page": "http",
        "release-coordinator-status-page-public": "public",
    }
    (rule,) = one("NetworkPolicy", ON, PUBLIC)["spec"]["ingress"]
    assert rule == {"ports": [{"port": "public", "protocol": "TCP"}]}, "and never the team's port"


def test_the_page_understands_what_the_chart_says() -> None:
    settings = (ON, PUBLIC, NAMED, "statusPage.userHeader=X-User", "statusPage.public.title=Ours")
    (container,) = one("Deployment", *settings)["spec"]["template"]["spec"]["containers"]
    read = page_settings({one["name"]: one["value"] for one in container["env"]})

    assert read.namespaces == ("shop", "billing")
    assert read.public_namespaces == ("shop",)
    assert (read.public_title, read.user_header) == ("Ours", "X-User")
    assert (read.http_port, read.public_port) == (8080, 8081)


def test_its_pod_is_as_confined_as_the_operators() -> None:
    (operator,) = [o for o in rendered() if o["kind"] == "Deployment"]
    page = one("Deployment", ON)

    def pod(found: Object) -> Any:
        spec = found["spec"]["template"]["spec"]
        return spec["securityContext"], spec["containers"][0]["securityContext"]

    assert pod(page) == pod(operator)


def test_names_stay_within_what_a_service_can_be_called() -> None:
    text = helm.run("template", "r" * 53, helm.CHART, f"--set={ON}", f"--set={PUBLIC}")
    names = [line.split(": ")[1] for line in text.splitlines() if line.startswith("  name: ")]
    pages = [name for name in names if "status-page" in name]

    assert pages
    assert all(len(name) <= 63 for name in pages)
