"""The chart: what it gives the operator, what it refuses, and that it never gives more."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests import goldens
from tools import chart, generate, helm
from tools.cluster.shell import CommandError

from release_coordinator.api.checklist import UNWAIVABLE, GateName
from release_coordinator.render import admission, logpolicy

GOLDEN = Path(__file__).parent / "golden"
Object = dict[str, Any]
RBAC_KINDS = {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"}
OPTIONAL = {
    "replicas": "2",
    "networkPolicy.enabled": "true",
    "prometheusRule.enabled": "true",
    "serviceMonitor.enabled": "true",
}


@cache
def rendered(*settings: str) -> list[Object]:
    values = dict(setting.split("=", 1) for setting in settings)
    return [one for one in yaml.safe_load_all(helm.template(values)) if one]


def only(kind: str, *settings: str) -> Object:
    (found,) = [one for one in rendered(*settings) if one["kind"] == kind]
    return found


def pod(*settings: str) -> Object:
    spec: Object = only("Deployment", *settings)["spec"]["template"]["spec"]
    return spec


def rights(objects: list[Object]) -> list[str]:
    """Return one line per right, so that a wider one is a new line in the difference."""
    return [
        f"{one['kind']} {one['metadata'].get('namespace', '*')}/{one['metadata']['name']}: "
        f"{verb} {resource}.{group or 'core'}"
        + "".join(f" only {name}" for name in rule.get("resourceNames", []))
        for one in objects
        for rule in one.get("rules", [])
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    ]


def bindings(objects: list[Object]) -> list[str]:
    return [
        f"{one['kind']} {one['metadata'].get('namespace', '*')}: {one['roleRef']['kind']} "
        f"{one['roleRef']['name']} to {subject['kind']} {subject['namespace']}/{subject['name']}"
        for one in objects
        for subject in one.get("subjects", [])
    ]


def test_helm_has_nothing_to_complain_about() -> None:
    helm.lint()


@pytest.mark.parametrize(
    ("golden", "settings"),
    [("cluster.txt", ()), ("namespaces.txt", ("namespaces={shop,billing}",))],
)
def test_rights_are_exactly_those_that_were_agreed(golden: str, settings: tuple[str, ...]) -> None:
    objects = [one for one in rendered(*settings) if one["kind"] in RBAC_KINDS]

    lines = [*sorted(rights(objects)), "", *sorted(bindings(objects))]

    goldens.check(GOLDEN / golden, "\n".join(lines) + "\n")


def test_no_right_is_a_wildcard_or_reaches_a_secret() -> None:
    for settings in chart.VARIANTS:
        objects = rendered(*(f"{key}={value}" for key, value in settings.items()))
        for line in rights([one for one in objects if one["kind"] in RBAC_KINDS]):
            assert ": *" not in line, line
            assert "secrets" not in line, line
            assert " *" not in line.partition(": ")[2], line


@pytest.mark.parametrize("part", ["metricSources", "channels"])
@pytest.mark.parametrize("namespaces", [(), ("namespaces={shop}",)])
def test_secrets_of_metric_sources_and_channels_are_read_by_name_in_the_operators_own_namespace(
    namespaces: tuple[str, ...], part: str
) -> None:
    named = (f"{part}.secrets={{token,ca}}",)
    plain = rights([one for one in rendered(*namespaces) if one["kind"] in RBAC_KINDS])
    full = rights([one for one in rendered(*namespaces, *named) if one["kind"] in RBAC_KINDS])

    kebab = {"metricSources": "metric-sources", "channels": "channels"}[part]
    role = f"Role {only('Deployment')['metadata']['namespace']}/release-coordinator-{kebab}"
    assert set(full) - set(plain) == {f"{role}: get secrets.core only token only ca"}


@pytest.mark.parametrize("namespaces", [(), ("namespaces={shop}",)])
def test_logs_are_read_unless_the_platform_team_switches_it_off(
    namespaces: tuple[str, ...],
) -> None:
    off = ("logs.enabled=false",)
    plain = rights([one for one in rendered(*namespaces) if one["kind"] in RBAC_KINDS])
    fewer = rights([one for one in rendered(*namespaces, *off) if one["kind"] in RBAC_KINDS])

    place = "Role shop" if namespaces else "ClusterRole *"
    assert set(plain) - set(fewer) == {f"{place}/release-coordinator: get pods/log.core"}
    for settings, said in ((namespaces, "true"), ((*namespaces, *off), "false")):
        variables = pod(*settings)["containers"][0]["env"]
        assert {"name": "RELEASE_COORDINATOR_READ_LOGS", "value": said} in variables


@pytest.mark.parametrize("namespaces", [(), ("namespaces={shop}",)])
def test_what_ci_writes_may_be_read_where_releases_are_and_no_more(
    namespaces: tuple[str, ...],
) -> None:
    tekton = (
        "gates.readResources[0].apiGroups={tekton.dev}",
        "gates.readResources[0].resources={pipelineruns}",
    )
    plain = rights([one for one in rendered(*namespaces) if one["kind"] in RBAC_KINDS])
    full = rights([one for one in rendered(*namespaces, *tekton) if one["kind"] in RBAC_KINDS])

    place = "Role shop" if namespaces else "ClusterRole *"
    assert set(full) - set(plain) == {f"{place}/release-coordinator: get pipelineruns.tekton.dev"}


@pytest.mark.parametrize(
    ("groups", "resources"),
    [
        ("{*}", "{pipelineruns}"),
        ("{tekton.dev}", "{*}"),
        ("{}", "{secrets}"),
        ("{tekton.dev}", "{pipelineruns,secrets}"),
        ("{tekton.dev}", "{pipelineruns/status}"),
        ("{tekton.dev}", "{}"),
        ("tekton.dev", "{pipelineruns}"),
    ],
)
def test_neither_secrets_nor_everything_may_be_read_as_evidence(
    groups: str, resources: str
) -> None:
    values = {
        "gates.readResources[0].apiGroups": groups,
        "gates.readResources[0].resources": resources,
    }

    with pytest.raises(CommandError, match="values don't meet the specifications"):
        helm.template(values)


def test_users_cannot_write_what_the_operator_says_happened() -> None:
    users = [one for one in rendered() if one["metadata"]["name"].endswith(("-view", "-edit"))]
    words = [line.split(": ")[1].split() for line in rights(users)]
    written = {resource for verb, resource in words if verb not in {"get", "list", "watch"}}

    assert len(users) == 2
    assert written == {f"{kind}.release-coordinator.io" for kind in ("releases", "incidents")}


def test_no_role_for_users_lets_anybody_sign_or_decide_what_is_required() -> None:
    users = [one for one in rendered() if one["metadata"]["name"].endswith(("-view", "-edit"))]
    lines = "\n".join(rights(users))

    for word in ("approvals", "releasepolicies"):
        verbs = re.findall(rf": (\w+) {word}\.", lines)
        assert sorted(verbs) == ["get", "list", "watch"]
    assert "approve" not in lines.replace("approvals", "")
    assert "waive" not in lines


def test_each_role_signs_for_itself_and_is_aggregated_into_nothing() -> None:
    roles = [one for one in rendered() if "-sign-off-" in one["metadata"]["name"]]

    assert [one["metadata"]["name"].rpartition("-sign-off-")[2] for one in roles] == [
        "qa",
        "security",
        "product-owner",
        "data-loss",
    ]
    for one in roles:
        role = one["metadata"]["name"].rpartition("-sign-off-")[2]
        signs = [line for line in rights([one]) if ": approve " in line]
        assert [line.partition(": ")[2] for line in signs] == [
            f"approve releases/{role}.release-coordinator.io"
        ]
        assert not any(label.startswith("rbac.") for label in one["metadata"]["labels"])


def test_every_gate_that_can_be_waived_has_its_right() -> None:
    (role,) = [one for one in rendered() if one["metadata"]["name"].endswith("-waive")]
    waived = {resource for rule in role["rules"] for resource in rule["resources"]}

    assert {name for name in waived if "/" in name} == {
        f"releases/{gate.lower()}" for gate in GateName if gate not in UNWAIVABLE
    }


def test_the_policies_are_those_that_the_operator_expects() -> None:
    kinds = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")

    found = [one for one in rendered() if one["kind"] in kinds]

    wanted = [*admission.policies(), *logpolicy.policies()]
    assert len(found) == len(wanted)
    assert all(one in found for one in wanted)


def test_the_stamp_is_for_api_servers_that_know_it() -> None:
    known = list(yaml.safe_load_all(helm.template(apis=(generate.STAMP,))))

    assert [one for one in rendered() if one["kind"].startswith("Mutating")] == []
    assert [one["spec"] for one in known if one and one["kind"].startswith("Mutating")] == [
        one["spec"] for one in admission.stamp()
    ]


def test_a_second_installation_leaves_the_policies_to_the_first() -> None:
    assert not [one for one in rendered("admission.enabled=false") if "Admission" in one["kind"]]


def test_the_pod_meets_the_restricted_profile() -> None:
    spec = pod()
    (container,) = spec["containers"]

    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert [set(volume) for volume in spec["volumes"]] == [{"name", "emptyDir"}]
    assert not {"hostNetwork", "hostPID", "hostIPC", "initContainers"} & set(spec)
    assert container["resources"]["limits"]["memory"]


def test_only_the_operators_pod_gets_a_token() -> None:
    assert only("ServiceAccount")["automountServiceAccountToken"] is False
    assert pod()["automountServiceAccountToken"] is True


def test_probes_ask_the_port_that_the_operator_listens_on() -> None:
    (container,) = pod()["containers"]
    environment = {entry["name"]: entry.get("value") for entry in container["env"]}
    ports = {port["name"]: str(port["containerPort"]) for port in container["ports"]}

    assert ports == {"http": environment["RELEASE_COORDINATOR_HTTP_PORT"]}
    assert container["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": "http"}
    assert container["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": "http"}


def test_an_upgrade_leaves_no_gap() -> None:
    strategy = only("Deployment")["spec"]["strategy"]

    assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


def test_a_single_pod_does_not_block_the_drain_of_its_node() -> None:
    assert "PodDisruptionBudget" not in {one["kind"] for one in rendered()}
    assert only("PodDisruptionBudget", "replicas=2")["spec"]["maxUnavailable"] == 1


def test_optional_parts_are_off_until_asked_for() -> None:
    plain = {one["kind"] for one in rendered()}
    full = {one["kind"] for one in rendered(*(f"{key}={value}" for key, value in OPTIONAL.items()))}

    assert full - plain == {
        "NetworkPolicy",
        "PodDisruptionBudget",
        "PrometheusRule",
        "ServiceMonitor",
    }


def test_every_alert_says_what_happened_and_what_to_do() -> None:
    groups = only("PrometheusRule", "prometheusRule.enabled=true")["spec"]["groups"]
    alerts = {rule["alert"]: rule for group in groups for rule in group["rules"]}

    assert set(alerts) == {
        "ReleaseRolledBack",
        "ReleaseRollbackFailed",
        "ReleaseHeld",
        "ReleaseStuck",
        "ReleaseDrifted",
        "ReleaseWaitsForSignOff",
        "ReleaseTargetMissed",
        "ReleaseTargetMissedOverall",
        "ReleaseCoordinatorNotificationsFailing",
        "ReleaseCoordinatorDown",
        "ReleaseCoordinatorStuck",
        "ReleaseCoordinatorSignOffsNotGuarded",
        "ReleaseCoordinatorMetricSourceDown",
    }
    for rule in alerts.values():
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}
        assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}


@pytest.mark.parametrize(
    "setting",
    [
        "replicas=-1",
        "replicas=many",
        "replica=1",
        "workers=0",
        "resyncSeconds=1",
        "admission.proofSeconds=1",
        "metricSources.secrets={*}",
        "metricSources.secrets=all",
        "signOffRoles={QA}",
        "signOffRoles={qa,qa}",
        "log.level=loud",
        "log.format=xml",
        "namespaces={Shop}",
        "namespaces={shop,shop}",
        "namespaces={*}",
        "image.digest=latest",
        "image.repository=",
        "image.pullPolicy=Sometimes",
        "prometheusRule.heldFor=soon",
        "networkPolicy.enabled=perhaps",
    ],
)
def test_nonsense_is_refused_before_it_reaches_the_cluster(setting: str) -> None:
    key, _, value = setting.partition("=")

    with pytest.raises(CommandError, match="values don't meet the specifications"):
        helm.template({key: value})


def test_a_digest_wins_over_the_tag() -> None:
    digest = f"sha256:{'a' * 64}"
    (container,) = pod(f"image.digest={digest}", "image.tag=1.2.3")["containers"]

    assert container["image"] == f"release-coordinator/operator@{digest}"


def test_chart_and_package_have_one_version() -> None:
    project = tomllib.loads((helm.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    chart_file = yaml.safe_load((helm.CHART / "Chart.yaml").read_text(encoding="utf-8"))

    assert chart_file["version"] == chart_file["appVersion"] == project["version"]
