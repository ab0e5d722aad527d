"""A cluster that is brought only the images which its nodes do not hold yet.

Used by the demo, which is run again and again. kind itself asks its nodes by a program that a
node made without a registry does not have, and would copy gigabytes each time.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from tools.cluster import engine
from tools.cluster.clusters import Cluster
from tools.cluster.progress import Progress
from tools.lab.kubectl import Kubectl


@dataclass(frozen=True)
class FrugalCluster(Cluster):
    """The same cluster, loading less."""

    def load(self, tags: Sequence[str], progress: Progress | None = None) -> None:
        """Bring in what is missing on any node."""
        progress = progress or Progress()
        missing = self.missing(tags)
        if missing:
            super().load(missing, progress)

    def missing(self, tags: Sequence[str]) -> list[str]:
        """Return the tags whose present content is not on every node."""
        if not tags:
            return []
        running = engine.ensure(Progress())
        wanted = running.run("image", "inspect", "--format={{.Id}}", *tags).split()
        # Beside each tag, the node lists the image by its id.
        listing = ("ctr", "--namespace=k8s.io", "images", "list", "--quiet")
        held = [set(running.run("exec", node, *listing).split()) for node in self._nodes()]
        pairs = zip(tags, wanted, strict=True)
        return [tag for tag, content in pairs if not all(content in ids for ids in held)]

    def _nodes(self) -> list[str]:
        found = Kubectl(self.kubeconfig).items("nodes")
        return [node["metadata"]["name"] for node in found]
