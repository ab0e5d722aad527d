"""Differences of configuration: which are allowed, and how they are told."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.records import completed, staging_release
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import Gate, GateState, Role
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine.configuration import Difference, differences, matches
from release_coordinator.engine.evidence import ConfigFact, ConfigWant, RecordsFact, RecordsWant
from release_coordinator.engine.gates import staging_config

BACK, FRONT = "bookshop-backend", "bookshop-frontend"
HERE = {"env/LOG_LEVEL": "info", "args": '["--pool","5"]'}
Entries = dict[str, str]


def asked(
    there: Entries | ConfigFact | None = None,
    *allowed: str,
    here: ConfigFact | None = ConfigFact(HERE),  # noqa: B008 - frozen
    workload: str = BACK,
    namespace: str = "shop-staging",
) -> Gate:
    """What the gate says when the backend in staging is configured like this."""
    fact = ConfigFact(there) if isinstance(there, dict) else there
    body = staging_release()
    body["spec"]["components"][0]["workloadRef"] = {"name": workload}
    facts = {
        RecordsWant(namespace, "staged"): RecordsFact((completed(1, body=body),)),
        ConfigWant(WorkloadRef(name=workload), namespace): fact,
        ConfigWant(WorkloadRef(name=BACK)): here,
        ConfigWant(WorkloadRef(name=FRONT), namespace): ConfigFact({}),
        ConfigWant(WorkloadRef(name=FRONT)): ConfigFact({}),
    }
    staging = {"namespace": namespace, "release": "staged", "differences": list(allowed)}
    return staging_config.evaluate(context(facts=facts, policy={"staging": staging})).gate


# The matcher.


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("backend/env/LOG_LEVEL", "backend/env/LOG_LEVEL"),
        ("*/env/LOG_LEVEL", "frontend/env/LOG_LEVEL"),
        ("*/config/*/host", "backend/config/bookshop/host"),
        ("backend/env/*", "backend/env/"),
        ("*/*", "backend/args"),
        ("*/env/LOG_*", "backend/env/LOG_LEVEL"),
        ("*/env/*_URL", "backend/env/API_URL"),
    ],
)
def test_a_star_stands_for_anything_between_slashes(pattern: str, path: str) -> None:
    assert matches(pattern, path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("backend/env/LOG_LEVEL", "frontend/env/LOG_LEVEL"),
        ("*/config/*/host", "backend/config/bookshop/port"),
        ("backend/*", "backend/env/LOG_LEVEL"),
        ("*", "backend/args"),
        ("*/env/A*A", "backend/env/A"),
        ("*/env/*AB*B", "backend/env/AB"),
        ("*/env/LOG.LEVEL", "backend/env/LOG_LEVEL"),
        ("*/env/[A-Z]*", "backend/env/LOG"),
    ],
)
def test_a_pattern_covers_no_more_than_it_says(pattern: str, path: str) -> None:
    assert not matches(pattern, path)


@given(st.text("ab*/", max_size=12), st.text("ab/", max_size=12))
def test_patterns_mean_what_the_same_regular_expression_means(pattern: str, path: str) -> None:
    expression = "[^/]*".join(re.escape(part) for part in pattern.split("*"))

    assert matches(pattern, path) == bool(re.fullmatch(expression, path))


@given(st.text("ab*/", max_size=30))
def test_a_pattern_covers_itself_and_what_its_stars_are_replaced_with(pattern: str) -> None:
    assert matches(pattern, pattern.replace("*", ""))
    assert matches(pattern, pattern.replace("*", "x.y"))


@given(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12")),
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from("12")),
)
def test_there_is_a_difference_exactly_for_each_path_that_differs(
    there: Entries, here: Entries
) -> None:
    found = differences("backend", there, here, ["frontend/*"])

    assert [one.path for one in found] == sorted(
        {path for path, _ in set(there.items()) ^ set(here.items())}
    )
    assert not differences("backend", there, here, ["*/*"])


def test_differences_are_told_with_short_values() -> None:
    assert str(Difference("args", "a", "b")) == 'args: staging "a", here "b"'
    assert str(Difference("args", None, "b")) == 'args: missing in staging, here "b"'
    assert str(Difference("args", "a", None)) == 'args: staging "a", missing here'
    assert str(Difference("args", "x" * 99, "b")) == f'args: staging "{"x" * 31}…", here "b"'


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("env/DB_PASSWORD", "hunter2"),
        ("config/bookshop/apiKey", "hunter2"),
        ("env/DATABASE", "postgres://shop:hunter2@db/shop"),
    ],
)
def test_what_looks_like_a_credential_is_not_shown(path: str, value: str) -> None:
    told = str(Difference(path, value, "secret bookshop-db/password"))

    assert "hunter2" not in told
    assert "staging (not shown)" in told
    assert 'here "secret bookshop-db/password"' in told


# The gate.


def test_staging_is_configured_like_production() -> None:
    gate = asked(HERE)

    assert gate.state is GateState.PASSED
    assert gate.message == "2 components are configured as in shop-staging/staged (2 entries)"


def test_allowed_differences_pass_and_are_named() -> None:
    gate = asked(HERE | {"env/LOG_LEVEL": "debug"}, "backend/env/LOG_LEVEL", "*/env/NOT_THERE")

    assert gate.state is GateState.PASSED
    assert gate.message.endswith(", but for */env/NOT_THERE, backend/env/LOG_LEVEL")


def test_a_difference_is_shown_with_both_values_and_what_to_do() -> None:
    gate = asked(HERE | {"env/LOG_LEVEL": "debug"}, "frontend/env/LOG_LEVEL")

    assert (gate.state, gate.owner) == (GateState.FAILED, Role.DEVOPS)
    assert gate.message == (
        'backend env/LOG_LEVEL: staging "debug", here "info". Make them agree, or have the '
        "platform team allow it in spec.staging.differences of ReleasePolicy default"
    )


def test_of_many_differences_the_first_are_shown_and_the_others_counted() -> None:
    many = {f"env/VARIABLE_{number}": "a long value that is " * 5 for number in range(9)}

    gate = asked(HERE | many)

    assert "VARIABLE_2: staging" in gate.message
    assert "VARIABLE_3" not in gate.message
    assert "; and 6 more. Make them agree" in gate.message
    assert not gate.message.endswith("…")


def test_a_workload_that_is_missing_in_staging_is_named() -> None:
    gate = asked(None)

    assert gate.state is GateState.FAILED
    assert "there is no Deployment bookshop-backend in namespace shop-staging" in gate.message


def test_a_workload_that_is_missing_here_is_named() -> None:
    gate = asked(HERE, here=None)

    assert gate.state is GateState.FAILED
    assert "there is no Deployment bookshop-backend in this namespace" in gate.message


def test_a_configuration_that_may_not_be_read_is_for_the_platform_team() -> None:
    gate = asked(ConfigFact({}, "the operator may not read configmaps"))

    assert (gate.state, gate.owner) == (GateState.UNKNOWN, Role.PLATFORM)
    assert gate.message == "the operator may not read configmaps"


def test_a_workload_may_have_another_name_in_staging() -> None:
    assert asked(HERE, workload="backend-next", namespace="shop").state is GateState.FAILED
    assert asked(HERE, workload="backend-next").state is GateState.PASSED


def test_a_workload_is_not_compared_with_itself() -> None:
    gate = asked(HERE, namespace="shop")

    assert gate.state is GateState.FAILED
    assert "Deployment bookshop-frontend of this Release cannot be compared" in gate.message
