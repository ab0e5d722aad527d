"""Names of everything an attempt creates."""

import re

from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.api.base import NAME_PATTERN, OBJECT_NAME_PATTERN
from release_coordinator.api.job import JobTemplate
from release_coordinator.api.schema import NAME_LIMIT
from release_coordinator.engine import names

SUBDOMAIN = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
RELEASES = st.from_regex(SUBDOMAIN, fullmatch=True).filter(lambda name: len(name) <= NAME_LIMIT)
LABELS = st.from_regex(NAME_PATTERN, fullmatch=True).filter(lambda name: len(name) <= 63)
STEPS = st.builds(
    "{}{}".format,
    st.sampled_from(["migrate/", "undo/migrate/", "refresh/cache/", "undo/verify/smoke/"]),
    LABELS,
)
UIDS = st.uuids().map(str)
ATTEMPTS = st.integers(min_value=1, max_value=9999)
TEMPLATES = st.builds(JobTemplate, image=st.sampled_from(["example/a:1", "example/b:1"]))


@given(RELEASES, UIDS, ATTEMPTS, STEPS, TEMPLATES)
def test_every_name_is_one_that_the_server_takes(
    release: str, uid: str, attempt: int, step: str, template: JobTemplate
) -> None:
    found = [
        names.job_name(release, uid, attempt, step, template),
        names.revision_name(release, uid, attempt, "sha256:" + "0" * 64),
        names.record_name(release, uid, attempt),
    ]

    for name in found:
        assert len(name) <= 63
        assert SUBDOMAIN.fullmatch(name)
        assert re.fullmatch(OBJECT_NAME_PATTERN, name)


@given(st.sets(st.tuples(UIDS, ATTEMPTS, STEPS, TEMPLATES.map(lambda t: t.image)), max_size=8))
def test_different_work_has_different_names(work: set[tuple[str, int, str, str]]) -> None:
    found = {
        names.job_name("bookshop", uid, attempt, step, JobTemplate(image=image))
        for uid, attempt, step, image in work
    }

    assert len(found) == len(work)


def test_a_name_is_the_same_after_a_restart() -> None:
    template = JobTemplate(image="example/bookshop-migrate:1.3.0", args=["upgrade", "0007"])

    name = names.job_name("bookshop", "5b1f0f4e", 1, "migrate/0007-add-isbn", template)

    assert name == "bookshop-1-migrate-0007-add-isbn-1f8dd405f0"
