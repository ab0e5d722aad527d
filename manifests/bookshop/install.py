"""Install the bookshop at 1.2.0: `python -m manifests.bookshop.install NAMESPACE`.

The same as `kubectl apply` of the folder `k8s`, with a namespace under the restricted Pod Security
Standard and a volume for its backups, and with patience until everything is ready.
"""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import yaml
from tools.cluster import binaries, shell

HERE = Path(__file__).parent
SECONDS_TO_READY = 180


def main() -> None:
    """Install into the namespace that the command line names."""
    parser = argparse.ArgumentParser(description="Install the bookshop at 1.2.0.")
    parser.add_argument("namespace")
    parser.add_argument("--kubeconfig", type=Path, default=os.environ.get("KUBECONFIG"))
    parser.add_argument("--remove", action="store_true", help="remove it, and its backup volume")
    options = parser.parse_args()
    if not options.kubeconfig:
        parser.error("name the cluster: --kubeconfig or KUBECONFIG")
    (remove if options.remove else install)(options.kubeconfig, options.namespace)


def install(kubeconfig: Path, namespace: str) -> None:
    """Install the bookshop and return when it is ready."""
    _kubectl(kubeconfig, "apply", "-f", "-", stdin=json.dumps(_namespace(namespace)))
    _kubectl(kubeconfig, "apply", "-f", "-", stdin=json.dumps(_volume(namespace)))
    _kubectl(kubeconfig, "apply", "-n", namespace, "-f", str(HERE / "k8s"))
    patience = f"--timeout={SECONDS_TO_READY}s"
    schema = ("--for=condition=Complete", "job/bookshop-schema")
    _kubectl(kubeconfig, "wait", "-n", namespace, patience, *schema)
    for kind in ("statefulset", "deployment"):
        _kubectl(kubeconfig, "rollout", "status", "-n", namespace, patience, kind)


def remove(kubeconfig: Path, namespace: str) -> None:
    """Remove the namespace with everything in it, and the backup volume."""
    volume = _volume(namespace)["metadata"]["name"]
    _kubectl(kubeconfig, "delete", "namespace", namespace, "--ignore-not-found")
    _kubectl(kubeconfig, "delete", "persistentvolume", volume, "--ignore-not-found")


def _namespace(name: str) -> dict[str, Any]:
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def _volume(namespace: str) -> dict[str, Any]:
    """Return backup-volume.yaml for another namespace."""
    volume: dict[str, Any] = yaml.safe_load((HERE / "backup-volume.yaml").read_text("utf-8"))
    volume["metadata"]["name"] = f"bookshop-backup-{namespace}"
    volume["spec"]["claimRef"]["namespace"] = namespace
    return volume


def _kubectl(kubeconfig: Path, *arguments: str, stdin: str | None = None) -> None:
    command = [str(binaries.path("kubectl")), f"--kubeconfig={kubeconfig}", *arguments]
    print(shell.output(command, stdin=stdin), end="", flush=True)


if __name__ == "__main__":
    main()
