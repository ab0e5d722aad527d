"""For each gate that is shut: the exact command or text that would satisfy it. Pure.

Used by `cli.explanation`. What is wrong is in the gate's message; here is what to do about it.
Gates about what a Release names are in `cli.evidence_remedies`, those about staging and the
cluster in `cli.place_remedies`.
"""

import re
from collections.abc import Callable, Mapping

from release_coordinator.api.attempt import Gate, GateState
from release_coordinator.api.checklist import UNWAIVABLE, Enforcement, GateName
from release_coordinator.api.release import ReleaseType
from release_coordinator.engine.gates.sign_off import PREFIX
from release_coordinator.engine.versions import derive_type

from . import evidence_remedies, place_remedies
from .scene import Remedy, Scene


def remedies_of(gate: Gate, scene: Scene) -> list[Remedy]:
    """What would open a gate, most obvious first; empty if it is open."""
    if gate.opens and gate.state is GateState.PASSED:
        return []
    if gate.name.startswith(PREFIX):
        return _sign_off(gate, scene, gate.name.removeprefix(PREFIX))
    try:
        name = GateName(gate.name)
    except ValueError:  # of a newer operator
        return []
    found = REMEDIES[name](gate, scene)
    if name not in UNWAIVABLE and gate.enforcement is Enforcement.REQUIRED and not gate.waiver:
        found = [*found, scene.waive(name)]
    return found


def _sign_off(gate: Gate, scene: Scene, role: str) -> list[Remedy]:
    if gate.state is GateState.UNKNOWN:
        look = "kubectl get validatingadmissionpolicies,validatingadmissionpolicybindings"
        return [
            Remedy("see what the cluster has", look),
            Remedy(
                "install the chart's admission objects again",
                "helm upgrade release-coordinator <chart> --reuse-values",
            ),
        ]
    grant = f"release-coordinator-sign-off-{role}"
    rights = scene.kubectl(f"create rolebinding {grant} --clusterrole={grant} --user=<user>")
    comment = '--comment "why"'
    if gate.state is GateState.FAILED:
        who, rejected, _ = gate.message.partition(" rejected the plan")
        who = who if rejected else "who rejected it"
        return [
            Remedy("look at the plan", scene.own("plan")),
            Remedy(f"{who} takes it back", scene.own(f"revoke --role {role} {comment}")),
            Remedy(f"or {who} signs after all", scene.own(f"approve --role {role} {comment}")),
            scene.edit("or change the spec: the plan that comes of it is signed off anew"),
        ]
    return [
        Remedy("look at the plan", scene.own("plan")),
        Remedy("sign it off", scene.own(f"approve --role {role} {comment}")),
        Remedy("or stop it", scene.own(f"reject --role {role} {comment}")),
        Remedy("or give somebody else the right to sign", rights),
    ]


def _policy(_gate: Gate, scene: Scene) -> list[Remedy]:
    name = scene.policy or "default"
    return [Remedy("correct it", scene.kubectl(f"edit releasepolicy {name}"))]


def _version(_gate: Gate, scene: Scene) -> list[Remedy]:
    previous, version = scene.attempt.previous_version, scene.spec.version
    derived = derive_type(previous, version)
    declared = scene.spec.type
    if derived is ReleaseType.ROLLBACK:
        part = {"type": str(ReleaseType.ROLLBACK)}
        return [
            scene.spec_part("declare that you mean to go back", part),
            scene.edit("or raise spec.version"),
        ]
    if declared is not None and derived is not None and declared is not derived:
        part = {"type": str(derived)}
        return [scene.spec_part("declare the type that the numbers tell", part)]
    return [scene.edit("correct spec.version")]


def _rollback_target(gate: Gate, scene: Scene) -> list[Remedy]:
    """The fields that the message names; else what is wrong with what runs."""
    kinds = sorted({component.target.kind.lower() for component in scene.spec.components})
    found = [Remedy("see what runs", scene.kubectl(f"get {','.join(kinds)} -o wide"))]
    fields = re.findall(r"spec\.components\[\d+\]\.\w+", gate.message)
    if fields:
        found.append(scene.edit(f"correct {', '.join(dict.fromkeys(fields))}"))
    targets = [component.target for component in scene.spec.components]
    ill = [one for one in targets if f"{one} is not healthy" in gate.message]
    if not fields:
        ill = ill or targets
    if ill:
        text = scene.kubectl(
            f"describe {' '.join(f'{one.kind.lower()}/{one.name}' for one in ill)}"
        )
        found.append(Remedy("see why it is not healthy", text))
    return found


REMEDIES: Mapping[GateName, Callable[[Gate, Scene], list[Remedy]]] = {
    GateName.POLICY: _policy,
    GateName.VERSION: _version,
    GateName.VERSION_CONSISTENCY: evidence_remedies.version_consistency,
    GateName.CHANGELOG: evidence_remedies.changelog,
    GateName.RELEASE_NOTES: evidence_remedies.release_notes,
    GateName.MIGRATION_GUIDE: evidence_remedies.migration_guide,
    GateName.CI: evidence_remedies.ci,
    GateName.STAGING: place_remedies.staging,
    GateName.STAGING_TESTS: place_remedies.staging_tests,
    GateName.STAGING_CONFIG: place_remedies.staging_config,
    GateName.REHEARSAL: place_remedies.rehearsal,
    GateName.ALERTS: evidence_remedies.alerts,
    GateName.CREDENTIALS: evidence_remedies.credentials,
    GateName.MIGRATIONS: evidence_remedies.migrations,
    GateName.WINDOW: place_remedies.window,
    GateName.INFRASTRUCTURE: place_remedies.infrastructure,
    GateName.ROLLBACK_TARGET: _rollback_target,
}
"""What would open each gate; one entry for every name."""
