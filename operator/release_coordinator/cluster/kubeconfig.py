"""Which kubeconfig and namespace a person at a terminal means, by kubectl's own rules.

Used by `cli.source`. The operator and the tests never come here: they name what they use.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubernetes.aio.config import ConfigException, list_kube_config_contexts

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
