"""Which Events there are and when each is told; the reference of the docs is made from it.

Beside `render.event`, which tells them; a test compares the two.
"""

from collections.abc import Mapping

from release_coordinator.api.conditions import Reason

NORMAL, WARNING = "Normal", "Warning"

TOLD: Mapping[Reason, tuple[str, str]] = {
    Reason.ATTEMPT_STARTED: (NORMAL, "An attempt begins: from which version to which."),
    Reason.GATES_NOT_PASSED: (
        f"{NORMAL} or {WARNING}",
        "Gates are shut: which, and who must act. Normal while only answers are awaited.",
    ),
    Reason.GATES_PASSED: (NORMAL, "All gates are open: how many have passed, and by a waiver."),
    Reason.STEP_SUCCEEDED: (NORMAL, "A step has ended well, if nothing that follows tells so."),
    Reason.STEP_FAILED: (WARNING, "A step has failed: which, and what was found."),
    Reason.ROLLBACK_STARTED: (
        f"{WARNING} or {NORMAL}",
        "The way back begins: why. Normal for a rehearsal.",
    ),
    Reason.REHEARSED: (NORMAL, "A rehearsal has gone its way back and was verified."),
    Reason.PUT_BACK: (WARNING, "An image that somebody had set back was applied again: who."),
    Reason.GITOPS_CONFLICT: (
        WARNING,
        "At rest: a GitOps tool has set an image back. In the middle that is told as Held.",
    ),
    Reason.DRIFTED: (WARNING, "At rest: a workload no longer runs what the release has left."),
    Reason.HELD: (WARNING, "A person must decide: what, and how to go on."),
    Reason.SUSPENDED: (NORMAL, "A person has suspended the release: who, and how far."),
    Reason.RESUMED: (NORMAL, "A hold or a suspension has ended."),
    Reason.COMPLETED: (NORMAL, "An attempt has ended: the version runs and stayed good."),
    Reason.ROLLED_BACK: (WARNING, "An attempt has ended: the previous version runs again."),
    Reason.ROLLBACK_FAILED: (WARNING, "An attempt has ended, and the way back did not work."),
    Reason.SUPERSEDED: (NORMAL, "An attempt has ended, because another plan took its place."),
}
"""Type and occasion of each. An attempt that ends `Failed` is told as a warning with the reason of
its failure."""
