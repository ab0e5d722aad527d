"""What production makes of an export of staging in another cluster.

Shared by the gates that ask staging, through `engine.staged`. The signature was checked when the
export was looked up (`evidence.exports`); here it is judged by what was said before and by time.
A signature alone does not tell that nothing has happened since: so an export counts for a limited
time, and none that is older than one that was believed before (`status.staging`).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from release_coordinator.api.attempt import GateState, Role
from release_coordinator.api.base import parse_duration
from release_coordinator.api.export import StagingExport
from release_coordinator.api.policy import DEFAULT_POLICY, ExportRules, RequiredStaging
from release_coordinator.api.status import StagingSeen

from . import names
from .context import Context
from .exportfacts import ExportFact, ExportFault, ExportWant, TrustedKey
from .outcome import Note

SKEW = timedelta(minutes=5)
"""How far the clock of whoever exports may be ahead."""


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why nothing is known of staging, and who changes that."""

    state: GateState
    owner: Role
    text: str


@dataclass(frozen=True, slots=True)
class Believed:
    """An export that counts now."""

    export: StagingExport
    key: str
    until: datetime


def read(ctx: Context, staging: RequiredStaging) -> Believed | Obstacle:
    """The export of that staging, if it counts."""
    rules = _rules(ctx)
    if isinstance(rules, Obstacle):
        return rules
    keys = tuple(TrustedKey(one.name, one.public_key) for one in rules.keys)
    fact = ctx.seen.exported(ExportWant(names.export_name(ctx.release.name), keys))
    if fact.export is None:
        return _missing(ctx, staging, fact)
    outdated = (
        _of_another(ctx, staging, fact.export)
        or _too_old(ctx, fact.export, rules.max_age)
        or _older(ctx, fact.export)
    )
    text = f"{outdated}; {again(ctx, staging)}" if outdated else _rewritten(ctx, fact.export)
    if text:
        return Obstacle(GateState.FAILED, Role.DEVOPS, text)
    until = fact.export.exported_at + timedelta(seconds=parse_duration(rules.max_age))
    return Believed(fact.export, fact.key, until)


def learned(ctx: Context) -> Note | None:
    """The journal with the newest export that was believed, if it does not say so yet."""
    staging = ctx.plan.requirements.staging
    found = read(ctx, staging) if staging and staging.elsewhere else None
    if not isinstance(found, Believed):
        return None
    export = found.export
    seen = StagingSeen(
        release_uid=export.release_uid,
        attempt=export.head.attempt,
        digest=export.head.digest,
        exported_at=export.exported_at,
    )
    known = ctx.status.staging
    return None if seen == known else Note(ctx.status.model_copy(update={"staging": seen}))


def again(ctx: Context, staging: RequiredStaging) -> str:
    """How a new export gets here."""
    release, here = staging.release or ctx.release.name, ctx.release
    whom = "" if release == here.name else f" --for {here.name}"
    return (
        f"export it again: kubectl release export {release} -n {staging.namespace} --version "
        f"{ctx.plan.spec.version}{whom} --key KEY | kubectl apply -n {here.namespace} -f -, each "
        "in its cluster"
    )


def _rules(ctx: Context) -> ExportRules | Obstacle:
    """Who may vouch for staging, as the policy says now: a withdrawn key counts no more."""
    policy = ctx.seen.policy(ctx.release.name, fresh=ctx.fresh)
    if policy.problem:
        text = f"who may vouch for staging is not known: {policy.problem}"
        return Obstacle(GateState.UNKNOWN, Role.PLATFORM, text)
    staging = policy.spec.staging if policy.spec else None
    if staging is None or staging.exported is None:
        text = f"{_policy(ctx)} names no keys any more (spec.staging.exported.keys); name them"
        return Obstacle(GateState.FAILED, Role.PLATFORM, text)
    return staging.exported


def _missing(ctx: Context, staging: RequiredStaging, fact: ExportFact) -> Obstacle:
    place = f"ConfigMap {names.export_name(ctx.release.name)}"
    match fact.fault:
        case ExportFault.MISSING:
            text = f"no export of staging is here yet ({place}); {again(ctx, staging)}"
            return Obstacle(GateState.WAITING, Role.DEVOPS, text)
        case ExportFault.UNTRUSTED:
            text = (
                f"the export in {place} {fact.problem}: it was changed, or signed with another "
                f"key. Sign with one of these keys, or have the platform team name the key in "
                f"spec.staging.exported.keys of {_policy(ctx)}"
            )
            return Obstacle(GateState.FAILED, Role.DEVOPS, text)
        case ExportFault.NO_KEY:
            text = f"{_policy(ctx)}, spec.staging.exported.keys: {fact.problem}"
            return Obstacle(GateState.FAILED, Role.PLATFORM, text)
        case ExportFault.UNUSABLE:
            text = f"the export in {place} cannot be used: {fact.problem}; {again(ctx, staging)}"
            return Obstacle(GateState.FAILED, Role.DEVOPS, text)
        case _:
            return Obstacle(GateState.UNKNOWN, Role.PLATFORM, fact.problem)


def _of_another(ctx: Context, staging: RequiredStaging, export: StagingExport) -> str:
    wanted = f"{staging.namespace}/{staging.release or ctx.release.name}"
    found = f"{export.namespace}/{export.release}"
    if found == wanted:
        return ""
    return f"the export is of Release {found}, but {_policy(ctx)} names {wanted} as staging"


def _too_old(ctx: Context, export: StagingExport, limit: str) -> str:
    made = f"the export was made on {_at(export.exported_at)}"
    if export.exported_at > ctx.now + SKEW:
        return f"{made}, which is yet to come: correct the clock of whoever exports"
    if ctx.now - export.exported_at < timedelta(seconds=parse_duration(limit)):
        return ""
    return f"{made}, and {_policy(ctx)} believes one for {limit} (spec.staging.exported.maxAge)"


def _older(ctx: Context, export: StagingExport) -> str:
    """Whether it could hide what a newer one has told already."""
    seen = ctx.status.staging
    if seen is None or export.exported_at >= seen.exported_at:
        return ""
    return (
        f"the export was made on {_at(export.exported_at)}, but a newer one was believed here "
        f"before, of {_at(seen.exported_at)}"
    )


def _rewritten(ctx: Context, export: StagingExport) -> str:
    """Whether the log in staging no longer is the one that was told of before."""
    seen, head = ctx.status.staging, export.head
    if seen is None or export.release_uid != seen.release_uid:
        return ""
    other = head.attempt == seen.attempt and None not in {head.digest, seen.digest}
    if head.attempt < seen.attempt or (other and head.digest != seen.digest):
        return (
            f"the log of staging ended with another record of attempt {seen.attempt} before: it "
            f"was changed or restored there since (kubectl release history {export.release} -n "
            f"{export.namespace} --verify). Waive the gate, or let staging go past that attempt"
        )
    return ""


def _policy(ctx: Context) -> str:
    return f"ReleasePolicy {ctx.attempt.policy.name or DEFAULT_POLICY}"


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
