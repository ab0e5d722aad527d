"""What a platform team puts into argocd-cm for our kinds: the scripts that the repository ships."""

from collections.abc import Iterator
from pathlib import Path

import yaml
from tools.markdown import ROOT

SCRIPTS = ROOT / "integrations" / "argocd" / "resource_customizations"
WAITING = 'local WAITING = "Suspended"'
"""The line of the script of Release that a team may change."""

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
    found = dict(_keys())
    name = "resource.customizations.health.release-coordinator.io_Release"
    assert WAITING in found[name]
    found[name] = found[name].replace(WAITING, WAITING.replace("Suspended", waiting))
    return found | {"resource.customizations.health.argoproj.io_Application": APPLICATION_HEALTH}


def _keys() -> Iterator[tuple[str, str]]:
    for folder in sorted(SCRIPTS.glob("*/*")):
        what = f"{folder.parent.name}_{folder.name}"
        if (health := folder / "health.lua").exists():
            yield f"resource.customizations.health.{what}", health.read_text(encoding="utf-8")
        if (folder / "actions").exists():
            yield f"resource.customizations.actions.{what}", _actions(folder / "actions")


def _actions(folder: Path) -> str:
    scripts = sorted(folder.glob("*/action.lua"))
    return yaml.safe_dump(
        {
            "discovery.lua": (folder / "discovery.lua").read_text(encoding="utf-8"),
            "definitions": [
                {"name": one.parent.name, "action.lua": one.read_text(encoding="utf-8")}
                for one in scripts
            ],
        }
    )
