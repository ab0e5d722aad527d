"""Foreign text cannot forge a second line or hide a part."""

from hypothesis import given
from hypothesis import strategies as st

from release_coordinator.text import one_line


@given(st.text(), st.integers(min_value=1, max_value=50))
def test_the_result_is_one_short_printable_line(text: str, limit: int) -> None:
    shown = one_line(text, limit)
    assert len(shown) <= limit
    assert len(shown.splitlines()) <= 1
    assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in shown)


def test_escape_sequences_and_reversal_marks_are_gone() -> None:
    assert one_line("a\x1b[31mb\r\n\r\nc\u202ed") == "a [31mb c d"


def test_halves_of_a_surrogate_pair_are_gone_as_they_cannot_be_written() -> None:
    assert one_line("a\ud800\udfffb").encode() == b"a b"


def test_ordinary_text_of_any_language_stays() -> None:
    assert one_line("größer als 5 % é 你好") == "größer als 5 % é 你好"


def test_a_cut_is_visible() -> None:
    assert one_line("abcdef", 4) == "abc…"
