"""Release notes: completed by a person, judged by the gate, and published with the record."""

from collections.abc import Awaitable, Callable

import pytest
from tests.fakes.story import Story, in_phase
from tests.fakes.world import NAMESPACE
from tests.releases import Body, bookshop

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import CONFIG_MAP, Ref
from release_coordinator.engine.drafting import Sources, draft

GATES = [
    {"name": name, "enforcement": "Required"}
    for name in ("Version", "Changelog", "ReleaseNotes", "RollbackTarget")
]
LOG = "## [1.3.0] - 2026-11-23\n\n### Added\n\n- ISBN (#41)\n\n### Fixed\n\n- Apostrophes\n"


def release() -> Body:
    """The bookshop's Release, which names its notes."""
    body = bookshop()
    body["spec"]["documents"]["releaseNotes"] = {"configMap": "bookshop-docs", "key": "NOTES.md"}
    return body


async def begin(title: str) -> Story:
    """A release that waits for its notes, of which a draft is there."""
    story = await Story.begin(title)
    await story.require(gates=GATES)
    await story.write_changelog(LOG)
    text = draft(Sources("1.3.0", LOG))
    story.transcript.person("kubectl release notes bookshop --write")
    await write(story, text)
    await story.apply(release())
    await story.look()
    assert (await story.release()).status.phase is Phase.GATING
    return story


async def write(story: Story, text: str) -> None:
    await story.patch(CONFIG_MAP, "bookshop-docs", {"data": {"NOTES.md": text}})
    story.world.wake()


async def complete(story: Story) -> str:
    """A person writes what the draft leaves open."""
    story.transcript.person("kubectl release notes bookshop --edit")
    text = draft(Sources("1.3.0", LOG)).partition("\n\n### Known Issues")[0]
    summary = next(line for line in text.splitlines() if line.startswith("TODO"))
    text = text.replace(summary, "Books are found by ISBN.").replace("TODO: issue number", "#42")
    await write(story, text)
    return text


async def test_a_draft_is_completed_and_published() -> None:
    story = await begin("Release notes: drafted, completed, published")
    text = await complete(story)

    await story.run()

    assert "TODO" not in text
    assert (await story.release()).status.phase is Phase.COMPLETED
    await story.check("notes_published")


async def edited(story: Story) -> None:
    story.transcript.person("kubectl release notes bookshop --edit, while it is watched")
    found = await story.world.user.get(Ref(CONFIG_MAP, NAMESPACE, "bookshop-docs"))
    await write(story, found["data"]["NOTES.md"].replace("found by", "searched by"))


async def deleted(story: Story) -> None:
    story.transcript.person("kubectl delete configmap bookshop-docs, while it is watched")
    await story.delete_object(CONFIG_MAP, "bookshop-docs")


async def replaced(story: Story) -> None:
    story.transcript.person("the notes of 1.4.0 are written beside them, while it is watched")
    found = await story.world.user.get(Ref(CONFIG_MAP, NAMESPACE, "bookshop-docs"))
    await write(story, f"## 1.4.0\n\nTODO\n\n{found['data']['NOTES.md']}")


@pytest.mark.parametrize("change", [edited, deleted, replaced])
async def test_what_becomes_of_the_notes_after_the_gate_is_told_and_holds_nothing_up(
    change: Callable[[Story], Awaitable[None]],
) -> None:
    story = await begin(f"Release notes: {change.__name__} after the gate")
    await complete(story)
    await story.run(in_phase(Phase.WATCHING))
    await change(story)

    await story.run()

    assert (await story.release()).status.phase is Phase.COMPLETED
    await story.check(f"notes_{change.__name__}")


async def test_a_version_that_is_rolled_back_publishes_no_notes() -> None:
    story = await begin("Release notes: rolled back")
    await complete(story)
    await story.run(in_phase(Phase.WATCHING))
    await story.annotate("rollback", "1")

    await story.run()

    assert (await story.release()).status.phase is Phase.ROLLED_BACK
    await story.check("notes_rolled_back")
