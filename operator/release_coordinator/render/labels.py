"""The labels of what the operator makes; pure.

The Release's name makes a watch map an object to its Release. What only is kept for later does not
carry it.
"""

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.engine import names

Labels = dict[str, str]


def kept_for(release: ReleaseObject) -> Labels:
    """Of what no watch has to tell."""
    return {names.LABEL_MANAGED_BY: names.MANAGED_BY, names.LABEL_UID: release.uid}


def working_for(release: ReleaseObject) -> Labels:
    """Of what its Release hears of."""
    return {
        names.LABEL_MANAGED_BY: names.MANAGED_BY,
        names.LABEL_RELEASE: release.name,
        names.LABEL_UID: release.uid,
    }


def of_attempt(release: ReleaseObject, number: int) -> Labels:
    """Of what belongs to one attempt."""
    return {**working_for(release), names.LABEL_ATTEMPT: str(number)}
