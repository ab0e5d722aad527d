"""One thing that was found in a file. Pure; made in all of `cli.lint`, shown by its `report`."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from release_coordinator.api.faults import Fault


class Level(StrEnum):
    """How bad it is; the words of SARIF."""

    ERROR = "error"
    """The API server or the operator refuses it, or it cannot work."""
    WARNING = "warning"
    """Legal, and most people will regret it."""
    NOTE = "note"
    """Worth knowing; for example what could not be checked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something in one object of a file."""

    level: Level
    rule: str
    """Short and stable, for programs and for --ignore."""
    path: str
    """Field, like `spec.components[0].images`."""
    text: str
    """What is wrong; what to do about it."""
    file: str = ""
    line: int = 1
    object: str = ""
    """Kind and name."""

    def __str__(self) -> str:
        """As compilers say it, so that editors find the place."""
        where = f"{self.path}: " if self.path else ""
        return f"{self.file}:{self.line}: {self.level}: {where}{self.text} [{self.rule}]"


def error(rule: str, path: str, text: str) -> Finding:
    """Something that is refused."""
    return Finding(Level.ERROR, rule, path, text)


def warning(rule: str, path: str, text: str) -> Finding:
    """Something that most people will regret."""
    return Finding(Level.WARNING, rule, path, text)


def note(rule: str, path: str, text: str) -> Finding:
    """Something worth knowing."""
    return Finding(Level.NOTE, rule, path, text)


def of_faults(rule: str, faults: Iterable[Fault]) -> list[Finding]:
    """Faults of the API's own readers."""
    return [error(rule, fault.path, f"{fault.problem}; {fault.remedy}") for fault in faults]
