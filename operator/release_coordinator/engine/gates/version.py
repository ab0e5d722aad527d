"""Gate R1.1-R1.3: the version steps forward, by a step that fits the declared type."""

import semver

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.release import ReleaseType
from release_coordinator.engine.context import Context
from release_coordinator.engine.versions import allowed_types, derive_type

from .verdict import GateVerdict, failed, passed

NAME = GateName.VERSION
OWNER = Role.RELEASE_MANAGER


def evaluate(ctx: Context) -> GateVerdict:
    """Compare the step since the last good version with what the Release declares."""
    previous, version = ctx.attempt.previous_version, ctx.plan.spec.version
    fault = _fault(ctx, previous, version)
    if fault:
        return failed(NAME, OWNER, fault)
    if previous is None:
        return passed(NAME, OWNER, f"{version} is the first version released here")
    label = ctx.plan.spec.type or derive_type(previous, version)
    return passed(NAME, OWNER, f"{previous} -> {version}" + (f" ({label})" if label else ""))


def _fault(ctx: Context, previous: str | None, version: str) -> str:
    derived, declared = derive_type(previous, version), ctx.plan.spec.type
    if derived is ReleaseType.ROLLBACK and declared is not ReleaseType.ROLLBACK:
        return (
            f"spec.version {version} is lower than {previous}, which runs now; raise it, or set "
            "spec.type: Rollback if you mean to go back"
        )
    step = _step_fault(previous or "", version, derived)
    if step and not _tried_before(ctx, version):
        return step
    allowed = allowed_types(previous, version)
    if declared is None or declared in allowed:
        return ""
    what = f"{previous} -> {version}" if previous else f"the first release, {version},"
    by = "" if derived else " by its numbers"
    return (
        f"spec.type says {declared}, but {what} is a {allowed[0]} step{by}; "
        f"set spec.type: {allowed[0]} or choose another version"
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
