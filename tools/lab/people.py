"""People with credentials of their own, and what they say about a release.

Used by `lab.Lab`. The cluster's own authority signs a client certificate for each; the rights are
those that RoleBindings in the namespace give to the name. Nobody is impersonated.
"""

import base64
import json
import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cluster import debian, shell
from tools.cluster.progress import Progress
from tools.lab.kubectl import Body, Kubectl

_SIGNER = "kubernetes.io/kube-apiserver-client"
_SECONDS = 24 * 3600
_PATIENCE = "--timeout=60s"


@dataclass(frozen=True)
class Person:
    """Somebody whom the API server knows by a name."""

    name: str
    kubectl: Kubectl
    """Has this person's rights and no others."""

    def says(self, release: Body, role: str, decision: str = "Approved", **spec: Any) -> Body:
        """Store what this person says of the present plan of a Release; return the Approval.

        Raises CommandError with the words of the API server if it is refused.
        """
        body = approval(release, role, decision, **{"by": self.name, **spec})
        where = f"--namespace={release['metadata']['namespace']}"
        create = ("create", where, "--filename=-", "--output=json")
        stored: Body = json.loads(self.kubectl.run(*create, stdin=json.dumps(body)))
        return stored

    def signs(self, release: Body, role: str, comment: str) -> None:
        """Sign the present plan with `kubectl release approve`. Raises CommandError."""
        metadata, digest = release["metadata"], release["status"]["attempt"]["digest"]
        what = (metadata["name"], f"--namespace={metadata['namespace']}", f"--role={role}")
        plugin(self.kubectl, "approve", *what, f"--digest={digest}", f"--comment={comment}")


def plugin(kubectl: Kubectl, command: str, *arguments: str) -> str:
    """Return what `kubectl release` prints with a kubeconfig."""
    program = Path(sys.executable).parent / "kubectl-release"
    return shell.output([program, command, *arguments, f"--kubeconfig={kubectl.kubeconfig}"])


def approval(release: Body, role: str, decision: str = "Approved", **spec: Any) -> Body:
    """Return an Approval of the present plan of a Release."""
    name = release["metadata"]["name"]
    said = {
        "release": name,
        "releaseUid": release["metadata"]["uid"],
        "digest": release["status"]["attempt"]["digest"],
        "role": role,
        "decision": decision,
        "comment": "looked at the plan",
        **spec,
    }
    return {
        "apiVersion": release["apiVersion"],
        "kind": "Approval",
        "metadata": {"generateName": f"{name}-{role}-"},
        "spec": said,
    }


def with_certificate(admin: Kubectl, name: str, folder: Path) -> Person:
    """Return a person with a client certificate of a day, made now; the key stays in the folder."""
    debian.require({"openssl": "openssl"}, Progress())
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key, request = folder / f"{name}.key", folder / f"{name}.csr"
    curve = ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256")
    shell.output(["openssl", "genpkey", *curve, "-out", key])
    shell.output(["openssl", "req", "-new", "-subj", f"/CN={name}", "-key", key, "-out", request])
    certificate = _signed(admin, name, request.read_bytes())
    user = {
        "client-certificate-data": certificate,
        "client-key-data": base64.b64encode(key.read_bytes()).decode(),
    }
    return Person(name, Kubectl(_kubeconfig(admin, name, user, folder / f"{name}.kubeconfig")))


def _signed(admin: Kubectl, name: str, request: bytes) -> str:
    """Return the certificate, in base64, that the cluster's signer made for a request."""
    unique = f"{name}-{secrets.token_hex(4)}"
    admin.apply(
        {
            "apiVersion": "certificates.k8s.io/v1",
            "kind": "CertificateSigningRequest",
            "metadata": {"name": unique},
            "spec": {
                "request": base64.b64encode(request).decode(),
                "signerName": _SIGNER,
                "expirationSeconds": _SECONDS,
                "usages": ["client auth"],
            },
        }
    )
    admin.run("certificate", "approve", unique)
    kind = "certificatesigningrequest"
    admin.run("wait", "--for=jsonpath={.status.certificate}", _PATIENCE, kind, unique)
    certificate = admin.get(kind, unique)["status"]["certificate"]
    admin.run("delete", kind, unique)
    return str(certificate)


def _kubeconfig(admin: Kubectl, name: str, user: Body, target: Path) -> Path:
    """Write the administrator's way to the API server with another user."""
    view = ("config", "view", "--raw", "--minify", "--flatten", "--output=json")
    config: Body = json.loads(admin.run(*view))
    (cluster,) = config["clusters"]
    config["users"] = [{"name": name, "user": user}]
    config["contexts"] = [{"name": name, "context": {"cluster": cluster["name"], "user": name}}]
    config["current-context"] = name
    target.touch(mode=0o600)
    target.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
    return target
