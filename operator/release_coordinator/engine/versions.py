"""The step from one version to the next, and the type of release it is (R1.1-R1.3). Pure.

Below `policy` and the gates, because the type decides what is required: an author can declare a
type, and must not be able to choose a weaker one by it.
"""

import re

import semver

from release_coordinator.api.release import ReleaseType


def type_of_numbers(version: str) -> ReleaseType:
    """What a version is by its numbers alone: 2.0.0 Major, 1.4.0 Minor, 1.4.2 Patch."""
    numbers = semver.Version.parse(version)
    if numbers.patch:
        return ReleaseType.PATCH
    return ReleaseType.MINOR if numbers.minor else ReleaseType.MAJOR


def derive_type(previous: str | None, version: str) -> ReleaseType | None:
    """Type of the step from one version to the next.

    None for a first release, for the same version, and for a step between pre-releases that
    changes no number.
    """
    if previous is None:
        return None
    old, new = semver.Version.parse(previous), semver.Version.parse(version)
    if new < old:
        return ReleaseType.ROLLBACK
    if new.major != old.major:
        return ReleaseType.MAJOR
    if new.minor != old.minor:
        return ReleaseType.MINOR
    if new.patch != old.patch:
        return ReleaseType.PATCH
    # From a pre-release to its release nothing was released before: it is what its numbers say.
    if old.prerelease and not new.prerelease:
        return type_of_numbers(str(new))
    return None


def allowed_types(previous: str | None, version: str) -> tuple[ReleaseType, ...]:
    """Types that may be declared for a step; the first is the step's own.

    A step that changes no number is what its numbers say: nothing less may be declared for it.
    """
    derived = derive_type(previous, version)
    if derived is ReleaseType.PATCH:
        return ReleaseType.PATCH, ReleaseType.HOTFIX
    return (derived or type_of_numbers(version),)


def kind_of(previous: str | None, version: str, declared: ReleaseType | None) -> ReleaseType:
    """The type whose requirements count, whatever is declared.

    A step backwards that nobody declared is judged by its numbers: the way back has less to prove.
    """
    allowed = allowed_types(previous, version)
    if declared in allowed:
        return declared
    if allowed == (ReleaseType.ROLLBACK,):
        return type_of_numbers(version)
    return allowed[0]


def names(text: str, version: str) -> bool:
    """Whether a text names a version: that one, not one that it is a part of."""
    version = version.partition("+")[0]  # build metadata is no part of a version's name
    return bool(re.search(rf"(?<![\w.+])v?{re.escape(version)}(?![\w+-]|\.\w)", text))


def begins_line(words: str, version: str) -> bool:
    """Whether words name the version, or its line of versions if it begins one."""
    number = semver.Version.parse(version)
    core = f"{number.major}.{number.minor}.{number.patch}"
    if names(words, version) or names(words, core):
        return True
    if number.patch:
        return False
    if names(words, f"{number.major}.{number.minor}"):
        return True
    # A lone digit is more often the number of a step than of a version.
    lone = rf"(?:\bv|\b(?:version|release|to) v?){number.major}(?![\w+-]|\.\w)"
    return not number.minor and bool(re.search(lone, words, re.IGNORECASE))
