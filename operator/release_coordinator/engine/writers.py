"""Who else writes a workload, and how a person makes that tool leave our fields alone; pure.

    metadata.managedFields -> WriterFact -> words of `engine.fights` and `engine.drift`

Asked only where something was found changed: otherwise nobody reads who wrote it.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from . import names
from .runfacts import WriterFact

LAYOUTS = "docs/gitops/layouts.md"
MANAGER = 64
"""Characters of a field manager that are kept."""


class Tool(StrEnum):
    """What keeps writing by itself."""

    ARGO_CD = "Argo CD"
    FLUX = "Flux"
    HELM = "Helm"
    OTHER = "other"


_MANAGERS: Mapping[str, Tool] = {
    "argocd-controller": Tool.ARGO_CD,
    "argocd-application-controller": Tool.ARGO_CD,
    "argocd": Tool.ARGO_CD,
    "kustomize-controller": Tool.FLUX,
    "helm-controller": Tool.FLUX,
    "flux": Tool.FLUX,
    "gotk": Tool.FLUX,
    "helm": Tool.HELM,
}
"""Names by which the tools write; what else there is belongs to people or to other programs."""

_MENDS: Mapping[Tool, str] = {
    Tool.ARGO_CD: (
        "in its Application set ignoreDifferences with managedFieldsManagers: "
        f"[{names.FIELD_MANAGER}] and the sync option RespectIgnoreDifferences=true, or take the "
        "image out of Git"
    ),
    Tool.FLUX: (
        "annotate the workload in Git with kustomize.toolkit.fluxcd.io/ssa: IfNotPresent, or let "
        "the chart leave its image out"
    ),
    Tool.HELM: "let whoever upgrades the chart set the image of the Release, or none",
    Tool.OTHER: "stop whoever applies it (kubectl apply in a pipeline, another controller)",
}


def tool_of(manager: str) -> Tool:
    """The tool that writes under the name of a field manager."""
    return _MANAGERS.get(manager, Tool.OTHER)


def mend(manager: str, *, inline: bool = False) -> str:
    """What a person changes so that it does not write our fields again."""
    own = _MENDS[tool_of(manager)]
    carry = "" if inline else ", or carry the workload in the Release as workload"
    return f"{own}{carry} ({LAYOUTS})"


def who(manager: str) -> str:
    """The writer, as people name it."""
    tool = tool_of(manager)
    name = "somebody else" if tool is Tool.OTHER else str(tool)
    return f"{name} ({manager})" if manager else name


def field_of(container: str) -> str:
    """The field that holds an image, as people name it."""
    return f"the image of container {container}"


def writer_of(managed: Any, container: str) -> WriterFact:
    """Who owns the image, by `metadata.managedFields`; of several the one that wrote last.

    What cannot be read has not been said: it explains only.
    """
    owners = [_owner(entry) for entry in _entries(managed) if _owns(entry, container)]
    others = [one for one in owners if one.manager != names.FIELD_MANAGER]
    return max(others, key=lambda one: (one.at is not None, one.at), default=WriterFact())


def _entries(managed: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(managed, list):
        yield from (entry for entry in managed if isinstance(entry, Mapping))


def _owner(entry: Mapping[str, Any]) -> WriterFact:
    said = entry.get("time")
    try:
        at = datetime.fromisoformat(said) if isinstance(said, str) else None
        at = at if at is None or at.tzinfo else None  # which moment that is, nobody knows
    except ValueError:
        at = None
    return WriterFact(str(entry.get("manager", ""))[:MANAGER], at)


def _owns(entry: Mapping[str, Any], container: str) -> bool:
    found: Any = entry.get("fieldsV1")
    for member in ("f:spec", "f:template", "f:spec"):
        found = found.get(member) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        return False
    key = f'k:{{"name":"{container}"}}'
    lists = (found.get(f"f:{field}") for field in ("containers", "initContainers"))
    owned = (one.get(key) for one in lists if isinstance(one, Mapping))
    return any(isinstance(one, Mapping) and "f:image" in one for one in owned)
