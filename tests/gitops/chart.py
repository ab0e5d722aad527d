"""The bookshop as a Helm chart whose value `version` is the version of the Release in it."""

import json
from pathlib import Path

from tests.gitops.layouts import around
from tests.gitops.shop import GitShop

NAME = "bookshop"
_VERSION = "9.8.7"
"""Stands where Helm shall put the version."""


def write(folder: Path, shop: GitShop, duration: str = "2s") -> None:
    """Write the chart, or write it again."""
    templates = folder / "templates"
    templates.mkdir(parents=True, exist_ok=True)
    about = {"apiVersion": "v2", "name": NAME, "version": "0.1.0"}
    (folder / "Chart.yaml").write_text(json.dumps(about), encoding="utf-8")
    release = shop.declared(_VERSION, duration=duration)
    bodies = [*around(shop.namespace, **shop.policy_spec), release]
    text = "".join(f"---\n{json.dumps(body, indent=1)}\n" for body in bodies)
    text = text.replace(_VERSION, "{{ .Values.version }}")
    (templates / "all.yaml").write_text(text, encoding="utf-8")
