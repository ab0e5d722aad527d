"""What a platform team puts into argocd-cm for our kinds: the patches that the repository ships."""

import yaml
from tools.markdown import ROOT

PATCHES = ROOT / "manifests" / "argocd"
SHIPPED, PROGRESSING = PATCHES / "argocd-cm.yaml", PATCHES / "waiting-is-progressing.yaml"

APPLICATION_HEALTH = """
hs = {status = "Progressing", message = ""}
if obj.status ~= nil and obj.status.health ~= nil then
  hs.status = obj.status.health.status
  hs.message = obj.status.health.message or ""
end
return hs
"""
"""Argo CD's own documentation has it: without it an app of apps does not wait for its children."""


def settings(*, waiting: str = "Suspended") -> dict[str, str]:
    """Return keys of argocd-cm; `waiting` is the health while gates wait for people."""
    files = [SHIPPED, *([PROGRESSING] if waiting == "Progressing" else [])]
    found = {"resource.customizations.health.argoproj.io_Application": APPLICATION_HEALTH}
    for file in files:
        found |= yaml.safe_load(file.read_text(encoding="utf-8"))["data"]
    return found
