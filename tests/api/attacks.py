"""What people try who want a release to pass without the sign-off, and who stops each of them.

Every row is carried out on the real API server by `test_approvals`, which writes the results into
docs/reference/sign-off-attacks.md. No operator runs meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.api.people import APPLY, GROUP, JSON, MERGE, Answer, Outcome, Person
from tests.api.scene import Scene
from tests.releases import Body

from release_coordinator.engine.names import ANNOTATION_CHANGED_BY, FINALIZER
from release_coordinator.render.admission import APPROVALS

ADMITTED, RIGHTS, POLICY = Outcome.ADMITTED, Outcome.RIGHTS, Outcome.POLICY
DEFINITION, NO_EFFECT, NOWHERE = Outcome.DEFINITION, Outcome.NO_EFFECT, Outcome.NOWHERE

WORDS: dict[str, dict[str, Any]] = {
    "Approved for qa": {"role": "qa", "decision": "Approved"},
    "Rejected for qa": {"role": "qa", "decision": "Rejected"},
    "Revoked for qa": {"role": "qa", "decision": "Revoked"},
    "Approved for security": {"role": "security", "decision": "Approved"},
    "Waived gate CI": {"gate": "CI", "decision": "Waived"},
    "Revoked waiver of CI": {"gate": "CI", "decision": "Revoked"},
}
SPEAKERS: dict[str, tuple[str, set[str]]] = {
    "vera": ("may sign for qa", {"qa"}),
    "sven": ("may sign for security", {"security"}),
    "wanda": ("may waive gates", {"CI"}),
    "root": ("administrator of the cluster", {"qa", "security", "CI"}),
    "rita": ("may sign for qa, but of another Release only", set()),
    "carl": ("may create Approvals, and has no verb", set()),
    "robot": ("ServiceAccount that is bound to the role for qa", set()),
    "operator": ("the operator's own ServiceAccount", set()),
    "ed": ("edit in the namespace", set()),
    "ada": ("admin of the namespace", set()),
    "victor": ("view in the namespace", set()),
    "petra": ("writes policies", set()),
}
MUTE = {"ed", "ada", "victor", "petra"}
"""Those who may not even create an Approval."""


def expected(who: str, word: str) -> Outcome:
    """Who stops somebody from saying something in his own name."""
    if who in MUTE:
        return RIGHTS
    about = WORDS[word].get("role") or WORDS[word]["gate"]
    return ADMITTED if about in SPEAKERS[who][1] else POLICY


@dataclass(frozen=True)
class Attack:
    """One thing to try."""

    text: str
    outcome: Outcome
    attempt: Callable[[Scene], Answer]


def _says(who: str, **how: Any) -> Callable[[Scene], Answer]:
    return lambda scene: scene.says(who, **how)


def _word(
    who: str, method: str, body: Body | None = None, content: str = MERGE, part: str = ""
) -> Any:
    """Somebody does something to the Approval that vera gave."""

    def attempt(scene: Scene) -> Answer:
        name = scene.word["metadata"]["name"]
        return scene[who].ask(method, scene.path("approvals", name) + part, body, content)

    return attempt


def _release(who: str, body: Body, part: str = "") -> Callable[[Scene], Answer]:
    """Somebody patches the Release; nothing is kept."""
    return lambda scene: scene[who].ask("PATCH", scene.own() + part, body, MERGE, dryRun="All")


def _any(who: str, method: str, path: str, body: Body | None = None) -> Callable[[Scene], Answer]:
    def attempt(scene: Scene) -> Answer:
        where = path.format(here=f"namespaces/{scene.namespace}")
        return scene[who].ask(method, where, body, JSON, dryRun="All")

    return attempt


def _replaced(who: str, **spec: Any) -> Callable[[Scene], Answer]:
    def attempt(scene: Scene) -> Answer:
        body = {**scene.word, "spec": {**scene.word["spec"], **spec}}
        return scene[who].ask("PUT", scene.path("approvals", body["metadata"]["name"]), body)

    return attempt


def _applied(scene: Scene) -> Answer:
    body = scene.approval("vera", by="sven")
    body["metadata"] = {"name": "applied"}
    path = scene.path("approvals", "applied")
    return scene["root"].ask("PATCH", path, body, APPLY, fieldManager="root", force="true")


def _acting(name: str, **spec: str) -> Callable[[Scene], Answer]:
    """Let ed, who has a certificate of his own, impersonate somebody and sign."""

    def attempt(scene: Scene) -> Answer:
        mask = scene["ed"].acting_as(scene[name].name)
        return mask.ask("POST", scene.path("approvals"), scene.approval(name, **spec))

    return attempt


def _with_token(scene: Scene) -> Answer:
    """Let ed make a token of the robot, and sign with it."""
    ask = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    path = scene.path("serviceaccounts", "robot", group="/api/v1") + "/token"
    token = scene["ed"].ask("POST", path, ask).body["status"]["token"]
    robot = Person.with_token(scene.door, scene["robot"].name, token)
    return robot.ask("POST", scene.path("approvals"), scene.approval("robot"))


def _dated(scene: Scene) -> Answer:
    body = scene.approval("vera")
    body["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z"
    return _unless(
        scene["vera"].ask("POST", scene.path("approvals"), body),
        lambda stored: stored["metadata"]["creationTimestamp"].startswith("2001"),
    )


def _unless(answer: Answer, worked: Callable[[Body], bool]) -> Answer:
    """An admitted attempt that did not work has no effect."""
    return Answer(answer.status, answer.body, idle=answer.status < 300 and not worked(answer.body))


def _author(body: Body) -> str:
    return str(body["metadata"].get("annotations", {}).get(ANNOTATION_CHANGED_BY, ""))


def _stamped(who: str, body: Body) -> Callable[[Scene], Answer]:
    """Somebody patches the Release, and wants another name or none in the annotation."""

    def attempt(scene: Scene) -> Answer:
        wanted = (body["metadata"].get("annotations") or {}).get(ANNOTATION_CHANGED_BY) or ""
        return _unless(_release(who, body)(scene), lambda stored: _author(stored) == wanted)

    return attempt


def _created(who: str, **metadata: Any) -> Callable[[Scene], Answer]:
    def attempt(scene: Scene) -> Answer:
        body = {key: scene.release[key] for key in ("apiVersion", "kind", "spec")}
        body["metadata"] = {"name": "created", **metadata}
        answer = scene[who].ask("POST", scene.path("releases"), body, dryRun="All")
        return _unless(answer, lambda stored: _author(stored) != scene[who].name)

    return attempt


def _without_annotations(scene: Scene) -> Answer:
    """`kubectl replace` with the file from Git."""
    kept = ("name", "resourceVersion", "finalizers")
    metadata = {key: scene.release["metadata"][key] for key in kept}
    body = {**scene.release, "metadata": metadata}
    answer = scene["ada"].ask("PUT", scene.own(), body, dryRun="All")
    return _unless(answer, lambda stored: _author(stored) != scene["ed"].name)


def _named(author: str | None) -> Body:
    return {"annotations": {ANNOTATION_CHANGED_BY: author}}


_SPEC = {"version": "1.3.1"}
_ADMISSION = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies"
_BINDINGS = _ADMISSION.replace("policies", "policybindings")
_POLICY = {
    "apiVersion": "release-coordinator.io/v1alpha1",
    "kind": "ReleasePolicy",
    "metadata": {"name": "default"},
    "spec": {"signOffs": []},
}
_RBAC = "/apis/rbac.authorization.k8s.io/v1/{here}"
_VERB = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "Role",
    "metadata": {"name": "mine"},
    "rules": [
        {
            "apiGroups": ["release-coordinator.io"],
            "resources": ["releases/qa"],
            "verbs": ["approve"],
        }
    ],
}
_BOUND = {
    "apiVersion": "rbac.authorization.k8s.io/v1",
    "kind": "RoleBinding",
    "metadata": {"name": "mine"},
    "roleRef": {
        "apiGroup": "rbac.authorization.k8s.io",
        "kind": "ClusterRole",
        "name": "release-coordinator-sign-off-qa",
    },
    "subjects": [{"kind": "User", "name": "ada", "apiGroup": "rbac.authorization.k8s.io"}],
}

FORGERIES = [
    Attack("vera signs in the name of sven", POLICY, _says("vera", by="sven")),
    Attack("vera signs as Vera", POLICY, _says("vera", by="Vera")),
    Attack("the administrator signs in the name of vera", POLICY, _says("root", by="vera")),
    Attack("the same as a dry run", POLICY, _says("root", by="vera", dry=True)),
    Attack("the same by server-side apply", POLICY, _applied),
    Attack("vera signs nobody's name", DEFINITION, _says("vera", by="")),
    Attack("vera backdates her signature", NO_EFFECT, _dated),
    Attack("rita signs for the Release she may sign for", ADMITTED,
           _says("rita", release="another")),
    Attack("vera, who may create Approvals elsewhere, signs there", POLICY,
           lambda scene: scene.says("vera", namespace=scene.elsewhere)),
    Attack("ed acts as a ServiceAccount of the namespace", POLICY, _acting("robot")),
    Attack("ed acts as it and signs in the name of vera", POLICY, _acting("robot", by="vera")),
    Attack("ed acts as vera", RIGHTS, _acting("vera")),
    Attack("ed makes a token of that ServiceAccount and signs with it", POLICY, _with_token),
    Attack("an administrator acts as the system user system:admin", POLICY,
           lambda scene: scene["admin"].acting_as("system:admin", "system:masters").ask(
               "POST", scene.path("approvals"), scene.approval("vera", by="system:admin"))),
    Attack("vera signs for role and gate at once", DEFINITION, _says("vera", role="qa", gate="CI")),
    Attack("vera signs for role *", DEFINITION, _says("vera", role="*")),
    Attack("vera signs for role qa/status", DEFINITION, _says("vera", role="qa/status")),
    Attack("the administrator waives a gate that nobody can waive", DEFINITION,
           _says("root", gate="RollbackTarget", decision="Waived")),
    Attack("wanda waives without a reason", DEFINITION,
           _says("wanda", gate="CI", decision="Waived", comment="")),
]  # fmt: skip
"""About new Approvals."""

ALTERATIONS = [
    Attack("the administrator turns it into another's by PUT", DEFINITION,
           _replaced("root", by="sven")),
    Attack("the administrator changes the digest by patch", DEFINITION,
           _word("root", "PATCH", {"spec": {"digest": f"sha256:{'b' * 64}"}})),
    Attack("the administrator changes the decision by server-side apply", DEFINITION,
           lambda scene: scene["root"].ask(
               "PATCH", scene.path("approvals", scene.word["metadata"]["name"]),
               {**{k: scene.word[k] for k in ("apiVersion", "kind")},
                "spec": {**scene.word["spec"], "decision": "Rejected"}},
               APPLY, fieldManager="root", force="true")),
    Attack("the administrator writes a status", NOWHERE,
           _word("root", "PATCH", {"status": {}}, part="/status")),
    Attack("vera changes her own", RIGHTS, _word("vera", "PATCH", {"spec": {"comment": "oh"}})),
    Attack("vera deletes her own", RIGHTS, _word("vera", "DELETE")),
    Attack("ed changes it", RIGHTS, _word("ed", "PATCH", {"spec": {"comment": "oh"}})),
    Attack("ed deletes it", RIGHTS, _word("ed", "DELETE")),
    Attack("ada deletes all", RIGHTS,
           lambda scene: scene["ada"].ask("DELETE", scene.path("approvals"))),
    Attack("the operator deletes it", RIGHTS, _word("operator", "DELETE")),
    Attack("the administrator labels it, which means nothing", ADMITTED,
           _word("root", "PATCH", {"metadata": {"labels": {"quarter": "q1"}}})),
]  # fmt: skip
"""About an Approval that vera gave."""

RELEASES = [
    Attack("ed writes the status", RIGHTS,
           _release("ed", {"status": {"phase": "Completed"}}, "/status")),
    Attack("ada writes the status", RIGHTS, _release("ada", {"status": {}}, "/status")),
    Attack("ada changes the spec and says it was vera", NO_EFFECT,
           _stamped("ada", {"metadata": _named("vera"), "spec": _SPEC})),
    Attack("ada says that vera changed the spec", POLICY,
           _stamped("ada", {"metadata": _named("vera")})),
    Attack("ada says that she changed what ed changed", POLICY,
           _stamped("ada", {"metadata": _named("ada")})),
    Attack("ada removes who changed the spec", NO_EFFECT,
           _stamped("ada", {"metadata": _named(None)})),
    Attack("ada removes all annotations", NO_EFFECT,
           _stamped("ada", {"metadata": {"annotations": None}})),
    Attack("ada replaces the Release without annotations", NO_EFFECT, _without_annotations),
    Attack("ed creates a Release and says it was vera", NO_EFFECT,
           _created("ed", **_named("vera"))),
    Attack("ed creates a Release with the operator's finalizer", POLICY,
           _created("ed", finalizers=[FINALIZER])),
    Attack("ed removes the operator's finalizer", POLICY,
           _release("ed", {"metadata": {"finalizers": None}})),
    Attack("ed removes it by another that he sets", POLICY,
           _release("ed", {"metadata": {"finalizers": ["example.com/other"]}})),
    Attack("ed adds a finalizer of his own", ADMITTED,
           _release("ed", {"metadata": {"finalizers": [FINALIZER, "example.com/other"]}})),
    Attack("the operator removes its finalizer", ADMITTED,
           _release("operator", {"metadata": {"finalizers": None}})),
    Attack("the operator changes who changed the spec", POLICY,
           _stamped("operator", {"metadata": _named("vera")})),
]  # fmt: skip
"""About the Release, which ed created."""

RULES = [
    Attack("ed writes a ReleasePolicy that asks nobody", RIGHTS,
           _any("ed", "POST", f"{GROUP}/{{here}}/releasepolicies", _POLICY)),
    Attack("ada writes it", RIGHTS,
           _any("ada", "POST", f"{GROUP}/{{here}}/releasepolicies", _POLICY)),
    Attack("vera writes it", RIGHTS,
           _any("vera", "POST", f"{GROUP}/{{here}}/releasepolicies", _POLICY)),
    Attack("petra writes it, as is her task", ADMITTED,
           _any("petra", "POST", f"{GROUP}/{{here}}/releasepolicies", _POLICY)),
    Attack("ada gives herself the verb approve", RIGHTS,
           _any("ada", "POST", f"{_RBAC}/roles", _VERB)),
    Attack("ada binds herself to the role for qa", RIGHTS,
           _any("ada", "POST", f"{_RBAC}/rolebindings", _BOUND)),
    Attack("ada deletes the admission policy", RIGHTS,
           _any("ada", "DELETE", f"{_ADMISSION}/{APPROVALS}")),
    Attack("the operator deletes its binding", RIGHTS,
           _any("operator", "DELETE", f"{_BINDINGS}/{APPROVALS}")),
]  # fmt: skip
"""About what decides."""

CHAPTERS = {
    "New Approvals": FORGERIES,
    "An Approval that vera gave": ALTERATIONS,
    "The Release, which ed created": RELEASES,
    "What decides": RULES,
}
