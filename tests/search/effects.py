"""What the API server makes of an effect: the preconditions of `act`, and the world afterwards."""

from tests.search.answers import (
    job_of,
    job_uid,
    job_version,
    lock_of,
    lock_uid,
    workload_of,
    workload_version,
)
from tests.search.parts import Job, Kept, Lock, Workload, World

from release_coordinator.engine import names
from release_coordinator.engine.action import (
    Action,
    ApplyTemplate,
    CreateJob,
    CreateRecord,
    CreateRevision,
    CreateSnapshots,
    DropLock,
    ResumeJob,
    TakeLock,
    WithdrawJob,
)
from release_coordinator.engine.templates import containers


class Conflict(Exception):  # noqa: N818 - named after the answer
    """A precondition does not hold: the object was changed, or is another one."""


def guarded(step: str) -> bool:
    """Whether a step's program may run once only."""
    return step.removeprefix("undo/").startswith("migrate/")


def with_job(world: World, job: Job) -> World:
    """The world with a Job as it is now."""
    others = [one for one in world.jobs if one.name != job.name]
    return world._replace(jobs=tuple(sorted([*others, job])))


def with_workload(world: World, changed: Workload) -> World:
    """The world with a workload as it is now."""
    kept = (changed if one.name == changed.name else one for one in world.workloads)
    return world._replace(workloads=tuple(kept))


def carry_out(world: World, app: int, action: Action, kept: Kept) -> World:
    """The world after an effect. Raises Conflict."""
    match action:
        case CreateJob():
            return _create(world, app, action)
        case ResumeJob():
            job = _unchanged(world, action)
            ran = tuple(sorted([*world.ran, (job.name, job.step)]))
            return with_job(world, job._replace(phase="Running", touched=True))._replace(ran=ran)
        case WithdrawJob():
            return with_job(world, _unchanged(world, action)._replace(withdrawn=True))
        case CreateRevision(name, _, revision):
            known = dict(world.revisions)
            known.setdefault(name, kept.revisions.of(revision, revision.model_dump_json()))
            return world._replace(revisions=tuple(sorted(known.items())))
        case CreateSnapshots(snapshots):
            new = {name: kept.snapshots.of(one, one.model_dump_json()) for name, one in snapshots}
            there = tuple(sorted((new | dict(world.snapshots)).items()))
            return world._replace(snapshots=there)
        case CreateRecord(name, _):
            return world._replace(records=tuple(sorted({*world.records, name})))
        case ApplyTemplate():
            return with_workload(world, _apply(world, app, action))
        case TakeLock() | DropLock():
            return _lock(world, app, action)
        case _:
            raise TypeError(f"the search knows no {type(action).__name__}; teach it in effects.py")


def _create(world: World, app: int, action: CreateJob) -> World:
    if job_of(world, action.name) is not None:
        return world
    step = action.context.step
    owner = (f"uid-{app}", str(action.context.attempt), names.content_hash(action.template))
    made = sum(1 for name, _ in world.ran if name == action.name)
    phase = "Suspended" if action.suspended else "Running"
    created = with_job(world, Job(action.name, step, owner, made, phase))
    if action.suspended or not guarded(step):
        return created
    return created._replace(ran=tuple(sorted([*world.ran, (action.name, step)])))


def _unchanged(world: World, action: ResumeJob | WithdrawJob) -> Job:
    job = job_of(world, action.name)
    if job is None or (job_uid(job), job_version(job)) != (action.uid, action.resource_version):
        raise Conflict
    return job


def _lock(world: World, app: int, action: TakeLock | DropLock) -> World:
    there = lock_of(world, action.name)
    others = [one for one in world.locks if one is not there]
    if isinstance(action, DropLock):
        if there is not None and lock_uid(there) != action.uid:
            raise Conflict
        return world._replace(locks=tuple(others))
    if there is not None:
        return world
    lock = Lock(action.name, app, action.attempt, world.locked)
    return world._replace(locks=tuple(sorted([*others, lock])), locked=(world.locked + 1) % 3)


def _apply(world: World, app: int, action: ApplyTemplate) -> Workload:
    one = workload_of(world, action.workload.name)
    wanted = (action.uid, action.resource_version)
    if one is None or (f"{one.name}#{one.made}", workload_version(one)) != wanted:
        raise Conflict
    image = next(entry["image"] for entry in containers(action.template))
    marked = one._replace(mark=action.mark, label=f"app{app}")
    return rolled(marked, image)


def rolled(one: Workload, image: str) -> Workload:
    """A workload whose template has this image from now on."""
    if image == one.image:
        return one
    left = tuple(sorted({*one.leftover, one.image} - {image}))
    return one._replace(image=image, stage=0, leftover=left)
