"""A namespace in which everybody who matters for sign-offs has exactly the rights meant for him.

The roles are those of `manifests/install.yaml`. No operator runs here: whatever is refused, the API
server alone refuses it.
"""

import base64
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from kubernetes import client
from tests.api.people import GROUP, MERGE, Answer, Door, Outcome, Person
from tests.releases import Body, bookshop
from tools.cluster import shell
from tools.lab.kubectl import Kubectl

from release_coordinator.engine.names import FINALIZER

INSTALL = Path(__file__).resolve().parents[2] / "manifests" / "install.yaml"
RBAC = "rbac.authorization.k8s.io"
CLUSTER_ROLES = {
    "vera": "release-coordinator-sign-off-qa",
    "sven": "release-coordinator-sign-off-security",
    "wanda": "release-coordinator-waive",
    "petra": "release-coordinator-policy",
    "ed": "edit",
    "ada": "admin",
    "victor": "view",
}
"""Person -> role in the namespace. Besides: carl and rita have Roles of their own, root is an
administrator of the cluster, robot and operator are ServiceAccounts."""
MACHINES = {"robot": "release-coordinator-sign-off-qa", "operator": "release-coordinator"}
WRITER = {"apiGroups": ["release-coordinator.io"], "resources": ["approvals"], "verbs": ["create"]}
ANOTHER = {
    "apiGroups": ["release-coordinator.io"],
    "resources": ["releases/qa"],
    "resourceNames": ["another"],
    "verbs": ["approve"],
}


@dataclass
class Scene:
    """The namespace with a Release, and another namespace beside it."""

    door: Door
    namespace: str
    elsewhere: str
    people: dict[str, Person]
    release: Body = field(default_factory=dict)
    word: Body = field(default_factory=dict)
    """An Approval that vera gave."""

    def __getitem__(self, who: str) -> Person:
        """Somebody by name."""
        return self.people[who]

    def approval(self, who: str, **spec: Any) -> Body:
        """Return an Approval of the Release's present plan, for qa if nothing else is said."""
        said = {} if "gate" in spec else {"role": "qa"}
        return {
            "apiVersion": "release-coordinator.io/v1alpha1",
            "kind": "Approval",
            "metadata": {"generateName": "word-"},
            "spec": {
                "release": self.release["metadata"]["name"],
                "releaseUid": self.release["metadata"]["uid"],
                "digest": f"sha256:{'a' * 64}",
                "decision": "Approved",
                "by": self[who].name,
                "comment": "looked at it",
                **said,
                **spec,
            },
        }

    def path(self, plural: str, name: str = "", namespace: str = "", group: str = GROUP) -> str:
        """Return the path of objects of the namespace, or of one."""
        collection = f"{group}/namespaces/{namespace or self.namespace}/{plural}"
        return f"{collection}/{name}" if name else collection

    def own(self) -> str:
        """Return the path of the Release."""
        return self.path("releases", self.release["metadata"]["name"])

    def says(self, who: str, *, namespace: str = "", dry: bool = False, **spec: Any) -> Answer:
        """Somebody says something in his own name, or in that of `by`."""
        body = self.approval(who, **spec)
        query = {"dryRun": "All"} if dry else {}
        return self[who].ask("POST", self.path("approvals", namespace=namespace), body, **query)


@contextmanager
def scene(connection: client.ApiClient, kubeconfig: Path, folder: Path) -> Iterator[Scene]:
    """Set everything up, and wait until all rights have arrived. The folder gets keys."""
    kubectl = Kubectl(kubeconfig)
    objects = yaml.safe_load_all(INSTALL.read_text(encoding="utf-8"))
    roles = [one for one in objects if one and one["kind"] == "ClusterRole"]
    here = f"sign-off-{secrets.token_hex(4)}"
    door = Door.of(connection)
    people = _people(door, connection, here)
    people |= {name: _certified(door, kubectl, folder, name) for name in ("vera", "ed")}
    made = Scene(door, here, f"{here}-b", people)
    spaces = [_namespace(here), _namespace(made.elsewhere)]
    _apply(kubectl, [*spaces, *roles, *_rights(made)])
    try:
        _await_rights(made)
        _furnish(made)
        yield made
    finally:
        # The operator's last act: with its finalizer the namespace would never go.
        made["operator"].ask("PATCH", made.own(), {"metadata": {"finalizers": None}}, MERGE)
        kubectl.run(
            "delete", "namespace", here, made.elsewhere, "--wait=false", "--ignore-not-found"
        )


def _people(door: Door, connection: client.ApiClient, here: str) -> dict[str, Person]:
    files = connection.configuration
    admin = Person.with_certificate(door, "admin", Path(files.cert_file), Path(files.key_file))
    people = {name: admin.acting_as(name) for name in (*CLUSTER_ROLES, "carl", "rita")}
    machines = {name: admin.acting_as(f"system:serviceaccount:{here}:{name}") for name in MACHINES}
    return people | machines | {"admin": admin, "root": admin.acting_as("root", "system:masters")}


def _certified(door: Door, kubectl: Kubectl, folder: Path, name: str) -> Person:
    """Somebody with a client certificate, as the API server's own signer gives it."""
    key, asked, given = (folder / f"{name}.{kind}" for kind in ("key", "csr", "crt"))
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    files = ("-keyout", str(key), "-out", str(asked))
    shell.output(["openssl", "req", "-new", "-subj", f"/CN={name}", *curve, *files])
    request = f"{name}-{secrets.token_hex(4)}"
    body = {
        "apiVersion": "certificates.k8s.io/v1",
        "kind": "CertificateSigningRequest",
        "metadata": {"name": request},
        "spec": {
            "request": base64.b64encode(asked.read_bytes()).decode(),
            "signerName": "kubernetes.io/kube-apiserver-client",
            "usages": ["client auth"],
        },
    }
    kubectl.apply(body)
    kubectl.run("certificate", "approve", request)
    jsonpath = "{.status.certificate}"
    kubectl.run("wait", "csr", request, f"--for=jsonpath={jsonpath}", "--timeout=60s")
    signed = kubectl.run("get", "csr", request, f"--output=jsonpath={jsonpath}")
    given.write_bytes(base64.b64decode(signed))
    return Person.with_certificate(door, name, given, key)


def _rights(made: Scene) -> list[Body]:
    here, there = made.namespace, made.elsewhere
    bound = [_bind(here, "ClusterRole", role, _user(who)) for who, role in CLUSTER_ROLES.items()]
    accounts = [_object("v1", "ServiceAccount", name, here) for name in MACHINES]
    for name, role in MACHINES.items():
        subject = {"kind": "ServiceAccount", "name": name, "namespace": here}
        bound.append(_bind(here, "ClusterRole", role, subject))
    return [
        *accounts,
        *bound,
        _role(here, "writer", WRITER),
        _role(there, "writer", WRITER),
        _role(here, "another", WRITER, ANOTHER),
        _bind(here, "Role", "writer", _user("carl")),
        _bind(here, "Role", "another", _user("rita")),
        _bind(there, "Role", "writer", _user("vera")),
    ]


def _await_rights(made: Scene) -> None:
    """Bindings reach the authorizer soon, aggregated roles when a controller has come by."""
    until = time.monotonic() + 60

    def settled() -> bool:
        there = made.says(
            "vera", namespace=made.elsewhere, release="none", releaseUid="u", dry=True
        )
        asked = [made[who].ask("GET", made.path("approvals")) for who in ("ed", "ada", "victor")]
        release = made["ed"].ask("POST", made.path("releases"), _release(), dryRun="All")
        return release.status == 201 and there.status == 422 and all(a.status == 200 for a in asked)

    made.release = {"metadata": {"name": "none", "uid": "none"}}
    while not settled():
        assert time.monotonic() < until, "the rights do not arrive"
        time.sleep(0.2)


def _furnish(made: Scene) -> None:
    """The Release, by ed; the operator has put its finalizer on it; vera has signed."""
    created = made["ed"].ask("POST", made.path("releases"), _release())
    assert created.outcome is Outcome.ADMITTED, created
    made.release = created.body
    held = {"metadata": {"finalizers": [FINALIZER]}}
    patched = made["operator"].ask("PATCH", made.own(), held, MERGE)
    assert patched.outcome is Outcome.ADMITTED, patched
    made.release = patched.body
    signed = made.says("vera")
    assert signed.outcome is Outcome.ADMITTED, signed
    made.word = signed.body


def _release() -> Body:
    body = bookshop()
    del body["metadata"]["namespace"]
    return body


def _apply(kubectl: Kubectl, objects: list[Body]) -> None:
    body = {"apiVersion": "v1", "kind": "List", "items": objects}
    how = ("apply", "--server-side", "--force-conflicts", "--filename=-")
    kubectl.run(*how, stdin=json.dumps(body))


def _object(version: str, kind: str, name: str, namespace: str, **content: Any) -> Body:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **content}


def _namespace(name: str) -> Body:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _user(name: str) -> Mapping[str, str]:
    return {"kind": "User", "name": name, "apiGroup": RBAC}


def _role(namespace: str, name: str, *rules: Body) -> Body:
    return _object(f"{RBAC}/v1", "Role", name, namespace, rules=list(rules))


def _bind(namespace: str, kind: str, role: str, subject: Mapping[str, str]) -> Body:
    name = f"{subject['name']}-{role}"
    reference = {"apiGroup": RBAC, "kind": kind, "name": role}
    body = {"roleRef": reference, "subjects": [dict(subject)]}
    return _object(f"{RBAC}/v1", "RoleBinding", name, namespace, **body)
