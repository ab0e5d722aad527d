"""The type of a release is the step's own, whatever its author declares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.api.release import ReleaseType
from release_coordinator.engine.versions import allowed_types, derive_type, kind_of

NUMBER = st.integers(0, 3)
VERSIONS = st.builds(
    "{}.{}.{}{}".format, NUMBER, NUMBER, NUMBER, st.sampled_from(["", "-rc.1", "-rc.2"])
)
DECLARED = st.one_of(st.none(), st.sampled_from(list(ReleaseType)))


@given(st.one_of(st.none(), VERSIONS), VERSIONS, DECLARED)
def test_nobody_gets_another_type_by_declaring_it(
    previous: str | None, version: str, declared: ReleaseType | None
) -> None:
    own, kind = kind_of(previous, version, None), kind_of(previous, version, declared)

    if kind is not own:
        assert kind is declared
        assert (kind, derive_type(previous, version)) in {
            (ReleaseType.HOTFIX, ReleaseType.PATCH),
            (ReleaseType.ROLLBACK, ReleaseType.ROLLBACK),
        }


@pytest.mark.parametrize(
    ("previous", "version", "kind"),
    [
        (None, "1.0.0", "Major"),
        (None, "0.3.0", "Minor"),
        ("2.0.0-rc.1", "2.0.0-rc.2", "Major"),
        ("1.2.0", "1.2.0", "Minor"),
        ("1.2.3", "1.2.3", "Patch"),
        ("1.3.0", "1.2.9", "Patch"),
    ],
)
@pytest.mark.parametrize("declared", [None, "Hotfix", "Major"])
def test_a_step_that_derives_no_type_is_what_its_numbers_say(
    previous: str | None, version: str, kind: str, declared: str | None
) -> None:
    found = kind_of(previous, version, ReleaseType(declared) if declared else None)

    assert found == kind


def test_a_fix_may_be_called_urgent_and_a_way_back_a_rollback() -> None:
    assert allowed_types("1.2.3", "1.2.4") == (ReleaseType.PATCH, ReleaseType.HOTFIX)
    assert kind_of("1.3.0", "1.2.9", ReleaseType.ROLLBACK) is ReleaseType.ROLLBACK
