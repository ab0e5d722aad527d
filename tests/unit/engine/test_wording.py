"""How quantities and lists read: as people write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kubernetes.utils import parse_quantity

from release_coordinator.engine.wording import quantity, some


@pytest.mark.parametrize(
    ("resource", "amount", "text"),
    [
        ("requests.cpu", 0.5, "500m"),
        ("limits.cpu", 1.5, "1500m"),
        ("cpu", 2.0, "2"),
        ("cpu", 0.0, "0"),
        ("requests.cpu", 4321.125, "4321125m"),
        ("requests.memory", 256 * 2**20, "256Mi"),
        ("memory", 1.5 * 2**30, "1536Mi"),
        ("limits.memory", 10**9, "1G"),
        ("limits.memory", 1024 * 10**9, "1024G"),
        ("requests.memory", 0.0, "0"),
        ("requests.memory", 999.0, "999"),
        ("requests.memory", 123_456_789.0, "117.7Mi"),
        ("requests.ephemeral-storage", 2.0**31, "2Gi"),
        ("requests.hugepages-2Mi", 2.0**21, "2Mi"),
        ("pods", 3, "3"),
        ("count/pods", 12.0, "12"),
        ("requests.nvidia.com/gpu", 1.0, "1"),
    ],
)
def test_quantities_read_as_people_write_them(resource: str, amount: float, text: str) -> None:
    assert quantity(resource, amount) == text


def parsed(text: str) -> float:
    parse: Any = parse_quantity  # carries no types
    return float(parse(text))


@given(st.integers(0, 10**6), st.sampled_from(["", "k", "M", "G", "Ki", "Mi", "Gi"]))
def test_what_people_write_of_memory_reads_as_the_same_amount(number: int, unit: str) -> None:
    amount = parsed(f"{number}{unit}")
    assert parsed(quantity("memory", amount)) == pytest.approx(amount, abs=2**20 / 10)


@given(st.integers(0, 10**7))
def test_millicores_read_as_the_same_amount(milli: int) -> None:
    amount = parsed(f"{milli}m")
    assert parsed(quantity("requests.cpu", amount)) == amount


def test_long_lists_end_in_a_number() -> None:
    assert some(["a", "b"]) == "a, b"
    assert some(["a", "b", "c", "d"], limit=2) == "a, b and 2 more"
