"""Gates that stay shut, each with the sentence a person reads; nothing in the cluster changes."""

from collections.abc import Callable

import pytest
from tests.fakes.story import Story, told
from tests.fakes.world import NAMESPACE
from tests.releases import Body, bookshop

from release_coordinator.cluster.port import CONFIG_MAP, Ref

Edit = Callable[[Body], None]


def version_backwards(spec: Body) -> None:
    spec["version"] = "1.1.0"


def type_contradicts(spec: Body) -> None:
    spec["type"] = "Patch"


def numbers_skipped(spec: Body) -> None:
    spec["version"] = "1.3.1"


def tag_disagrees(spec: Body) -> None:
    spec["components"][0]["images"]["api"] = "example/bookshop-backend:1.2.9"


def workload_unknown(spec: Body) -> None:
    spec["components"][0]["workloadRef"]["name"] = "bookshop-api"


def container_unknown(spec: Body) -> None:
    spec["components"][1]["images"] = {"nginx": "example/bookshop-frontend:1.3.0"}


def document_unknown(spec: Body) -> None:
    spec["documents"]["changelog"]["key"] = "CHANGES.md"


SPECS: dict[str, Edit] = {
    edit.__name__: edit
    for edit in (
        version_backwards,
        type_contradicts,
        numbers_skipped,
        tag_disagrees,
        workload_unknown,
        container_unknown,
        document_unknown,
    )
}

CHANGELOGS = {
    "changelog_without_version": "## [1.2.0] - 2026-11-20\n\n- Something.\n",
    "changelog_without_date": "## [1.3.0]\n\n### Added\n\n- Something.\n",
    "changelog_empty": "## [1.3.0] - 2026-11-23\n\n### Added\n",
    "changelog_breaking": "## [1.3.0] - 2026-11-23\n\n### Changed\n\n- **Breaking:** no v1.\n",
}


@pytest.mark.parametrize("name", SPECS)
async def test_a_gate_stays_shut_because_of_the_spec(name: str) -> None:
    story = await Story.begin(f"Gate shut: {name.replace('_', ' ')}")
    body = bookshop()
    SPECS[name](body["spec"])
    await story.apply(body)

    await story.look()

    await story.check(f"gate_{name}")


@pytest.mark.parametrize("name", CHANGELOGS)
async def test_a_gate_stays_shut_because_of_the_changelog(name: str) -> None:
    story = await Story.begin(f"Gate shut: {name.replace('_', ' ')}")
    await story.write_changelog(CHANGELOGS[name])
    await story.apply(bookshop())

    await story.look()

    await story.check(f"gate_{name}")


async def test_a_gate_opens_when_the_changelog_is_mended() -> None:
    story = await Story.begin("The changelog lacks the version; the developer adds it")
    ref = Ref(CONFIG_MAP, NAMESPACE, "bookshop-docs")
    good = (await story.world.user.get(ref))["data"]["CHANGELOG.md"]
    await story.write_changelog("# Changelog\n")
    await story.apply(bookshop())
    await story.look()

    await story.write_changelog(good)
    await story.run()

    await story.check("gate_opens")


async def test_an_application_that_is_not_healthy_is_not_released() -> None:
    story = await Story.begin("Gate shut: the backend is not healthy before the release")
    story.world.script.never_ready.add("example/bookshop-backend:1.2.1")
    await story.set_image("bookshop-backend", "api", "example/bookshop-backend:1.2.1")
    await story.apply(bookshop())

    await story.look()

    await story.check("gate_unhealthy_before")


SECRET = {"name": "DSN", "valueFrom": {"secretKeyRef": {"name": "bookshop-db", "key": "dsn"}}}
MISSING = ("CreateContainerConfigError", 'secret "bookshop-db" not found')


async def test_a_missing_secret_is_told_and_found_when_it_is_added() -> None:
    story = await Story.begin("The Secret of the migration is missing, and added a minute later")
    story.world.script.blocked_steps["gate/credentials"] = MISSING
    body = bookshop()
    body["spec"]["migrations"][0]["up"]["env"] = [SECRET]
    await story.apply(body)
    await story.run(told("CreateContainerConfigError"))

    story.transcript.person("kubectl create secret generic bookshop-db")
    del story.world.script.blocked_steps["gate/credentials"]
    await story.run()

    await story.check("gate_secret_added")


async def test_a_missing_secret_is_asked_for_again_on_request() -> None:
    story = await Story.begin("The Secret is missing until the gate's Job has timed out; retry")
    story.world.script.blocked_steps["gate/credentials"] = MISSING
    body = bookshop()
    body["spec"]["migrations"][0]["up"]["env"] = [SECRET]
    await story.apply(body)
    await story.run(told("did not end"))

    story.transcript.person("kubectl create secret generic bookshop-db")
    del story.world.script.blocked_steps["gate/credentials"]
    await story.annotate("retry", "1")
    await story.run()

    await story.check("gate_secret_retry")


async def test_a_program_without_true_proves_its_secrets_too() -> None:
    story = await Story.begin("The image of the gate's Job has no `true`: it started, that counts")
    story.world.script.failing_steps["gate/credentials"] = "exec: true: not found"
    body = bookshop()
    body["spec"]["migrations"][0]["up"]["env"] = [SECRET]
    await story.apply(body)

    await story.run()

    await story.check("gate_secret_started")
