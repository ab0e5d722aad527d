"""Which kubeconfig, namespace and identity a person at a terminal means, by kubectl's own rules.

`cli.source` asks for the first two; the operator and the tests name what they use. Whom a user
entry impersonates is asked by `cluster.login`: the client library passes over it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubernetes.aio.config import ConfigException, list_kube_config_contexts
from kubernetes.aio.config.kube_config import KubeConfigMerger

from release_coordinator.errors import Denied

DEFAULT_NAMESPACE = "default"


def locate(named: Path | None = None, environ: Mapping[str, str] = os.environ) -> Path:
    """The kubeconfig that was named, else KUBECONFIG (several are merged), else the home's."""
    if named is not None:
        return named
    return Path(environ.get("KUBECONFIG") or Path.home() / ".kube" / "config")


def namespace_of(kubeconfig: Path, context: str | None = None) -> str:
    """The namespace that the context works in. Raises Denied if there is no such context."""
    if not any(Path(part).exists() for part in str(kubeconfig).split(os.pathsep)):
        raise Denied(f"the kubeconfig {kubeconfig} does not exist; name one with --kubeconfig")
    read: Any = list_kube_config_contexts  # carries no types
    try:
        contexts, active = read(str(kubeconfig))
    except (ConfigException, OSError) as error:
        raise Denied(f"cannot use the kubeconfig {kubeconfig}: {error}") from error
    wanted = context or active["name"]
    found = next((one for one in contexts if one["name"] == wanted), None)
    if found is None:
        known = ", ".join(one["name"] for one in contexts)
        raise Denied(f"the kubeconfig {kubeconfig} has no context {wanted!r}, only {known}")
    return (found.get("context") or {}).get("namespace") or DEFAULT_NAMESPACE


def impersonation(kubeconfig: Path, user: str) -> list[tuple[str, str]]:
    """The headers that act as somebody else, as the user entry wants; none, if it does not.

    Raises Denied for what cannot be passed on: then the request must not be sent as the user.
    """
    merge: Any = KubeConfigMerger  # carries no types
    users = merge(str(kubeconfig)).config.value.get("users") or []
    node = next((one["user"] for one in users if one["name"] == user), None)
    entry: Mapping[str, Any] = getattr(node, "value", None) or {}
    name, groups = entry.get("as") or "", entry.get("as-groups") or []
    uid, extra = entry.get("as-uid") or "", entry.get("as-user-extra")
    where = f"user {user!r} of the kubeconfig {kubeconfig}"
    if extra:
        raise Denied(
            f"{where} impersonates with as-user-extra, which is not supported; "
            "use credentials of your own"
        )
    if (groups or uid) and not name:
        raise Denied(f"{where} has as-groups or as-uid, but no user in as; correct it")
    texts = [name, uid, *groups] if isinstance(groups, list) else [None]
    if not all(isinstance(text, str) and text.isprintable() for text in texts):
        raise Denied(f"{where}: as and as-uid must be text, as-groups a list of texts; correct it")
    pairs = [("Impersonate-User", name), ("Impersonate-Uid", uid)]
    pairs += [("Impersonate-Group", group) for group in groups]
    return [(header, text) for header, text in pairs if text]
