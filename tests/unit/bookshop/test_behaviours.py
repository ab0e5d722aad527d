"""Each version of the bookshop has the one fault it is known for."""

import pytest
from bookshop.behaviours import BEHAVIOURS, behaviour_of
from manifests.bookshop import build


def test_every_version_that_is_built_has_a_behaviour() -> None:
    assert tuple(BEHAVIOURS) == build.VERSIONS


@pytest.mark.parametrize("version", ["1.2.0", "1.3.0"])
def test_good_versions_have_no_fault(version: str) -> None:
    good = behaviour_of(version)

    assert good.becomes_ready
    assert good.slow_factor == 1
    assert good.total_cents(250, 3) == 750


@pytest.mark.parametrize("version", ["1.4.0", "1.4.4"])
def test_slow_versions_take_ten_times_as_long(version: str) -> None:
    assert behaviour_of(version).seconds_of_work == 10 * behaviour_of("1.3.0").seconds_of_work


def test_1_4_1_never_becomes_ready() -> None:
    assert not behaviour_of("1.4.1").becomes_ready


def test_1_4_2_charges_one_copy_only() -> None:
    assert behaviour_of("1.4.2").total_cents(250, 3) == 250


def test_an_unknown_version_is_refused_by_name() -> None:
    with pytest.raises(LookupError, match=r"no version '9\.9\.9', only 1\.2\.0"):
        behaviour_of("9.9.9")


def test_1_4_5_answers_every_third_time_with_an_error() -> None:
    assert behaviour_of("1.4.5").fails_every == 3
    assert behaviour_of("1.3.0").fails_every == 0
