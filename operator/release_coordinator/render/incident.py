"""Bodies of Incidents: the one that the operator opens, and the status that it reports; pure.

Called by `controllers.incidents`.
"""

from typing import Any

from release_coordinator.api.codec import IncidentObject, ReleaseObject
from release_coordinator.api.incident import IncidentStatus
from release_coordinator.engine import names
from release_coordinator.engine.incidents import Course

from . import labels

Body = dict[str, Any]


def incident_body(release: ReleaseObject, course: Course) -> Body:
    """The Incident of an attempt. No owner: it outlives its Release.

    It says only what does not depend on when it is written; the rest is for people to write.
    """
    return {
        "metadata": {
            "name": names.incident_name(release.name, release.uid, course.number),
            "namespace": release.namespace,
            "labels": labels.of_attempt(release, course.number),
        },
        "spec": {
            "release": release.name,
            "releaseUid": release.uid,
            "attempt": course.number,
            "title": f"{release.name} {course.version}, attempt {course.number}",
            "state": "Investigating",
        },
    }


def status_body(incident: IncidentObject, status: IncidentStatus) -> Body:
    """PUT body of the status subresource, if the Incident is still the one that was seen."""
    return {
        "metadata": {
            "name": incident.name,
            "namespace": incident.namespace,
            "resourceVersion": incident.resource_version,
            "uid": incident.uid,
        },
        "status": status.to_wire(),
    }
