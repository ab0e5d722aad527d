"""Gate R2.8, R10.2: the way back of these artifacts was gone in staging, all of it.

Any rollback proves it, on request or not: every component was taken back, every migration that a
rollback of this plan would revert was reverted, and the restored version was verified. A rollback
that failed later takes the proof away. The first version of an application has no way back that
could be gone; the gate lets it pass and says so.
"""

from collections.abc import Iterator

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import ReleaseSpec, Reversibility
from release_coordinator.engine import staged
from release_coordinator.engine.context import Context, shorten

from .verdict import GateVerdict, failed, obstructed, passed, waiting

NAME = GateName.REHEARSAL
OWNER = Role.DEVOPS

BACK_ROLLOUT = staged.UNDO + staged.ROLLOUT
BACK_MIGRATE = staged.UNDO + "migrate/"
BACK_VERIFY = staged.UNDO + staged.VERIFY


def evaluate(ctx: Context) -> GateVerdict:
    """Look for an attempt of the same artifacts that was rolled back."""
    if ctx.attempt.previous_version is None:
        text = "the first version released here: there is none to go back to, nothing to rehearse"
        return passed(NAME, OWNER, text)
    place = staged.place(ctx)
    if isinstance(place, str):
        return failed(NAME, Role.PLATFORM, place)
    found = staged.find(ctx, place)
    if found.obstacle:
        return obstructed(NAME, found.obstacle)
    return _newest(ctx, found)


def _newest(ctx: Context, found: staged.Staged) -> GateVerdict:
    """The newest rollback that failed or was complete decides; parts of one do neither."""
    parts = ""
    for record in reversed(found.attempts):
        evidence = found.evidence(record)
        if record.outcome is Phase.ROLLBACK_FAILED:
            text = (
                f"the rollback of {found.named(record)} failed: {shorten(record.message, 150)}. "
                f"Mend the way back, then {_how(found)}"
            )
            return failed(NAME, OWNER, text, evidence=evidence, watched=found.watched)
        if record.outcome is not Phase.ROLLED_BACK:
            continue
        missing = next(_missing(ctx, record), "")
        if not missing:
            text = _proof(ctx, found, record)
            return passed(NAME, OWNER, text, evidence=evidence, next_check=found.until)
        parts = parts or f"the rollback of {found.named(record)} {missing}. "
    if parts:
        return failed(
            NAME, OWNER, f"{parts}To go all the way, {_how(found)}", watched=found.watched
        )
    text = f"no rollback of these artifacts was rehearsed in {found.place}; {_how(found)}"
    return waiting(NAME, OWNER, text, watched=found.watched)


def _missing(ctx: Context, record: RecordSpec) -> Iterator[str]:
    """What a rollback here would do and that one did not."""
    done = {step.id for step in record.timeline if staged.succeeded(step)}
    for component in ctx.plan.order:
        if BACK_ROLLOUT + component.name not in done:
            yield f"did not take back component {component.name}"
    for name in _reverted(ctx.plan.spec, ctx.attempt.in_place):
        if BACK_MIGRATE + name not in done:
            yield f"did not revert migration {name}"
    if not any(step.startswith(BACK_VERIFY) for step in done):
        yield (
            "verified nothing: declare health of the components or rollback.smokeTests in that "
            "Release"
        )


def _reverted(spec: ReleaseSpec, in_place: list[str]) -> Iterator[str]:
    """Migrations that a rollback of the plan reverts: the newest ones, down to one that stays."""
    for migration in reversed(spec.migrations):
        if migration.name in in_place:
            continue
        if migration.reversibility is not Reversibility.REVERSIBLE:
            return
        yield migration.name


def _proof(ctx: Context, found: staged.Staged, record: RecordSpec) -> str:
    there, here = record.previous_version, ctx.attempt.previous_version
    text = (
        f"{found.named(record)} went back to {there or 'what ran before'} on "
        f"{record.ended_at:%Y-%m-%d %H:%M} UTC and verified it"
    )
    return text if there == here else f"{text}; here a rollback goes back to {here}"


def _how(found: staged.Staged) -> str:
    """A rehearsal by itself; one by order is as good (docs/staging.md)."""
    return (
        f"deploy it to Release {found.place} with spec.rehearsal: true: it goes forward, back and "
        f"forward again by itself{', then export it' if found.export else ''}"
    )
