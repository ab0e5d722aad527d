"""A list of faults costs no more than one of them."""

import pytest
from pydantic import ValidationError

from release_coordinator.signals.envelope import MOST_VALUES
from release_coordinator.signals.firing import read_firing
from release_coordinator.signals.rules import read_rules
from release_coordinator.signals.wire import Labels, Listed, Wire


class Thing(Wire):
    """Has a name."""

    name: str
    labels: Labels


class Things(Wire):
    """Has things."""

    things: Listed[Thing]


@pytest.mark.parametrize(
    "things",
    [
        [{}] * 1_000,
        [None] * 1_000,
        [{"name": "a", "labels": dict.fromkeys(map(str, range(1_000)), 1)}] * 1_000,
    ],
)
def test_only_the_first_fault_of_a_list_is_noted(things: list[object]) -> None:
    with pytest.raises(ValidationError) as raised:
        Things.model_validate({"things": things})
    assert raised.value.error_count() <= 2


@pytest.mark.parametrize("labels", [None, [], "a", {"a": None}, {"a": {}}])
def test_what_is_not_text_is_no_label(labels: object) -> None:
    with pytest.raises(ValidationError):
        Thing.model_validate({"name": "a", "labels": labels})


def test_an_answer_with_more_small_values_than_any_source_has_is_not_read() -> None:
    small = b"[],"
    for read in (read_firing, read_rules):
        body = b'{"status":"success","data":{"alerts":[%b[]]}}' % (small * (MOST_VALUES // 2))
        assert f"more than {MOST_VALUES} values" in read(200, body).problem
        assert "HTTP 500" in read(500, body).problem
