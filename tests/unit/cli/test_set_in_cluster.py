"""`kubectl release set NAME` against the double: what is written, retried, refused, looked up."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from tests.fakes.story import Story, following, in_phase
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase
from release_coordinator.cli import main as cli
from release_coordinator.cli.commands import set as setting
from release_coordinator.cli.source import Source
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import RELEASE, Body, Ref

REF = Ref(RELEASE, NAMESPACE, "bookshop")
NEW = ("--version", "1.4.0", "--image", "backend=example/bookshop-backend:1.4.0")


async def released(monkeypatch: pytest.MonkeyPatch) -> Story:
    """1.3.0 runs after 1.2.0; the plugin meets the double."""
    story = await Story.begin("a release, then set")
    await story.apply(bookshop())
    await story.run()
    cluster: Any = story.world.user

    @asynccontextmanager
    async def opened(_: object) -> AsyncIterator[Source]:
        yield Source(cluster, cluster, REF)

    monkeypatch.setattr(setting, "opened", opened)
    return story


async def set_(*options: str) -> int:
    """The command in a thread of its own, as it starts a loop of its own."""
    return await asyncio.to_thread(cli.run, ["set", "bookshop", *options])


async def stored(story: Story) -> Body:
    body: Body = await story.world.user.get(REF)
    spec: Body = body["spec"]
    return spec


async def test_version_and_images_are_written_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = await released(monkeypatch)
    before = await stored(story)

    assert await set_(*NEW, "--dry-run") == 0
    assert await stored(story) == before
    assert await set_(*NEW) == 0

    after = await stored(story)
    assert after["version"] == "1.4.0"
    assert after["components"][0]["images"] == {"api": "example/bookshop-backend:1.4.0"}
    assert after["components"][1] == before["components"][1]
    assert {k: v for k, v in after.items() if k not in {"version", "components"}} == {
        k: v for k, v in before.items() if k not in {"version", "components"}
    }


async def test_what_is_stored_can_be_had_as_a_document(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    await released(monkeypatch)

    assert await set_(*NEW, "-o", "json") == 0

    said = json.loads(capsys.readouterr().out)
    assert (said["kind"], said["spec"]["version"]) == ("Release", "1.4.0")
    assert await set_(*NEW, "-o", "json", "--wait") == 3


async def test_a_release_that_changes_meanwhile_is_read_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = await released(monkeypatch)
    rival = story.world.cluster.as_manager("kubectl")
    met: list[str] = []

    async def change(call: Call) -> None:
        if call.verb == "patch" and not met:
            met.append("once")
            await rival.patch(REF, {"spec": {"deletionPolicy": "Orphan"}})

    cluster: Any = story.world.user
    cluster.before = change

    assert await set_(*NEW) == 0

    after = await stored(story)
    assert (after["version"], after["deletionPolicy"]) == ("1.4.0", "Orphan")


async def test_what_git_has_is_left_alone_unless_forced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    story = await released(monkeypatch)
    tracked = {"argocd.argoproj.io/tracking-id": "shop:x/Release:shop/bookshop"}
    await story.world.user.patch(REF, {"metadata": {"annotations": tracked}})

    assert await set_(*NEW) == 3
    assert "applied from Git by Argo CD (Application shop)" in capsys.readouterr().err
    assert (await stored(story))["version"] == "1.3.0"

    assert await set_(*NEW, "--force") == 0
    assert (await stored(story))["version"] == "1.4.0"


async def test_previous_is_what_ran_before_as_a_declared_rollback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = await released(monkeypatch)

    assert await set_("--previous") == 0

    after = await stored(story)
    assert (after["version"], after["type"]) == ("1.2.0", "Rollback")
    assert [one["images"] for one in after["components"]] == [
        {"api": "example/bookshop-backend:1.2.0"},
        {"web": "example/bookshop-frontend:1.2.0"},
    ]


async def test_previous_after_a_rollback_is_what_runs_and_begins_no_release(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A declared rollback from a version to itself would shut gate Version."""
    story = await released(monkeypatch)
    good = await stored(story)
    await story.apply(following("1.4.0"))
    await story.run(in_phase(Phase.WATCHING))
    await story.annotate("rollback", "2")
    await story.run()

    assert await set_("--previous") == 0
    await story.run()

    after = await stored(story)
    assert (after["version"], after.get("type")) == ("1.3.0", good.get("type"))
    assert [one["images"] for one in after["components"]] == [
        one["images"] for one in good["components"]
    ]
    attempt = (await story.release()).status.attempt
    assert attempt is not None
    assert [
        gate.message for gate in attempt.gates if gate.name == "Version" and not gate.opens
    ] == []
