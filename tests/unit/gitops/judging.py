"""What must hold of health, actions and kstatus in every state of a Release."""

from collections.abc import Mapping

from tests import argocd, kstatus
from tests.kstatus import Kstatus

from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.control import OrderKind
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.ordering import Wish, order_of
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names

HEALTH = argocd.health("Release")
PROGRESSING = argocd.health("Release", waiting="Progressing")
DISCOVERY = argocd.Script(argocd.read("Release/actions/discovery.lua"))
ACTIONS = argocd.actions("Release")
EQUAL = {
    "Healthy": {Kstatus.CURRENT},
    "Degraded": {Kstatus.FAILED},
    "Suspended": {Kstatus.FAILED, Kstatus.IN_PROGRESS},
    "Progressing": {Kstatus.IN_PROGRESS, Kstatus.TERMINATING},
}
"""Health -> what kstatus may say. It knows no pause: who waits for it waits, or is told to act."""


def check_health(body: Body) -> None:
    """What must hold in every state."""
    found, other, state = HEALTH(body), PROGRESSING(body), kstatus.compute(body)
    status = body.get("status", {})
    seen = status.get("observedGeneration") == body["metadata"]["generation"]
    true = {one["type"] for one in status.get("conditions", ()) if one["status"] == "True"}
    deleting = "deletionTimestamp" in body["metadata"]

    assert found["status"] in argocd.HEALTH
    assert (found["status"] == "Healthy") is ("Ready" in true and seen and not deleting)
    assert state in EQUAL[found["status"]]
    assert (state is Kstatus.FAILED) is (seen and not deleting and "Stalled" in true)
    assert found["message"], "nobody has to guess"
    faulty = any(
        (c["type"], c["status"]) == ("Valid", "False") for c in status.get("conditions", ())
    )
    idle = "attempt" not in status or status["attempt"]["recorded"]
    if faulty and idle and seen and not deleting:
        assert state is Kstatus.FAILED, "a person has to correct the spec"
    if found != other:
        assert (found["status"], other["status"]) == ("Suspended", "Progressing")
        assert state is Kstatus.IN_PROGRESS


def check_actions(body: Body) -> None:
    """Only what the plugin would order is offered, in the same words, and all of that."""
    offered = {name for name, one in DISCOVERY(body).items() if not one["disabled"]}
    release = parse_release(body)
    attempt = release.status.attempt
    for kind in OrderKind:
        name = str(kind).lower()
        try:
            order = order_of(release, Wish(kind))
        except UnansweredError:
            assert name not in offered, f"{name} would not be obeyed"
            continue
        in_git = release.spec is None or release.spec.suspend is not None
        turned = attempt is not None and attempt.trigger is not None
        if name not in offered:
            # What only Git can take back; what was ordered already.
            assert in_git or turned or names.ANNOTATION_SUSPEND in release.annotations, name
            continue
        patch = argocd.patch(body, ACTIONS[name])
        assert patch.keys() <= {"metadata"}
        written = patch.get("metadata", {}).get("annotations", {})
        assert ordered(release, written) == ordered(release, order.annotations)


def ordered(release: ReleaseObject, patch: Mapping[str, str | None]) -> dict[str, str]:
    """The orders on a Release once its annotations are patched."""
    after = {**release.annotations, **patch}
    return {key: value for key, value in after.items() if value and key in names.ORDERS}
