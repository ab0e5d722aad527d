"""The variables of the status page: what they mean, and what is wrong with others."""

import pytest

from release_coordinator.settings import BadSettings
from release_coordinator.statuspage.settings import PageSettings, page_settings

PREFIX = "RELEASE_COORDINATOR_"


def read(**variables: str) -> PageSettings:
    return page_settings({PREFIX + name: value for name, value in variables.items()})


def test_without_variables_nothing_is_public_and_nobody_is_named() -> None:
    assert read() == PageSettings()


def test_names_are_read_with_or_without_spaces_and_once() -> None:
    assert read(STATUS_PUBLIC_NAMESPACES="shop, billing,,shop").public_namespaces == (
        "shop",
        "billing",
    )


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"STATUS_USER_HEADER": "X User"}, "use the name of a header"),
        ({"STATUS_USER_HEADER": "X-User\nSet-Cookie"}, "use the name of a header"),
        ({"STATUS_PUBLIC_NAMESPACES": "Shop"}, "which no namespace can be called"),
        ({"STATUS_PUBLIC_NAMESPACES": "a/../b"}, "which no namespace can be called"),
        ({"STATUS_PUBLIC_NAMESPACES": "shop", "NAMESPACES": "billing"}, "name it in both"),
        ({"STATUS_PUBLIC_PORT": "65536"}, "use a number from 0 to 65535"),
        ({"STATUS_PUBLIC_PORT": "eighty"}, "use a number from 0 to 65535"),
        ({"HTTP_PORT": "-1"}, "use a number from 0 to 65535"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_to_write(
    variables: dict[str, str], words: str
) -> None:
    with pytest.raises(BadSettings, match=words):
        read(**variables)
