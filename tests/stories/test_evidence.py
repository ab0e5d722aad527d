"""Gates that ask Jobs, endpoints and what CI writes, from the first question to the release."""

from tests.fakes.story import Story, told
from tests.fakes.world import NAMESPACE
from tests.releases import Body, bookshop

from release_coordinator.api.checklist import GateName
from release_coordinator.cluster.port import CONFIG_MAP, Ref

ASKED = (
    *(GateName.VERSION, GateName.VERSION_CONSISTENCY, GateName.CI, GateName.CREDENTIALS),
    *(GateName.MIGRATIONS, GateName.ROLLBACK_TARGET),
)
KEY = {"name": "DSN", "valueFrom": {"secretKeyRef": {"name": "bookshop-db", "key": "dsn"}}}


async def begin(title: str) -> Story:
    story = await Story.begin(title)
    gates = [{"name": name.value, "enforcement": "Required"} for name in ASKED]
    await story.world.require(gates=gates)
    story.world.prober.version = "1.2.0"
    story.world.script.said["gate/migrations/current"] = "0006"
    return story


def proved() -> Body:
    """The bookshop's Release with everything that these gates can look at."""
    body = bookshop()
    spec = body["spec"]
    spec["ci"] = [
        {"name": "build", "configMap": {"name": "bookshop-ci", "key": "status"}},
        {"name": "e2e", "job": {"image": "example/e2e:1.3.0"}},
    ]
    spec["credentialChecks"] = [{"name": "database", "job": {"image": "x/psql:17", "env": [KEY]}}]
    spec["database"] = {"current": {"image": "example/bookshop-migrate:1.3.0", "args": ["show"]}}
    spec["migrations"][0]["dryRun"] = {"args": ["check", "0007"]}
    for component in spec["components"]:
        component["versionEndpoint"] = {"port": 8080}
    return body


async def ci_writes(story: Story, text: str) -> None:
    ref = Ref(CONFIG_MAP, NAMESPACE, "bookshop-ci")
    labels = {"release-coordinator.io/release": "bookshop", "app.kubernetes.io/version": "1.3.0"}
    metadata = {"name": ref.name, "namespace": NAMESPACE, "labels": labels}
    await story.world.user.create(CONFIG_MAP, {"metadata": metadata, "data": {"status": text}})


async def test_a_release_begins_when_ci_and_all_jobs_of_gates_are_green() -> None:
    story = await begin("CI writes its result while the Jobs of the gates run")
    await story.apply(proved())
    await story.look()

    await ci_writes(story, "success")
    await story.run()

    await story.check("evidence_green")


async def test_a_dry_run_that_fails_is_repeated_when_a_person_asks() -> None:
    story = await begin("The dry run fails; the developer mends the database and retries")
    story.world.script.failing_steps["gate/migrations/0007-add-isbn"] = "table book has no title"
    await ci_writes(story, "success")
    await story.apply(proved())
    await story.run(told("dry run of 0007-add-isbn failed"))

    del story.world.script.failing_steps["gate/migrations/0007-add-isbn"]
    await story.annotate("retry", "1")
    await story.run()

    await story.check("evidence_dry_run")


async def test_components_that_say_different_versions_are_named() -> None:
    story = await begin("The images of two components are of other versions")
    body = proved()
    body["spec"]["components"][0]["images"]["api"] = "example/bookshop-backend:1.2.0"
    body["spec"]["components"][1]["images"]["web"] = "example/bookshop-frontend:1.1.9"
    await ci_writes(story, "success")
    await story.apply(body)

    await story.look()

    await story.check("evidence_versions_disagree")
