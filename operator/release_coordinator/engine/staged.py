"""What the records of the staging Release say about the artifacts of a plan.

Shared by the gates that ask staging. Of the attempts with the same artifacts the newest verdict
counts: a version that completed and later failed is not proved. No verdict are

- attempts that were superseded or deleted before anything was changed;
- attempts that found the version running already, and so deployed nothing;
- rehearsals of the way back (`spec.rehearsal`), and what was rolled back on request while it was
  watched and metrics were good.

Of a staging in another cluster a signed export says it (`engine.exported`).
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from release_coordinator.api.attempt import GateState, Role, Step, StepState, Verdict
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.policy import DEFAULT_POLICY
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import SmokeTest

from . import exported, names
from .context import Context
from .evidence import RecordsFact
from .exported import Believed, Obstacle
from .plan import artifact_digest

ROLLOUT, VERIFY, WATCH, UNDO = "rollout/", "verify/", "watch", "undo/"
"""Ids of steps, as the phases write them into a record."""


@dataclass(frozen=True, slots=True)
class Place:
    """A staging Release."""

    namespace: str
    release: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.release}"

    def order(self, annotation: str, attempt: int | str) -> str:
        """The command by which a person orders something of an attempt there."""
        name = f"kubectl -n {self.namespace} annotate release {self.release}"
        return f"{name} {annotation}={attempt} --overwrite"


@dataclass(frozen=True, slots=True)
class Staged:
    """What staging has done about the artifacts of a plan."""

    place: Place
    attempts: tuple[RecordSpec, ...]
    """With the same artifacts, rehearsals included, oldest first."""
    others: tuple[RecordSpec, ...]
    """With the same version but other artifacts, oldest first."""
    newest: RecordSpec | None = None
    """Whatever staging has done last."""
    obstacle: Obstacle | None = None
    """Why that is not known."""
    export: Believed | None = None
    """Where it is from, if staging is in another cluster."""

    @property
    def watched(self) -> bool:
        """Whether news reach us: an export may have lost its label on the way here."""
        return self.export is None

    @property
    def until(self) -> datetime | None:
        """How long all this counts, if not for ever."""
        return self.export.until if self.export else None

    @property
    def verdict(self) -> RecordSpec | None:
        """The attempt that decides: the newest but for rehearsals; None without one."""
        found = (record for record in reversed(self.attempts) if not is_rehearsal(record))
        return next(found, None)

    def named(self, record: RecordSpec) -> str:
        """An attempt in words."""
        return f"attempt {record.attempt} of {self.place}"

    def again(self, record: RecordSpec) -> str:
        """How a person lets staging try the artifacts of an ended attempt again."""
        place = self.place
        if record is self.newest and record.outcome is not Phase.COMPLETED:
            text = f"deploy it there again: {place.order(names.ANNOTATION_RETRY, record.attempt)}"
        else:
            text = f"apply it to Release {place} again"
        return f"{text}, and export it" if self.export else text

    def evidence(self, record: RecordSpec) -> str:
        """The object that an attempt is recorded in."""
        name = names.record_name(record.release, record.release_uid, record.attempt)
        text = f"ReleaseRecord {self.place.namespace}/{name}"
        return f"{text}, exported by {self.export.key}" if self.export else text


def place(ctx: Context) -> Place | str:
    """The staging Release that the policy names, or what the platform team must do to name it."""
    staging = ctx.plan.requirements.staging
    policy = f"ReleasePolicy {ctx.attempt.policy.name or DEFAULT_POLICY} of this namespace"
    if staging is None:
        return (
            f"no staging is named; name it in {policy} (spec.staging: {{namespace: ...}}), or "
            "relax this gate there"
        )
    found = Place(staging.namespace, staging.release or ctx.release.name)
    if found == Place(ctx.release.namespace, ctx.release.name) and not staging.elsewhere:
        return (
            f"spec.staging of {policy} names this very Release, which cannot prove itself; name "
            "another one, or, if this is the staging Release, turn this gate off in a policy of "
            f"its own (ReleasePolicy {ctx.release.name})"
        )
    return found


def find(ctx: Context, where: Place) -> Staged:
    """Read what staging has done."""
    staging = ctx.plan.requirements.staging
    if staging is not None and staging.elsewhere:
        found = exported.read(ctx, staging)
        if isinstance(found, Obstacle):
            return Staged(where, (), (), obstacle=found)
        return _exported(ctx, where, found)
    fact = ctx.seen.records(where.namespace, where.release)
    if fact.problem:
        obstacle = Obstacle(GateState.UNKNOWN, Role.PLATFORM, fact.problem)
        return Staged(where, (), (), obstacle=obstacle)
    return _sorted(ctx, where, fact)


def _exported(ctx: Context, where: Place, found: Believed) -> Staged:
    """What an export says; whatever staging has done last may be about another version."""
    records = tuple(one.spec for one in found.export.records)
    made = _sorted(ctx, where, RecordsFact(records))
    head = found.export.head.attempt
    newest = made.newest if made.newest and made.newest.attempt == head else None
    return replace(made, newest=newest, export=found)


def _sorted(ctx: Context, where: Place, fact: RecordsFact) -> Staged:
    """What the records say of the artifacts of the plan."""
    wanted = artifact_digest(ctx.plan.spec)
    telling = [record for record in fact.records if _tells(record)]
    same = tuple(record for record in telling if digest_of(record) == wanted)
    others = tuple(
        record
        for record in telling
        if record.version == ctx.plan.spec.version and digest_of(record) != wanted
    )
    newest = fact.records[-1] if fact.records else None
    return Staged(where, same, others, newest, _doubt(where, fact, same))


def digest_of(record: RecordSpec) -> str | None:
    """Digest of what an attempt deployed; None where it is not known."""
    # From the plan itself where there is one: an older operator may have computed another digest.
    return artifact_digest(record.plan) if record.plan else record.artifact_digest


def is_rehearsal(record: RecordSpec) -> bool:
    """Whether an attempt went back though nothing spoke against it.

    By itself, or on request while it was watched and all was good.
    """
    if record.rollback is not None and record.rollback.reason is Reason.REHEARSAL:
        return record.outcome is Phase.ROLLED_BACK
    on_request = record.rollback is not None and record.rollback.reason is Reason.MANUAL_ROLLBACK
    # The watch comes last: where it was begun, every step and test before it has succeeded.
    watched = step_of(record, WATCH) is not None
    good = all(
        m.verdict is not Verdict.FAIL and m.unknown_since is None for m in record.measurements
    )
    return on_request and watched and good and record.outcome is Phase.ROLLED_BACK


def succeeded(step: Step | None) -> bool:
    """Whether a step was begun and ended as it should."""
    return step is not None and step.state is StepState.SUCCEEDED


def step_of(record: RecordSpec, step_id: str) -> Step | None:
    """A step of an attempt, None if it was not begun."""
    return next((step for step in record.timeline if step.id == step_id), None)


def step_of_test(test: SmokeTest, prefix: str = VERIFY) -> str:
    """Id of the step that runs a smoke test."""
    return f"{prefix}{test.suite[:16]}/{test.name}"


def _tells(record: RecordSpec) -> bool:
    match record.outcome:
        case Phase.SUPERSEDED:
            return False
        case Phase.COMPLETED:
            return any(step.id.startswith(ROLLOUT) for step in record.timeline)
        case Phase.FAILED:
            return record.reason is not Reason.DELETED
        case _:
            return True


def _doubt(where: Place, fact: RecordsFact, same: tuple[RecordSpec, ...]) -> Obstacle | None:
    """Whether a record that cannot be read may speak against the artifacts.

    It may if it is younger than the first attempt with them; without one, than all others.
    """
    known = same[:1] or fact.records[-1:]
    # Objects are dated in whole seconds, and records are written after the end of an attempt.
    since = known[0].ended_at - timedelta(seconds=1) if known else None
    young = [one for one in fact.unreadable if since is None or one.at >= since]
    if not young:
        return None
    text = (
        f"ReleaseRecord {where.namespace}/{young[-1].name} cannot be read ({young[-1].problem}), "
        "so it is not known whether it speaks against this version; run an operator that can "
        "read it, or delete it if nobody needs it"
    )
    return Obstacle(GateState.UNKNOWN, Role.PLATFORM, text)
