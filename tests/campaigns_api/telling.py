"""What the operator still has to tell of what is stored: Incidents follow on a queue of their own.

Asked before a world is looked at for the last time, so that what follows late is no write too many.
"""

from collections.abc import AsyncIterator

from release_coordinator.api.codec import parse_incident, parse_release
from release_coordinator.api.record import RecordSpec
from release_coordinator.cluster.port import INCIDENT, RECORD, RELEASE, Cluster
from release_coordinator.engine import incidents
from release_coordinator.engine.incidents import Course


async def untold(cluster: Cluster, namespace: str) -> list[Course]:
    """Attempts that went wrong and have no Incident, or none that says how they ended."""
    told = [parse_incident(body) for body in await cluster.list(INCIDENT, namespace)]
    opened = {one.spec.attempt for one in told if one.spec}
    complete = {one.spec.attempt for one in told if one.spec and one.status.record}
    courses = [course async for course in _courses(cluster, namespace)]
    return [
        course
        for course in courses
        if incidents.cause_of(course) is not None
        and course.number not in (complete if course.over else opened)
    ]


async def _courses(cluster: Cluster, namespace: str) -> AsyncIterator[Course]:
    for body in await cluster.list(RECORD, namespace):
        record = RecordSpec.model_validate(body["spec"])
        yield incidents.of_record(body["metadata"]["name"], record)
    for body in await cluster.list(RELEASE, namespace):
        attempt = parse_release(body).status.attempt
        if attempt is not None and attempt.end is None:
            yield incidents.of_attempt(attempt)
