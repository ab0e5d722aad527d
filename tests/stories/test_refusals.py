"""The API server refuses what the operator wants, or takes it and makes something else of it."""

from tests.fakes.story import Story
from tests.releases import Body, bookshop

from release_coordinator.cluster.port import DEPLOYMENT, JOB, RECORD, Kind
from release_coordinator.errors import Denied, Invalid, ReleaseCoordinatorError


def refuse(story: Story, kind: Kind, error: ReleaseCoordinatorError, manager: str = "") -> None:
    """Refuse every write of a kind that looks like the operator's."""

    def admission(asked: Kind, old: Body | None, new: Body) -> None:
        if asked == kind and (manager in str(new.get("spec"))) and _content_changed(old, new):
            raise error

    story.world.admission = admission


def _content_changed(old: Body | None, new: Body) -> bool:
    return old is None or old.get("spec") != new.get("spec")


async def test_a_job_that_the_server_rejects_fails_its_step() -> None:
    story = await Story.begin("An admission policy rejects the migration's Job")
    refuse(story, JOB, Invalid("spec.template.spec.containers[0].image: registry not allowed"))
    await story.apply(bookshop())

    await story.run()

    await story.check("job_rejected")


async def test_a_job_that_the_server_denies_is_held_until_the_rights_are_there() -> None:
    story = await Story.begin("The operator may not create Jobs; the platform team mends it")
    refuse(story, JOB, Denied("jobs.batch is forbidden: cannot create resource"))
    await story.apply(bookshop())
    await story.run()

    story.transcript.person("kubectl create rolebinding (the operator may create Jobs)")
    story.world.admission = lambda _kind, _old, _new: None
    await story.annotate("resume", "1.1")
    await story.run()

    await story.check("job_denied")


async def test_a_workload_that_the_server_rejects_is_held() -> None:
    story = await Story.begin("An admission policy rejects the new image of the backend")
    refuse(story, DEPLOYMENT, Invalid("image is not signed"), "1.3.0")
    await story.apply(bookshop())
    await story.run()

    await story.annotate("rollback", "1")
    await story.run()

    await story.check("workload_rejected")


async def test_an_image_that_a_webhook_rewrites_is_held_not_fought_for() -> None:
    story = await Story.begin("A webhook puts the old image back into every Deployment")

    def rewrite(kind: Kind, _old: Body | None, new: Body) -> None:
        if kind == DEPLOYMENT:
            for container in new["spec"]["template"]["spec"]["containers"]:
                container["image"] = container["image"].replace("1.3.0", "1.2.0")

    story.world.admission = rewrite
    await story.apply(bookshop())

    await story.run()

    await story.check("image_rewritten")


async def test_a_record_that_the_server_rejects_does_not_stop_a_release() -> None:
    story = await Story.begin("The ReleaseRecord is rejected: the outcome counts more")
    refuse(story, RECORD, Invalid("exceeded quota"))
    await story.apply(bookshop())

    await story.run()

    await story.check("record_rejected")
