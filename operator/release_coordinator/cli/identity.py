"""Who the API server says is calling. Used by `cli.commands.sign`: an Approval names its author."""

from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.port import Cluster, Kind

from .failure import UnansweredError

REVIEW = Kind(
    "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False
)


async def user_of(cluster: Cluster) -> str:
    """The user name that the API server knows the caller by. Writes nothing."""
    try:
        review = await cluster.create(REVIEW, {"metadata": {}})
    except Unserved as error:
        raise UnansweredError(
            "this API server does not tell who you are (Kubernetes 1.28 and later do), so write "
            "the Approval as YAML; see docs/reference/kubectl-release.md"
        ) from error
    return str(review.get("status", {}).get("userInfo", {}).get("username", ""))
