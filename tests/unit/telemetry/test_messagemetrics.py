"""The numbers about messages."""

from prometheus_client import CollectorRegistry, generate_latest

from release_coordinator.telemetry.messagemetrics import MessageMetrics


def exported(registry: CollectorRegistry) -> list[str]:
    text = generate_latest(registry).decode()
    return [
        line for line in text.splitlines() if line.startswith("release_") and "_created" not in line
    ]


def test_a_channel_is_counted_from_zero_and_forgotten_when_it_is_gone() -> None:
    registry = CollectorRegistry()
    metrics = MessageMetrics(registry)

    metrics.present("chat")
    assert 'release_coordinator_notifications_total{channel="chat",outcome="failed"} 0.0' in (
        exported(registry)
    )
    metrics.tried("chat", "retried")
    assert 'release_coordinator_channel_up{channel="chat"} 0.0' in exported(registry)
    metrics.tried("chat", "delivered")
    assert 'release_coordinator_channel_up{channel="chat"} 1.0' in exported(registry)
    metrics.forget("chat")
    metrics.forget("chat")

    assert exported(registry) == []
