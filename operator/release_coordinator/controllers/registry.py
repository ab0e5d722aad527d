"""The controllers there are, in the order in which they look at a Release.

Incidents come before messages, which tell of them.
"""

from release_coordinator.controllers.channels import Channels
from release_coordinator.controllers.delivery import Deliveries
from release_coordinator.controllers.incidents import Incidents
from release_coordinator.controllers.messages import Messages
from release_coordinator.controllers.port import Controller, Parts
from release_coordinator.controllers.records import RecordRetention


def controllers(parts: Parts) -> list[Controller]:
    """Make them all."""
    channels = Channels(parts)
    return [
        RecordRetention(parts),
        Incidents(parts),
        Messages(parts),
        channels,
        Deliveries(parts, channels),
    ]
