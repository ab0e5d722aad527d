"""What is played again and again under faults, and how it must end whatever happens.

The expectations are written down, not learned: a defect that also spoils the run without faults
must not become the measure of the others.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol

from tests.fakes.configured import CONFIG, configure, served
from tests.fakes.controllers import Script
from tests.fakes.switching import add_service, blue_green
from tests.fakes.world import NAMESPACE, World, deployment
from tests.releases import bookshop

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import (
    CONFIG_MAP,
    DEPLOYMENT,
    JOB,
    RELEASE,
    Body,
    Cluster,
    Ref,
)
from release_coordinator.engine import names

UP, DOWN = "migrate/0007-add-isbn", "undo/migrate/0007-add-isbn"
UP_2, DOWN_2 = "migrate/0008-add-index", "undo/migrate/0008-add-index"
BACKUP, SMOKE, SMOKE_BACK = "prepare/backup", "verify/smoke/checkout", "undo/verify/smoke/checkout"
CACHE, CACHE_BACK, WARM = "refresh/cache/redis", "undo/refresh/cache/redis", "refresh/warmup/index"
ASKED = ("schema/before", UP, UP_2, "schema/after")
"""Migrations, where the database is asked before and after."""
ASKED_BACK = ("schema/back/0", DOWN_2, DOWN, "schema/restored")
SCHEMA = {UP: "0007", UP_2: "0008", DOWN_2: "0007", DOWN: "0006"}
"""Step -> what the database says its schema is afterwards."""
FORWARD = (BACKUP, UP, CACHE, WARM, SMOKE)
BACK = (DOWN, CACHE_BACK, SMOKE_BACK)
OLD, NEW, SLOW = "1.2.0", "1.3.0", "1.4.0"

SIGNERS = [{"role": "qa"}, {"role": "security"}]


class Scene(Protocol):
    """A world in which a story can be played: in memory, or on a real API server."""

    namespace: str
    script: Script
    latency: Callable[[], float | None]
    """What Prometheus answers."""

    @property
    def user(self) -> Cluster:
        """The hands of a person."""

    async def apply(self, body: Body) -> None:
        """`kubectl apply` of the Release."""

    async def annotate(self, key: str, value: str) -> None:
        """`kubectl annotate` of the Release; the key without its prefix."""

    async def run(self, until: Callable[[ReleaseObject], bool] | None = None) -> ReleaseObject:
        """Let everything happen until the attempt is over or held, or `until`."""


Play = Callable[[World], Awaitable[None]]
Anywhere = Callable[[Scene], Awaitable[None]]
"""A story that needs nothing of the world in memory alone."""


@dataclass(frozen=True)
class Workload:
    """A story with its end."""

    name: str
    play: Play
    phase: Phase
    version: str
    """What both components run in the end."""
    programs: tuple[str, ...]
    """Every program that did its work, in order."""
    script: Callable[[], Script] = Script
    images: Mapping[str, str] = field(default_factory=dict)
    """Component -> version where they differ from `version` in the end."""
    gone: bool = False
    reason: Reason | None = None
    """Why it is held in the end."""


def spec(version: str = NEW, **changes: Any) -> Body:
    """A Release that uses every phase; its watch is short."""
    body = bookshop()
    text = body["spec"]
    text["version"] = version
    for component in text["components"]:
        component["images"] = dict.fromkeys(
            component["images"], f"example/bookshop-{component['name']}:{version}"
        )
    text["backup"] = {"job": {"image": "example/backup:1"}}
    text["warmup"] = [{"name": "index", "job": {"image": "example/warm:1"}}]
    text["rollback"] = {"smokeTests": [{"name": "checkout", "job": {"image": "example/smoke:1"}}]}
    text["watch"] |= {"duration": "45s", "interval": "15s", "unknownLimit": "1m"}
    text |= changes
    return body


def migration(name: str, reversibility: str = "Reversible") -> Body:
    """A migration there and, if that is possible, back."""
    job = {"image": "example/bookshop-migrate:1.3.0"}
    down = {"down": {**job, "args": ["down", name]}} if reversibility == "Reversible" else {}
    return {
        "name": name,
        "reversibility": reversibility,
        "up": {**job, "args": ["up", name]},
        **down,
    }


def asked(version: str = NEW, **changes: Any) -> Body:
    """The same, and the database says what its schema is; it begins at 0006."""
    steps = (migration("0007-add-isbn"), migration("0008-add-index"))
    migrations = [{**one, "schemaVersion": one["name"][:4], **changes} for one in steps]
    current = {"current": {"image": "example/bookshop-migrate:1.3.0", "args": ["current"]}}
    return spec(version, migrations=migrations, database=current)


def has_begun(step: str) -> Callable[[ReleaseObject], bool]:
    """Whether the journal shows a step, with what it made if it is a rollout."""

    def seen(release: ReleaseObject) -> bool:
        attempt = release.status.attempt
        found = next((s for s in attempt.steps if s.id == step), None) if attempt else None
        rollout = step.startswith("rollout/")
        return found is not None and (not rollout or found.hash is not None)

    return seen


def releases(body: Callable[[], Body]) -> Anywhere:
    """Apply and let happen."""

    async def play(world: Scene) -> None:
        await world.apply(body())
        await world.run()

    return play


async def delete_in_the_middle(world: Scene) -> None:
    """Somebody deletes the Release while its first component rolls out."""
    await world.apply(spec())
    release = await world.run(has_begun("rollout/backend"))
    await world.user.delete(Ref(RELEASE, world.namespace, release.name), uid=release.uid)
    await world.run()


async def resume_after_an_outage(world: Scene) -> None:
    """Prometheus is away during the watch for too long; a person resumes."""
    await world.apply(spec())
    await world.run(has_begun("watch"))
    healthy, world.latency = world.latency, lambda: None
    release = await world.run()
    assert release.status.phase is Phase.HELD, release.status.message
    world.latency = healthy
    assert release.status.attempt is not None
    assert release.status.attempt.hold is not None
    await world.annotate("resume", release.status.attempt.hold.id)
    await world.run()


async def blink(world: World) -> None:
    """One query goes unanswered: the watch takes longer, no more."""
    await world.apply(spec())
    await world.run(has_begun("watch"))
    world.latency = _once(world, None)
    await world.run()


async def spike(world: World) -> None:
    """One bad sample between good ones is a breach all the same."""
    await world.apply(spec())
    await world.run(has_begun("watch"))
    world.latency = _once(world, 0.5)
    await world.run()


async def late_breach(world: World) -> None:
    """The metrics turn bad just before the watch ends."""
    await world.apply(spec())
    await world.run(has_begun("watch"))
    healthy, start = world.latency, world.time.now()
    late = start + timedelta(seconds=40)
    world.latency = lambda: 0.5 if world.time.now() >= late else healthy()
    await world.run()


async def breach_after_blink(world: World) -> None:
    """One query goes unanswered, and metrics turn bad in the time by which that takes longer."""
    await world.apply(spec())
    await world.run(has_begun("watch"))
    once, start = _once(world, None), world.time.now()
    late = start + timedelta(seconds=50)
    world.latency = lambda: 0.5 if world.time.now() >= late else once()
    await world.run()


def early(version: str = NEW) -> Body:
    """A Release that is watched from its first change on, every 5 s."""
    watch = {**spec()["spec"]["watch"], "start": "FirstChange", "interval": "5s"}
    return spec(version, watch=watch)


async def blind_rollout(world: World) -> None:
    """Prometheus is away while components are rolled out, longer than answers may be missing."""
    await world.apply(early())
    await world.run(has_begun("rollout/backend"))
    healthy, world.latency = world.latency, lambda: None
    await world.run(has_begun("watch"))
    world.latency = healthy
    await world.run()


async def signed(world: World) -> None:
    """Two people sign before anything is done."""
    await world.require(signOffs=SIGNERS)
    await world.apply(spec())
    await world.run()
    await world.say("quinn", "Approved", role="qa")
    await world.run()
    await world.say("sam", "Approved", role="security")
    await world.run()


async def taken_back(world: World) -> None:
    """One of them takes his word back while the backup runs, and gives it again later."""
    await world.require(signOffs=SIGNERS)
    await world.apply(spec())
    await world.run()
    await world.say("quinn", "Approved", role="qa")
    await world.say("sam", "Approved", role="security")
    await world.run(has_begun(BACKUP))
    await world.advance(1)
    await world.say("quinn", "Revoked", role="qa", comment="found something")
    await world.run()
    await world.advance(1)
    await world.say("quinn", "Approved", role="qa")
    await world.run()


async def edited_after_signing(world: World) -> None:
    """One has signed a plan; then it is another, which both have to sign."""
    await world.require(signOffs=SIGNERS)
    await world.apply(spec(watch={**spec()["spec"]["watch"], "interval": "10s"}))
    await world.run()
    await world.say("quinn", "Approved", role="qa")
    await world.apply(spec())
    await world.run()
    await world.say("sam", "Approved", role="security")
    await world.run()
    await world.say("quinn", "Approved", role="qa")
    await world.run()


async def name_taken(world: World) -> None:
    """A Job of somebody else has the name of the migration's."""
    await world.apply(spec())
    release = await world.release()
    assert release.spec is not None
    template = release.spec.migrations[0].up
    name = names.job_name(release.name, release.uid, 1, UP, template)
    job = {
        "metadata": {
            "name": name,
            "namespace": NAMESPACE,
            "labels": {names.LABEL_ATTEMPT: "none"},
            "annotations": {names.ANNOTATION_STEP: "somebody/else"},
        },
        "spec": {
            "suspend": True,
            "activeDeadlineSeconds": 60,
            "template": {"spec": {"containers": [{"name": "job", "image": "example/other:1"}]}},
        },
    }
    await world.user.create(JOB, job)
    await world.run()


def _may_run(body: Body) -> bool:
    annotations = body["metadata"].get("annotations", {})
    migration = body["kind"] == "Job" and annotations[names.ANNOTATION_STEP] == UP
    return migration and not body["spec"]["suspend"]


async def job_gone(world: World) -> None:
    """Somebody deletes the Job of a migration while it runs."""
    await world.apply(spec())
    await _job_vanishes(world)


async def _job_vanishes(world: World) -> None:
    await world.run(lambda _: any(_may_run(body) for body in world.cluster.everything()))
    await world.controllers.step()
    for job in await world.user.list(JOB, NAMESPACE):
        if job["metadata"]["annotations"][names.ANNOTATION_STEP] == UP:
            ref = Ref(JOB, NAMESPACE, job["metadata"]["name"])
            await world.user.delete(ref, uid=job["metadata"]["uid"])
    await world.run()


def _once(world: World, value: float | None) -> Callable[[], float | None]:
    """An answer for the sample that is due next; later ones are as usual."""
    healthy, start = world.latency, world.time.now()

    def latency() -> float | None:
        return value if (world.time.now() - start).total_seconds() < 20 else healthy()

    return latency


async def retry_after_a_repair(world: Scene) -> None:
    """The migration fails, is repaired, and a person asks for another try."""
    await world.apply(spec())
    release = await world.run()
    assert release.status.phase is Phase.FAILED, release.status.message
    world.script.failing_steps.clear()
    await world.annotate("retry", "1")
    await world.run()


async def retry_in_vain(world: Scene) -> None:
    """A person asks for another try, which fails like the first; nobody asks for a third."""
    await world.apply(spec())
    await world.run()
    await world.annotate("retry", "1")
    await world.run()


async def rollback_on_request(world: Scene) -> None:
    """A person does not like what the metrics do not see."""
    await world.apply(spec())
    await world.run(has_begun("watch"))
    await world.annotate("rollback", "1")
    await world.run()


async def past_the_irreversible(world: Scene) -> None:
    """A breach after an irreversible migration waits for a person to take the code back."""
    await world.apply(spec(SLOW, migrations=[migration("0007-add-isbn", "Irreversible")]))
    release = await world.run()
    assert release.status.phase is Phase.HELD, release.status.message
    await world.annotate("rollback", "1")
    await world.run()


async def foreign_writer(world: Scene) -> None:
    """Somebody sets another image during the watch."""
    await world.apply(spec())
    await world.run(has_begun("watch"))
    ref = Ref(DEPLOYMENT, world.namespace, "bookshop-frontend")
    live = await world.user.get(ref)
    live["spec"]["template"]["spec"]["containers"][0]["image"] = "example/bookshop-frontend:9.9.9"
    await world.user.replace(DEPLOYMENT, live)
    await world.run()


async def _set_back(world: Scene, version: str) -> None:
    """A tool writes the frontend's image once, by force."""
    ref = Ref(DEPLOYMENT, world.namespace, "bookshop-frontend")
    template = (await world.user.get(ref))["spec"]["template"]
    template["spec"]["containers"][0]["image"] = f"example/bookshop-frontend:{version}"
    await world.user.patch(ref, {"spec": {"template": template}})


async def set_back(world: Scene) -> None:
    """Self-heal sets the image back during the watch: it is applied again."""
    await world.apply(spec())
    await world.run(has_begun("watch"))
    await _set_back(world, OLD)
    await world.run()


async def set_forward(world: Scene) -> None:
    """Self-heal brings the new image back on the way back: it is taken back once more."""
    await world.apply(spec(SLOW))
    await world.run(has_begun("undo/rollout/backend"))
    await _set_back(world, SLOW)
    await world.run()


async def asked_job_gone(world: World) -> None:
    """The same where the database can be asked: nobody has to decide."""
    await world.apply(asked())
    await _job_vanishes(world)


async def migrated_further(world: World) -> None:
    """Somebody migrates by hand during the watch; then the release has to go back."""
    await world.apply(asked(SLOW))
    await world.run(has_begun("rollout/frontend"))
    world.controllers.database.version = "0042"
    await world.run()


async def approved_data_loss(world: World) -> None:
    """The way back destroys data, and waits until somebody has approved that."""
    await world.apply(asked(SLOW, downLosesData=True))
    release = await world.run()
    assert release.status.phase is Phase.HELD, release.status.message
    await world.say("olga", "Approved", role="data-loss")
    await world.run()


async def suspended(world: World) -> None:
    """Suspended while a migration runs: it ends, and nothing begins before the suspension does."""
    await world.apply(spec())
    await world.run(has_begun(UP))
    await world.suspend("Forward")
    await world.run()
    await world.advance(3600)
    release = await world.run()
    assert release.status.phase is Phase.SUSPENDED, release.status.message
    assert release.status.attempt is not None
    assert release.status.attempt.steps[-1].id == UP, "a suspended release has begun a step"
    await world.suspend(None)
    await world.run()


async def all_suspended(world: World) -> None:
    """A breach while all is suspended: it is remembered, and taken back later."""
    await world.apply(spec(SLOW))
    await world.run(has_begun("watch"))
    await world.suspend("All")
    release = await world.run()
    assert release.status.phase is Phase.SUSPENDED, release.status.message
    assert release.status.attempt is not None
    begun = [step.id for step in release.status.attempt.steps]
    assert not any(step.startswith("undo/") for step in begun), "the way back has begun"
    await world.suspend(None)
    await world.run()


async def abort_stays(world: World) -> None:
    """An order to abort stays on the Release, as in Git; the next version is not meant."""
    await world.apply(spec())
    await world.run(has_begun("rollout/backend"))
    await world.annotate("abort", "1")
    release = await world.run()
    assert release.status.phase is Phase.ROLLED_BACK, release.status.message
    await world.apply(spec(watch={**spec()["spec"]["watch"], "interval": "10s"}))
    await world.run()


async def orphan(world: Scene) -> None:
    """Deleted while its first component rolls out, with the policy to leave all as it is."""
    await world.apply(spec(deletionPolicy="Orphan"))
    release = await world.run(has_begun("rollout/backend"))
    await world.user.delete(Ref(RELEASE, world.namespace, release.name), uid=release.uid)
    await world.run()


async def two_in_a_row(world: Scene) -> None:
    """A good release, and then one that breaches: back to the good one, not to the first."""
    await world.apply(spec())
    await world.run()
    await world.apply(spec(SLOW, migrations=[migration("0008-add-index")]))
    await world.run()


async def configured(world: World) -> None:
    """The same, with configuration that changes with the version and goes back with it."""
    await configure(world, level="old")
    await world.apply(spec())
    await world.run()
    ref = Ref(CONFIG_MAP, NAMESPACE, CONFIG)
    await world.user.patch(ref, {"data": {"level": "new"}})
    await world.apply(spec(SLOW, migrations=[migration("0008-add-index")]))
    release = await world.run()
    if release.status.phase is Phase.ROLLED_BACK:
        found = (await served(world))["config"]
        assert found == {"level": "old"}, f"the old version runs with {found}"


def switched(body: Callable[[], Body]) -> Play:
    """The same with a backend that runs beside the old one and a Service that is switched."""

    async def play(world: World) -> None:
        await add_service(world)
        await world.apply(blue_green(body()))
        await world.run()

    return play


async def taken_back_late(world: World) -> None:
    """A person takes back what takes the place of the old version already."""
    await add_service(world)
    await world.apply(blue_green(spec()))
    await world.run(has_begun("retire/backend"))
    await world.annotate("rollback", "1")
    await world.run()


def inline(version: str = NEW, **changes: Any) -> Body:
    """The same with a component that carries its workload with it."""
    body = spec(version, **changes)
    labels = {"app": "bookshop-search"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "search"}]}}
    workload = {"selector": {"matchLabels": labels}, "template": template}
    body["spec"]["components"].append(
        {
            "name": "search",
            "images": {"search": f"example/bookshop-search:{version}"},
            "workload": {"name": "bookshop-search", "spec": workload},
        }
    )
    return body


async def inline_twice(world: World) -> None:
    """A workload is created by a good release, and given back by the next one."""
    await world.apply(inline())
    await world.run()
    await world.apply(inline(SLOW, migrations=[migration("0008-add-index")]))
    await world.run()


async def inline_name_taken(world: World) -> None:
    """Somebody has created a workload of that name meanwhile; a rollback leaves it alone."""
    await world.apply(inline(migrations=[]))
    await world.run(has_begun("rollout/backend"))
    await world.user.create(DEPLOYMENT, deployment("bookshop-search", "search", "0.9.0"))
    release = await world.run()
    assert release.status.phase is Phase.HELD, release.status.message
    await world.annotate("rollback", "1")
    await world.run()
    left = {body["metadata"]["name"] for body in await world.user.list(DEPLOYMENT, NAMESPACE)}
    assert "bookshop-search" in left, "somebody else's Deployment was deleted"


def failing(*steps: str) -> Callable[[], Script]:
    """A world in which these programs fail."""
    return lambda: Script(failing_steps=dict.fromkeys(steps, "relation books is locked"))


def versioned(**more: Any) -> Callable[[], Script]:
    """A world whose database knows its schema version."""
    return lambda: Script(schema=SCHEMA, **more)


TWO = [migration("0007-add-isbn"), migration("0008-add-index")]

WORKLOADS: dict[str, Workload] = {
    workload.name: workload
    for workload in (
        Workload("signed", signed, Phase.COMPLETED, NEW, FORWARD),
        Workload("taken-back", taken_back, Phase.COMPLETED, NEW, (BACKUP, *FORWARD)),
        Workload("edited-after-signing", edited_after_signing, Phase.COMPLETED, NEW, FORWARD),
        Workload("success", releases(spec), Phase.COMPLETED, NEW, FORWARD),
        Workload(
            "breach",
            releases(lambda: spec(SLOW, migrations=TWO)),
            Phase.ROLLED_BACK,
            OLD,
            (BACKUP, UP, UP_2, CACHE, WARM, SMOKE, DOWN_2, *BACK),
        ),
        Workload(
            "migration-fails",
            releases(spec),
            Phase.FAILED,
            OLD,
            (BACKUP,),
            script=failing(UP),
        ),
        Workload(
            "second-migration-fails",
            releases(lambda: spec(migrations=TWO)),
            Phase.ROLLED_BACK,
            OLD,
            (BACKUP, UP, DOWN),
            script=failing(UP_2),
        ),
        Workload(
            "never-ready",
            releases(spec),
            Phase.ROLLED_BACK,
            OLD,
            (BACKUP, UP, *BACK),
            script=lambda: Script(never_ready={f"example/bookshop-frontend:{NEW}"}),
        ),
        Workload(
            "way-back-fails",
            releases(lambda: spec(SLOW)),
            Phase.ROLLBACK_FAILED,
            OLD,
            FORWARD,
            script=failing(DOWN),
        ),
        Workload(
            "deleted", delete_in_the_middle, Phase.ROLLED_BACK, OLD, (BACKUP, UP, *BACK), gone=True
        ),
        Workload("blue-green", switched(spec), Phase.COMPLETED, NEW, FORWARD),
        Workload(
            "blue-green-breach",
            switched(lambda: spec(SLOW)),
            Phase.ROLLED_BACK,
            OLD,
            (*FORWARD, *BACK),
        ),
        Workload(
            "blue-green-never-ready",
            switched(spec),
            Phase.ROLLED_BACK,
            OLD,
            (BACKUP, UP, *BACK),
            script=lambda: Script(never_ready={f"example/bookshop-backend:{NEW}"}),
        ),
        Workload("blue-green-late", taken_back_late, Phase.ROLLED_BACK, OLD, (*FORWARD, *BACK)),
        Workload("resumed", resume_after_an_outage, Phase.COMPLETED, NEW, FORWARD),
        Workload("blink", blink, Phase.COMPLETED, NEW, FORWARD),
        Workload("late-breach", late_breach, Phase.ROLLED_BACK, OLD, (*FORWARD, *BACK)),
        Workload(
            "breach-after-blink", breach_after_blink, Phase.ROLLED_BACK, OLD, (*FORWARD, *BACK)
        ),
        Workload(
            "braked",
            releases(lambda: early(SLOW)),
            Phase.ROLLED_BACK,
            OLD,
            (BACKUP, UP, *BACK),
            script=lambda: Script(rollout_seconds=40.0),
        ),
        Workload(
            "blind-rollout",
            blind_rollout,
            Phase.COMPLETED,
            NEW,
            FORWARD,
            script=lambda: Script(rollout_seconds=40.0),
        ),
        Workload("name-taken", name_taken, Phase.HELD, OLD, (BACKUP,), reason=Reason.NAME_TAKEN),
        Workload(
            "job-gone",
            job_gone,
            Phase.HELD,
            OLD,
            (BACKUP, UP),
            reason=Reason.MIGRATION_OUTCOME_UNKNOWN,
        ),
        Workload(
            "asked",
            releases(lambda: asked(SLOW)),
            Phase.ROLLED_BACK,
            OLD,
            (BACKUP, *ASKED, CACHE, WARM, SMOKE, *ASKED_BACK, CACHE_BACK, SMOKE_BACK),
            script=versioned(),
        ),
        Workload(
            "asked-job-gone",
            asked_job_gone,
            Phase.COMPLETED,
            NEW,
            (
                *(BACKUP, "schema/before", UP, f"schema/{UP}", UP_2, "schema/after"),
                *(CACHE, WARM, SMOKE),
            ),
            script=versioned(),
        ),
        Workload(
            "killed",
            releases(asked),
            Phase.ROLLED_BACK,
            OLD,
            (
                BACKUP,
                "schema/before",
                UP,
                f"schema/{UP_2}",
                "schema/back/0",
                DOWN,
                "schema/restored",
            ),
            script=versioned(killed={UP_2: False}),
        ),
        Workload(
            "no-effect",
            releases(asked),
            Phase.ROLLED_BACK,
            OLD,
            (BACKUP, *ASKED, "schema/back/0", DOWN, "schema/restored"),
            script=lambda: Script(schema={UP: "0007", DOWN: "0006"}),
        ),
        Workload(
            "migrated-further",
            migrated_further,
            Phase.HELD,
            OLD,
            (BACKUP, *ASKED, CACHE, WARM, SMOKE, "schema/back/0"),
            script=versioned(),
            reason=Reason.SCHEMA_CHANGED,
        ),
        Workload(
            "data-loss",
            approved_data_loss,
            Phase.ROLLED_BACK,
            OLD,
            (
                *(BACKUP, *ASKED, CACHE, WARM, SMOKE, "schema/back/1", DOWN_2, DOWN),
                *("schema/restored", CACHE_BACK, SMOKE_BACK),
            ),
            script=versioned(),
        ),
        Workload("spike", spike, Phase.ROLLED_BACK, OLD, (*FORWARD, *BACK)),
        Workload(
            "retried",
            retry_after_a_repair,
            Phase.COMPLETED,
            NEW,
            (BACKUP, *FORWARD),
            script=failing(UP),
        ),
        Workload(
            "retried-in-vain",
            retry_in_vain,
            Phase.FAILED,
            OLD,
            (BACKUP, BACKUP),
            script=failing(UP),
        ),
        Workload("on-request", rollback_on_request, Phase.ROLLED_BACK, OLD, (*FORWARD, *BACK)),
        Workload(
            "irreversible",
            past_the_irreversible,
            Phase.ROLLED_BACK,
            OLD,
            (*FORWARD, CACHE_BACK, SMOKE_BACK),
        ),
        Workload(
            "foreign-writer",
            foreign_writer,
            Phase.HELD,
            NEW,
            FORWARD,
            images={"frontend": "9.9.9"},
            reason=Reason.CONFLICTING_WRITER,
        ),
        Workload("set-back", set_back, Phase.COMPLETED, NEW, FORWARD),
        Workload("set-forward", set_forward, Phase.ROLLED_BACK, OLD, (*FORWARD, *BACK)),
        Workload(
            "smoke-fails",
            releases(spec),
            Phase.ROLLED_BACK,
            OLD,
            (BACKUP, UP, CACHE, WARM, *BACK),
            script=failing(SMOKE),
        ),
        Workload(
            "two-in-a-row",
            two_in_a_row,
            Phase.ROLLED_BACK,
            NEW,
            (*FORWARD, BACKUP, UP_2, CACHE, WARM, SMOKE, DOWN_2, CACHE_BACK, SMOKE_BACK),
        ),
        Workload(
            "configured",
            configured,
            Phase.ROLLED_BACK,
            NEW,
            (*FORWARD, BACKUP, UP_2, CACHE, WARM, SMOKE, DOWN_2, CACHE_BACK, SMOKE_BACK),
        ),
        Workload("suspended", suspended, Phase.COMPLETED, NEW, FORWARD),
        Workload("all-suspended", all_suspended, Phase.ROLLED_BACK, OLD, (*FORWARD, *BACK)),
        Workload(
            "abort-stays",
            abort_stays,
            Phase.COMPLETED,
            NEW,
            (BACKUP, UP, *BACK, *FORWARD),
        ),
        Workload(
            "orphan",
            orphan,
            Phase.HELD,
            NEW,
            (BACKUP, UP),
            images={"frontend": OLD},
            gone=True,
        ),
        Workload(
            "rehearsal",
            releases(lambda: spec(rehearsal=True)),
            Phase.COMPLETED,
            NEW,
            (*FORWARD, *BACK, *FORWARD),
        ),
        Workload("inline", releases(inline), Phase.COMPLETED, NEW, FORWARD),
        Workload(
            "inline-breach",
            releases(lambda: inline(SLOW)),
            Phase.ROLLED_BACK,
            OLD,
            (*FORWARD, *BACK),
        ),
        Workload(
            "inline-twice",
            inline_twice,
            Phase.ROLLED_BACK,
            NEW,
            (*FORWARD, BACKUP, UP_2, CACHE, WARM, SMOKE, DOWN_2, CACHE_BACK, SMOKE_BACK),
        ),
        Workload(
            "inline-name-taken",
            inline_name_taken,
            Phase.ROLLED_BACK,
            OLD,
            (BACKUP, CACHE_BACK, SMOKE_BACK),
            images={"search": "0.9.0"},
        ),
        Workload(
            "backup-fails",
            releases(spec),
            Phase.FAILED,
            OLD,
            (),
            script=failing(BACKUP),
        ),
    )
}
