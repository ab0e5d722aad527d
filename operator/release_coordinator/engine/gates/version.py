"""Gate R1.1-R1.3: the version steps forward, by a step that fits the declared type."""

import semver

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.release import ReleaseType
from release_coordinator.engine.context import Context
from release_coordinator.engine.policy import type_of_numbers

from .verdict import GateVerdict, failed, passed

NAME = GateName.VERSION
OWNER = Role.RELEASE_MANAGER


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


def evaluate(ctx: Context) -> GateVerdict:
    """Compare the step since the last good version with what the Release declares."""
    previous, version = ctx.attempt.previous_version, ctx.plan.spec.version
    declared = ctx.plan.spec.type
    if previous is None:
        return passed(NAME, OWNER, f"{version} is the first version released here")
    derived = derive_type(previous, version)
    fault = _fault(ctx, previous, declared, derived)
    if fault:
        return failed(NAME, OWNER, fault)
    label = declared or derived
    return passed(NAME, OWNER, f"{previous} -> {version}" + (f" ({label})" if label else ""))


def _fault(
    ctx: Context, previous: str, declared: ReleaseType | None, derived: ReleaseType | None
) -> str:
    version = ctx.plan.spec.version
    if derived is ReleaseType.ROLLBACK:
        if declared is ReleaseType.ROLLBACK:
            return ""
        return (
            f"spec.version {version} is lower than {previous}, which runs now; raise it, or set "
            "spec.type: Rollback if you mean to go back"
        )
    step = _step_fault(previous, version, derived)
    if step and not _tried_before(ctx, version):
        return step
    allowed = {derived, ReleaseType.HOTFIX} if derived is ReleaseType.PATCH else {derived}
    if declared is None or derived is None or declared in allowed:
        return ""
    return (
        f"spec.type says {declared}, but {previous} -> {version} is a {derived} step; "
        f"set spec.type: {derived} or choose another version"
    )


def _step_fault(previous: str, version: str, derived: ReleaseType | None) -> str:
    new = semver.Version.parse(version)
    if derived is ReleaseType.MAJOR and (new.minor or new.patch):
        return _reset(previous, version, f"{new.major}.0.0")
    if derived is ReleaseType.MINOR and new.patch:
        return _reset(previous, version, f"{new.major}.{new.minor}.0")
    return ""


def _tried_before(ctx: Context, version: str) -> bool:
    """Whether the numbers that are skipped were taken by attempts that did not complete.

    1.4.0 was rolled back and 1.4.1 mends it: a step from 1.3.0 that skips nothing.
    """
    new = semver.Version.parse(version)
    tried = (semver.Version.parse(entry.version) for entry in ctx.status.history)
    return any((old.major, old.minor) == (new.major, new.minor) and old < new for old in tried)


def _reset(previous: str, version: str, expected: str) -> str:
    return (
        f"{previous} -> {version} skips numbers: lower numbers start at 0 again after a "
        f"higher one was raised (SemVer 2); set spec.version: {expected}"
    )
