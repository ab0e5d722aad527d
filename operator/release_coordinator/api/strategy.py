"""How a component gets to the new version: its pods replaced, or a Service switched.

Part of `api.release`; what BlueGreen does is in `engine.bluegreen` and `docs/traffic.md`.
"""

from enum import StrEnum

from pydantic import ConfigDict, Field

from .base import Model, ObjectName
from .job import rules

BLUE_GREEN_LIMIT = 3
"""Components of a Release that can be BlueGreen: each adds seven steps to a bounded journal."""


class StrategyType(StrEnum):
    """How a component comes from one version to the next."""

    ROLLING = "Rolling"
    """Its pods are replaced little by little."""
    BLUE_GREEN = "BlueGreen"
    """The new version runs beside the old one, and a Service is switched between the two."""


class Strategy(Model):
    """How a component is brought to the new version, and back."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            (
                "self.type != 'BlueGreen' || has(self.service)",
                "BlueGreen switches a Service between two versions: name it in strategy.service",
            ),
            (
                "self.type == 'BlueGreen' || !has(self.service)",
                "only BlueGreen switches a Service; set type: BlueGreen or remove service",
            ),
        )
    )

    type: StrategyType = StrategyType.ROLLING
    service: ObjectName | None = Field(
        None, description="Service that brings the component its traffic; BlueGreen switches it."
    )
