"""What counts as the same artifacts in staging and production."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.records import spec_of
from tests.releases import Body, bookshop

from release_coordinator.engine.artifacts import first_difference
from release_coordinator.engine.plan import artifact_digest, spec_digest

JOB = {"image": "example/x:1", "args": ["up"]}
NAMES = st.sampled_from(["a", "b", "c"])
IMAGES = st.dictionaries(
    st.sampled_from(["web", "api"]), st.sampled_from(["x:1", "x:2"]), min_size=1
)


@st.composite
def components(draw: st.DrawFn) -> list[Body]:
    """Up to three components in any order, with dependencies."""
    names = draw(st.lists(NAMES, min_size=1, unique=True))
    return [
        {
            "name": name,
            "workloadRef": {"name": draw(st.sampled_from([name, f"{name}-2"]))},
            "images": draw(IMAGES),
            "dependsOn": draw(st.lists(st.sampled_from(names), unique=True).map(list)),
        }
        for name in names
    ]


@st.composite
def migrations(draw: st.DrawFn) -> list[Body]:
    """Up to two migrations."""
    found = []
    for name in draw(st.lists(NAMES, max_size=2, unique=True)):
        jobs = st.fixed_dictionaries(
            {"image": st.sampled_from(["m:1", "m:2"])},
            optional={
                "args": st.sampled_from([["x"], ["x y"], ["x", "y"]]),
                "command": st.sampled_from([["x"], ["y"]]),
                "timeout": st.sampled_from(["1m", "2m"]),
            },
        )
        migration: Body = {"name": name, "up": draw(jobs)}
        if draw(st.booleans()):
            migration |= {"reversibility": "Reversible", "down": draw(jobs)}
        else:
            migration["reversibility"] = draw(st.sampled_from(["ExpandOnly", "Irreversible"]))
        found.append(migration)
    return found


SPECS = st.fixed_dictionaries(
    {
        "version": st.sampled_from(["1.3.0", "1.4.0"]),
        "components": components(),
        "migrations": migrations(),
    }
)


@given(SPECS, SPECS)
def test_plans_differ_in_words_exactly_if_their_artifacts_have_other_digests(
    staging: Body, here: Body
) -> None:
    there, own = spec_of({"spec": staging}), spec_of({"spec": here})

    same = artifact_digest(there) == artifact_digest(own)

    assert (first_difference(there, own) == "") == same


def changed(**spec: Any) -> Body:
    body = bookshop()
    body["spec"] |= spec
    return body


def at(path: str, value: Any) -> Body:
    """The bookshop's Release with one field changed."""
    body = bookshop()
    *way, last = (int(part) if part.isdecimal() else part for part in path.split("."))
    place: Any = body["spec"]
    for part in way:
        place = place[part]
    place[last] = copy.deepcopy(value)
    return body


@pytest.mark.parametrize(
    "body",
    [
        at("watch.metrics.0.query", "other"),
        at("watch.duration", "1h"),
        changed(watch=None),
        changed(caches=[]),
        changed(warmup=[{"name": "w", "job": JOB}]),
        changed(documents={}),
        changed(backup={"job": JOB}),
        changed(verify={}),
        changed(rollback={"smokeTests": [{"name": "t", "job": JOB}]}),
        changed(type="Hotfix"),
        at("components.0.health.port", 9090),
        at("components.0.workloadRef.name", "backend-staging"),
        at("migrations.0.up.env", [{"name": "DSN", "value": "other"}]),
        at("migrations.0.up.timeout", "1h"),
        changed(components=bookshop()["spec"]["components"][::-1]),
    ],
)
def test_what_may_differ_in_staging_is_no_part_of_the_artifacts(body: Body) -> None:
    assert spec_digest(spec_of(body)) != spec_digest(spec_of(bookshop()))
    assert first_difference(spec_of(body), spec_of(bookshop())) == ""
    assert artifact_digest(spec_of(body)) == artifact_digest(spec_of(bookshop()))


OTHER = {"name": "0008", "reversibility": "ExpandOnly", "up": JOB}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (changed(version="1.3.1"), "version: staging 1.3.1, here 1.3.0"),
        (
            at("components.1.images.web", "example/bookshop-frontend:1.3.1"),
            (
                "image of frontend/web: staging example/bookshop-frontend:1.3.1, here "
                "example/bookshop-frontend:1.3.0"
            ),
        ),
        (at("components.1.dependsOn", []), "dependsOn of frontend: staging none, here backend"),
        (
            changed(components=bookshop()["spec"]["components"][:1]),
            "components: staging backend, here backend, frontend",
        ),
        (changed(migrations=[]), "migrations: staging none, here 0007-add-isbn"),
        (
            changed(migrations=[OTHER, *bookshop()["spec"]["migrations"]]),
            "migrations: staging 0008, 0007-add-isbn, here 0007-add-isbn",
        ),
        (
            at("migrations.0.down.args", ["downgrade", "0005"]),
            (
                "down of migration 0007-add-isbn: staging example/bookshop-migrate:1.3.0 "
                "[]['downgrade', '0005'], here example/bookshop-migrate:1.3.0 "
                "[]['downgrade', '0006']"
            ),
        ),
    ],
)
def test_the_first_difference_is_told(body: Body, words: str) -> None:
    assert first_difference(spec_of(body), spec_of(bookshop())) == words
    assert artifact_digest(spec_of(body)) != artifact_digest(spec_of(bookshop()))
