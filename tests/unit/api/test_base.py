"""Moments as the journal keeps them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from release_coordinator.api.base import Time, format_time

TIME: TypeAdapter[datetime] = TypeAdapter(Time)


def test_a_moment_with_an_offset_is_read_in_utc() -> None:
    """Messages say UTC beside it."""
    moment = TIME.validate_python("2026-11-26T01:30:00+02:00")

    assert f"{moment:%Y-%m-%d %H:%M}" == "2026-11-25 23:30"


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_moment_that_could_not_be_written_again_is_not_read(text: str) -> None:
    with pytest.raises(ValidationError, match="is no moment in UTC"):
        TIME.validate_python(text)


@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_whatever_is_read_can_be_written(moment: datetime) -> None:
    try:
        read = TIME.validate_python(moment.isoformat())
    except ValidationError:
        return
    assert TIME.validate_python(format_time(read)) == read.replace(
        microsecond=read.microsecond // 1000 * 1000
    )
