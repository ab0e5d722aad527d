"""What messages are made of in tests: Channels, and the states that a Release goes through."""

from typing import Any

from tests.fakes.story import Story
from tests.fakes.world import DAWN, NAMESPACE
from tests.releases import Body

from release_coordinator.cluster.bodies import clone
from release_coordinator.cluster.port import RECORD

URL = "http://receiver.example:8080/events"


def channel(name: str = "everybody", uid: str = "", **spec: Any) -> Body:
    """A Channel as the API server has it, made before anything happened."""
    spec = spec or {"cloudEvents": {"url": URL}}
    if not {"apprise", "cloudEvents"} & spec.keys():
        spec["cloudEvents"] = {"url": URL}
    return {
        "metadata": {
            "name": name,
            "uid": uid or f"uid-of-{name}",
            "generation": 1,
            "resourceVersion": "1",
            "creationTimestamp": f"{DAWN:%Y-%m-%d}T00:00:00Z",
        },
        "spec": spec,
    }


class States:
    """Every state of a Release in a story, and the records there are at its end."""

    def __init__(self) -> None:
        self.releases: list[Body] = []
        self.records: list[Body] = []

    def hear(self, _event: str, body: Body) -> None:
        """Keep what the API server tells."""
        if body["kind"] == "Release":
            self.releases.append(clone(body))

    async def play(self, story: Story, *bodies: Body) -> None:
        """Run a story to the end of each of these."""
        stop = story.world.cluster.subscribe(self.hear)
        for body in bodies:
            await story.apply(body)
            await story.run()
        stop()
        self.records = await story.world.user.list(RECORD, NAMESPACE)
