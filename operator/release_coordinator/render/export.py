"""The ConfigMap that carries an export of staging into production. Pure; used by the plugin."""

from typing import Any

from release_coordinator.api.export import DATA_KEY
from release_coordinator.engine import names


def config_map(release: str, envelope: str) -> dict[str, Any]:
    """The object for the namespace of the Release of that name, which whoever applies it chooses.

    Its labels let the operator look at once.
    """
    labels = {
        names.LABEL_RELEASE: release,
        names.LABEL_EXPORT: "staging",
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": names.export_name(release), "labels": labels},
        "data": {DATA_KEY: envelope},
    }
