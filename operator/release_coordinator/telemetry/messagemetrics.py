"""What becomes of messages, as numbers.

Told by `controllers.delivery` and `controllers.channels`. The label `channel` has one value per
Channel; what is gone is removed.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge

OUTCOMES = ("delivered", "retried", "failed")
"""A try that succeeded; one that did not and is repeated; one that did not and is the last."""


class MessageMetrics:
    """Counts messages; one per registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._tries = Counter(
            "release_coordinator_notifications",
            "Tries to send a message, by what came of it: delivered, retried or failed.",
            ("channel", "outcome"),
            registry=registry,
        )
        self._up = Gauge(
            "release_coordinator_channel_up",
            "1 if the last message to the channel arrived, else 0; absent before the first one.",
            ("channel",),
            registry=registry,
        )
        self._known: set[str] = set()

    def present(self, channel: str) -> None:
        """A channel is there: a rate needs a zero to rise from."""
        if channel not in self._known:
            self._known.add(channel)
            for outcome in OUTCOMES:
                self._tries.labels(channel, outcome)

    def tried(self, channel: str, outcome: str) -> None:
        """A message was sent, or not."""
        self.present(channel)
        self._tries.labels(channel, outcome).inc()
        self._up.labels(channel).set(1 if outcome == "delivered" else 0)

    def forget(self, channel: str) -> None:
        """A channel is gone."""
        self._known.discard(channel)
        self._up.remove_by_labels({"channel": channel})
        self._tries.remove_by_labels({"channel": channel})
