"""The configuration of the status page: environment variables, each with a default.

Read once by `statuspage.__main__`. The chart sets them; what the operator has too is called alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from release_coordinator.settings import PREFIX, BadSettings, LogFormat, from_environment

_NAMESPACE = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class PageSettings:
    """How the page is served, and what it shows."""

    log_format: LogFormat = "json"
    log_level: str = "INFO"
    namespaces: tuple[str, ...] = ()
    """Namespaces whose releases are shown to the team; empty means all."""
    public_namespaces: tuple[str, ...] = ()
    """Namespaces whose releases the public summary shows; empty: there is no public summary."""
    public_title: str = "Releases"
    """What stands above the public summary."""
    http_port: int = 8080
    public_port: int = 8081
    user_header: str = ""
    """Header in which the authentication proxy says who reads; empty: nobody is named."""
    kubeconfig: Path | None = None
    """Named explicitly, or the pod's own service account."""


def page_settings(environment: Mapping[str, str]) -> PageSettings:
    """Read the variables. Raises BadSettings naming the variable and what to write."""
    common = from_environment(environment)
    header = environment.get(f"{PREFIX}STATUS_USER_HEADER", "").strip()
    if header and not _HEADER.fullmatch(header):
        raise BadSettings(
            f"{PREFIX}STATUS_USER_HEADER is {header!r}; use the name of a header, like "
            "X-Auth-Request-User"
        )
    public = _names(environment, "STATUS_PUBLIC_NAMESPACES")
    outside = [one for one in public if common.namespaces and one not in common.namespaces]
    if outside:
        raise BadSettings(
            f"{PREFIX}STATUS_PUBLIC_NAMESPACES names {outside[0]!r}, which {PREFIX}NAMESPACES does "
            "not: the page may not read it; name it in both, or in neither"
        )
    return PageSettings(
        log_format=common.log_format,
        log_level=common.log_level,
        namespaces=common.namespaces,
        public_namespaces=public,
        public_title=environment.get(f"{PREFIX}STATUS_PUBLIC_TITLE", "").strip()[:80] or "Releases",
        http_port=common.http_port,
        public_port=_port(environment),
        user_header=header,
        kubeconfig=common.kubeconfig,
    )


def _names(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    found = [part.strip() for part in environment.get(PREFIX + name, "").split(",")]
    names = tuple(dict.fromkeys(part for part in found if part))
    for one in names:
        if not _NAMESPACE.fullmatch(one):
            raise BadSettings(
                f"{PREFIX}{name} has {one!r}, which no namespace can be called; name namespaces "
                "with commas between them"
            )
    return names


def _port(environment: Mapping[str, str]) -> int:
    name = f"{PREFIX}STATUS_PUBLIC_PORT"
    text = environment.get(name, "8081").strip()
    if not (text.isdecimal() and int(text) <= 65535):  # noqa: PLR2004 - the largest port
        raise BadSettings(f"{name} is {text!r}; use a number from 0 to 65535")
    return int(text)
