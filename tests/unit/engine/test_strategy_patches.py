"""Update strategies on the way back: what one type has needed, another one forbids."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.engine import documents

_COUNTS = st.sampled_from([1, 2, "25%"])
_ROLLING = st.fixed_dictionaries({}, optional={"maxSurge": _COUNTS, "maxUnavailable": _COUNTS})
_STORED: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({"type": "Recreate"}),
    _ROLLING.map(lambda found: {"type": "RollingUpdate", "rollingUpdate": found}),
)
"""A strategy as an API server has it: with its type, and with what that type has."""
_SAID: st.SearchStrategy[dict[str, Any]] = st.one_of(
    _STORED,
    st.just({}),
    st.just({"type": "RollingUpdate"}),
    _ROLLING.map(lambda found: {"rollingUpdate": found}),
)
"""A strategy as people write it."""


def spec(strategy: Any) -> dict[str, Any]:
    return {"metadata": {}, "spec": {"strategy": strategy}}


@given(_SAID, _STORED, _STORED)
def test_no_type_is_given_back_with_what_another_type_has_needed(
    said: dict[str, Any], live: dict[str, Any], recorded: dict[str, Any]
) -> None:
    owned = documents.outline(spec(said))

    after = documents.merged(spec(live), documents.back(owned, spec(live), spec(recorded)))

    strategy = after["spec"]["strategy"]
    assert strategy["type"] == "RollingUpdate" or "rollingUpdate" not in strategy, strategy
    assert strategy["type"] in {live["type"], recorded["type"]}


def test_a_type_that_is_no_longer_declared_comes_back_without_the_default_of_another() -> None:
    default = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}
    recreate = {"type": "Recreate"}
    owned = documents.outline(spec(recreate))

    change = documents.back(owned, spec(default), spec(recreate))

    assert change == {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}}
