"""Remedies for gates that judge a place: staging, the calendar and the cluster. Pure."""

from typing import Any

from release_coordinator.api.attempt import Gate, GateState
from release_coordinator.api.checklist import Enforcement, GateName
from release_coordinator.api.policy import DEFAULT_POLICY
from release_coordinator.api.release import ReleaseType
from release_coordinator.engine import policy
from release_coordinator.engine.gates.window import NONE_OPENS

from .scene import Remedy, Scene

_WINDOW = {
    "name": "workdays",
    "start": "2026-01-05T09:00",
    "duration": "8h",
    "timeZone": "Europe/Berlin",
    "recurrence": "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH",
}

_OF_STAGING = (
    GateName.STAGING,
    GateName.STAGING_TESTS,
    GateName.STAGING_CONFIG,
    GateName.REHEARSAL,
)


def staging(_gate: Gate, scene: Scene) -> list[Remedy]:
    """Deploy the same artifacts there, or say where staging is."""
    place = scene.staging
    if place is None:
        return _name_staging(scene)
    namespace, name = place
    return [
        Remedy(
            f"deploy the same version, images and migrations there{_its_cluster(scene)}",
            scene.kubectl("apply -f <its Release>", namespace),
        ),
        Remedy("follow it", f"kubectl release status {name} -n {namespace} --watch"),
        Remedy("see what is in its way", f"kubectl release explain {name} -n {namespace}"),
        *_export(scene),
    ]


def staging_tests(gate: Gate, scene: Scene) -> list[Remedy]:
    """Tests of every suite that is required, in the staging Release."""
    place = scene.staging
    if place is None:
        return _name_staging(scene)
    suites = policy.of_attempt(scene.requirements, scene.attempt).suites
    tests = [
        {"name": suite, "suite": suite, "job": {"image": "<image of the tests>"}}
        for suite in suites
        if not any(test.suite == suite for test in scene.spec.verify.smoke_tests)
    ]
    found = staging(gate, scene)
    if tests:
        part = {"verify": {"smokeTests": tests}}
        what = f"declare tests of every suite in Release {'/'.join(place)}"
        found.insert(0, scene.spec_part(what, part))
    return found


def staging_config(_gate: Gate, scene: Scene) -> list[Remedy]:
    """Make both places agree, or allow the difference."""
    place = scene.staging
    if place is None:
        return _name_staging(scene)
    declared = scene.requirements.staging
    known = list(declared.differences) if declared else []
    allowed: dict[str, Any] = {"differences": [*known, "<component>/env/<NAME>"]}
    if declared and not declared.elsewhere:  # else it would read as if no keys were to be named
        allowed = {"namespace": place[0], **allowed}
    where = _its_cluster(scene)
    return [
        Remedy(
            f"make them agree: staging{where}", scene.kubectl("get deployments -o yaml", place[0])
        ),
        Remedy("and here", scene.kubectl("get deployments -o yaml")),
        scene.policy_part("or allow what may differ", {"staging": allowed}),
        *_export(scene),
    ]


def rehearsal(_gate: Gate, scene: Scene) -> list[Remedy]:
    """Let staging go forward, back, and forward again."""
    place = scene.staging
    if place is None:
        return _name_staging(scene)
    namespace, name = place
    look = f"kubectl release status {name} -n {namespace} --watch"
    return [
        Remedy(
            f"deploy it there{_its_cluster(scene)}, with spec.rehearsal: true in its Release",
            scene.kubectl("apply -f <its Release>", namespace),
        ),
        Remedy("it goes forward, back, and forward again by itself", look),
        *_export(scene),
    ]


def _its_cluster(scene: Scene) -> str:
    """Said of what must not be typed where production is."""
    staging = scene.requirements.staging
    return ", in its cluster" if staging and staging.elsewhere else ""


def _export(scene: Scene) -> list[Remedy]:
    """How what was proved gets here, where staging is in another cluster."""
    staging = scene.requirements.staging
    if staging is None or not staging.elsewhere:
        return []
    release, here = staging.release or scene.release.name, scene.release.name
    whom = "" if release == here else f" --for {here}"
    version = scene.spec.version
    return [
        Remedy(
            "then sign what it has proved, in the cluster of staging",
            f"kubectl release export {release} -n {staging.namespace} --version {version}{whom} "
            "--key <private key> > export.yaml",
        ),
        Remedy("and bring it here", scene.kubectl("apply -f export.yaml")),
    ]


def _name_staging(scene: Scene) -> list[Remedy]:
    part = {"staging": {"namespace": "<namespace of staging>"}}
    off = [{"name": str(name), "enforcement": str(Enforcement.OFF)} for name in _OF_STAGING]
    return [
        scene.policy_part("say where staging is", part),
        scene.policy_part("or, without a staging, ask for none of this", {"gates": off}),
    ]


def window(gate: Gate, scene: Scene) -> list[Remedy]:
    """Wait, or change what it waits for."""
    found = []
    if gate.next_check is not None:
        text = scene.own("status --watch")
        found.append(Remedy(f"wait until {gate.next_check:%Y-%m-%d %H:%M} UTC", text))
    if scene.spec.schedule.not_before is not None:
        found.append(scene.edit("change spec.schedule.notBefore"))
    if gate.state is GateState.FAILED and NONE_OPENS not in gate.message:
        name = scene.policy or DEFAULT_POLICY
        what = f"correct the field that the message names in ReleasePolicy {name}"
        found.append(Remedy(what, scene.kubectl(f"edit releasepolicy {name}")))
    elif gate.state is GateState.FAILED:
        found.append(scene.policy_part("declare a window that comes", {"windows": [_WINDOW]}))
    if scene.spec.type is None and scene.attempt.type is ReleaseType.PATCH:
        part = {"type": str(ReleaseType.HOTFIX)}
        found.append(scene.spec_part("if it cannot wait, declare a hotfix", part))
    return found


def infrastructure(_gate: Gate, scene: Scene) -> list[Remedy]:
    """Where to look."""
    return [
        Remedy("see the nodes", "kubectl get nodes"),
        Remedy("see what is left of the quotas", scene.kubectl("describe resourcequotas")),
    ]
