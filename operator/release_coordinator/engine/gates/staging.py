"""Gate R2.7, R2.10: the same artifacts were deployed in staging, and their newest verdict is good.

What counts as the same and as a verdict is told in `engine.staged`.
"""

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordSpec
from release_coordinator.engine import staged
from release_coordinator.engine.artifacts import first_difference
from release_coordinator.engine.context import Context, shorten

from .verdict import GateVerdict, failed, obstructed, passed, waiting

NAME = GateName.STAGING
OWNER = Role.DEVOPS


def evaluate(ctx: Context) -> GateVerdict:
    """Look for the attempt of the same artifacts that decides."""
    place = staged.place(ctx)
    if isinstance(place, str):
        return failed(NAME, Role.PLATFORM, place)
    found = staged.find(ctx, place)
    if found.obstacle:
        return obstructed(NAME, found.obstacle)
    if found.verdict is not None:
        return _judge(found, found.verdict)
    if found.attempts:
        return _only_rehearsed(found, found.attempts[-1])
    if found.others:
        return _other_artifacts(ctx, found, found.others[-1])
    return waiting(NAME, OWNER, _not_there(ctx, found), watched=found.watched)


def _not_there(ctx: Context, found: staged.Staged) -> str:
    place, version = found.place, ctx.plan.spec.version
    if found.export:
        return (
            f"the export of {place} of {found.export.export.exported_at:%Y-%m-%d %H:%M} UTC is "
            f"about {found.export.export.version} and shows no deployment of {version}; deploy it "
            "there if it never was, then export it: kubectl release export "
            f"{place.release} -n {place.namespace} --version {version} --key KEY"
        )
    return (
        f"{version} was not deployed to {place} yet; deploy it there first: "
        f"kubectl apply -n {place.namespace} -f its Release {place.release} with the images, "
        "migrations and order of this one"
    )


def _judge(found: staged.Staged, record: RecordSpec) -> GateVerdict:
    evidence = found.evidence(record)
    if record.outcome is Phase.COMPLETED:
        text = (
            f"{found.named(record)} completed {record.version} on "
            f"{record.ended_at:%Y-%m-%d %H:%M} UTC with the same images, order and migrations"
        )
        last = found.attempts[-1]
        if last is not record:
            text += f"; attempt {last.attempt} was rolled back later to rehearse it"
        return passed(NAME, OWNER, text, evidence=evidence, next_check=found.until)
    text = (
        f"{found.named(record)} with the same artifacts ended {record.outcome}: "
        f"{shorten(record.message or record.reason, 200)}. Mend that, then {found.again(record)}"
    )
    return failed(NAME, OWNER, text, evidence=evidence, watched=found.watched)


def _only_rehearsed(found: staged.Staged, record: RecordSpec) -> GateVerdict:
    text = (
        f"{found.named(record)} was rolled back on request; to let it complete now, "
        f"{found.again(record)}"
    )
    return waiting(NAME, OWNER, text, evidence=found.evidence(record), watched=found.watched)


def _other_artifacts(ctx: Context, found: staged.Staged, record: RecordSpec) -> GateVerdict:
    spec = ctx.plan.spec
    difference = first_difference(record.plan, spec) if record.plan else "its plan is not recorded"
    text = (
        f"{found.named(record)} had version {spec.version} too, but deployed something else. "
        f"{difference}. Deploy there what is to be released here"
    )
    return failed(NAME, OWNER, text, evidence=found.evidence(record), watched=found.watched)
