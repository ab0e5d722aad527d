"""The release log over the life of a Release: chained, whole, shortened, and met again."""

import re
from pathlib import Path

import pytest
from tests import goldens
from tests.fakes.beside import Beside
from tests.fakes.story import Story, following
from tests.fakes.world import NAMESPACE, Crash
from tests.releases import Body, bookshop
from tests.unit.cli.pages import text_of

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.cli.historypage import page, verification, verified
from release_coordinator.cli.logbook import Entry, Logbook, page_of
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import RECORD, RELEASE, Kind, Ref
from release_coordinator.controllers.records import RecordRetention
from release_coordinator.engine import names
from release_coordinator.engine.ledger import Account, Fault, check
from release_coordinator.errors import NotFound
from release_coordinator.render.logpage import markdown

GOLDEN = Path(__file__).with_name("golden")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|\b[0-9a-f]{12}\b(?!-)|hash [0-9a-f]{10}")


async def log_of(story: Story) -> list[Body]:
    """The records, oldest first."""
    found = await story.world.user.list(RECORD, NAMESPACE)
    return sorted(found, key=lambda body: body["spec"]["attempt"])


async def account(story: Story) -> Account:
    """What the check says."""
    release = await story.release()
    pages = [page_of(body) for body in await log_of(story)]
    return check(release.name, release.uid, pages, release.status)


async def three_attempts() -> Story:
    """One that goes well, one that a metric turns back, and one that is aborted."""
    story = await Story.begin("Three attempts")
    await story.apply(bookshop())
    await story.run()
    await story.restart()
    await story.apply(following("1.4.0"))
    await story.run()
    wrong = following("1.5.0", "0009-fill-stock")
    wrong["spec"]["version"] = "1.6.0"
    await story.apply(wrong)
    await story.look()
    await story.annotate("abort", "3")
    await story.run()
    return story


async def test_every_record_names_the_one_before_it_and_the_status_the_last() -> None:
    story = await three_attempts()

    first, second, third = [body["spec"] for body in await log_of(story)]
    release = await story.release()

    assert "previous" not in first
    assert second["previous"]["digest"] == first["recordDigest"]
    assert third["previous"]["digest"] == second["recordDigest"]
    digests = [entry.digest for entry in release.status.history]
    assert digests == [one["recordDigest"] for one in (third, second, first)]
    found = await account(story)
    assert (found.checked, found.findings, found.notes) == (3, (), ())


async def test_the_log_reads_as_in_its_golden_files() -> None:
    story = await three_attempts()
    bodies = await log_of(story)
    release = await story.release()
    entries = tuple(Entry(body, page_of(body)) for body in reversed(bodies))
    book = Logbook(NAMESPACE, "bookshop", release, entries)

    now = story.world.time.now()
    shown = [page(book, now, wide=False), page(book, now, wide=True), verified(verification(book))]
    pages = "\n".join(text_of(one, width=220) for one in shown)
    goldens.check(GOLDEN / "release_log.txt", _without_chance(pages, release))
    second = book.of_attempt(2)
    assert second.page.record is not None
    document = markdown(NAMESPACE, second.page.name, second.page.record)
    goldens.check(GOLDEN / "release_log.md", _without_chance(document, release))


def _without_chance(text: str, release: ReleaseObject) -> str:
    """The text without digests, which are others when anything of a plan is."""
    return _DIGEST.sub("(digest)", text.replace(release.uid, "UID"))


async def test_a_record_that_somebody_has_put_there_before_is_not_taken_for_the_operators() -> None:
    story = await Story.begin("Somebody writes the record of an attempt beforehand")
    await story.apply(bookshop())
    await story.look()
    release = await story.release()
    name = names.record_name(release.name, release.uid, 1)
    other = await Story.begin("Another world")
    await other.apply(bookshop())
    await other.run()
    (forged,) = await log_of(other)
    spec = {**forged["spec"], "releaseUid": release.uid, "message": "all was well"}
    labels = {names.LABEL_RELEASE: release.name, names.LABEL_UID: release.uid}
    metadata = {"name": name, "namespace": NAMESPACE, "labels": labels}
    await story.world.user.create(RECORD, {"metadata": metadata, "spec": spec})

    await story.run()

    release = await story.release()
    (entry,) = release.status.history
    assert entry.record is None
    assert "was not written by the operator" in release.status.message
    faults = {one.fault for one in (await account(story)).findings if one.record == name}
    assert Fault.FOREIGN in faults


@pytest.mark.parametrize(
    ("named", "edit"),
    [([], {"fixes": ["bookshop-0"]}), (["bookshop-0"], {"fixes": []}), (["bookshop-0"], None)],
)
async def test_an_edit_between_record_and_status_makes_no_stranger_of_the_record(
    named: list[str], edit: Body | None
) -> None:
    """Nothing of the plan is recorded before the first change: it is what the spec says now."""
    story = await Story.begin("Called off in gating, and edited as the record is written")
    body = bookshop()
    body["spec"] |= {"version": "1.6.0", "fixes": named}  # its images do not say so
    await story.apply(body)
    await story.look()
    await story.annotate("abort", "1")

    async def edit_and_crash(call: Call) -> None:
        if call.verb == "create" and call.ref.kind == RECORD:
            story.world.cluster.after = None
            await story.patch(RELEASE, "bookshop", {"spec": edit or {"version": "1.6.1"}})
            raise Crash

    story.world.cluster.after = edit_and_crash
    await story.run(lambda release: bool(release.status.history))

    assert story.world.crashes == 1
    first = (await log_of(story))[0]["spec"]
    entry = (await story.release()).status.history[-1]
    assert (first["outcome"], first["reason"]) == ("Failed", "Aborted")
    assert (entry.attempt, entry.digest) == (1, first["recordDigest"])
    assert first["fixes"] == named
    assert (await account(story)).findings == ()


SINCE = {"changedAt", "notes", "holds", "held", "fixes", "incident", "previous", "recordDigest"}
"""Fields that an earlier definition of ReleaseRecord does not know."""


def drop_what_is_newer(kind: Kind, _old: Body | None, new: Body) -> None:
    """What an API server does where the definitions are older than the operator."""
    if kind is RECORD:
        new["spec"] = {key: said for key, said in new["spec"].items() if key not in SINCE}


async def test_where_the_definition_is_older_the_record_is_taken_over_and_it_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    story = await Story.begin("The definitions were not applied")
    story.world.admission = drop_what_is_newer
    await story.apply(bookshop())

    await story.run()

    (entry,) = (await story.release()).status.history
    (record,) = await log_of(story)
    assert (entry.record, entry.digest) == (record["metadata"]["name"], None)
    assert "was not written" not in (await story.release()).status.message
    (warning,) = [line for line in caplog.messages if "older than the operator" in line]
    assert "recordDigest" in warning
    assert "apply the definitions" in warning


async def test_the_record_of_an_operator_that_chained_none_and_died_is_taken_over() -> None:
    story = await Story.begin("An upgrade between record and status")
    story.world.admission = drop_what_is_newer

    async def die(call: Call) -> None:
        if call.verb == "create" and call.ref.kind == RECORD:
            story.world.admission = lambda _kind, _old, _new: None
            story.world.cluster.after = None
            raise Crash

    story.world.cluster.after = die
    await story.apply(bookshop())
    await story.run()
    await story.apply(following("1.4.0"))
    await story.run()

    second, first = (await story.release()).status.history
    assert (first.record is not None, first.digest) == (True, None)
    assert second.digest is not None
    found = await account(story)
    assert (found.checked, found.findings) == (1, ())
    assert "not chained" in found.notes[0]


async def test_a_status_that_is_older_than_the_log_goes_on_with_the_chain() -> None:
    story = await three_attempts()
    live = await story.world.user.get(Ref(RELEASE, NAMESPACE, "bookshop"))
    older = {**live["status"]}
    older["history"] = older["history"][2:]
    older["attempt"] = {**older["attempt"], "number": 1, "record": older["history"][0]["record"]}
    await story.world.user.replace_status(RELEASE, {**live, "status": older})
    await story.restart()
    await story.apply(following("1.4.0"))
    await story.run()
    await story.annotate("resume", "4.1")
    await story.run()

    records = await log_of(story)

    assert [body["spec"]["attempt"] for body in records] == [1, 2, 3, 4]
    assert records[3]["spec"]["previous"]["attempt"] == 3
    assert (await account(story)).findings == ()


async def test_what_the_policy_gives_up_goes_and_the_log_stays_whole() -> None:
    story = await Story.begin("Ten records are kept")
    await story.require(records={"keep": 10})
    await story.apply(bookshop())
    await story.run()
    for number in range(1, 14):
        body = following(f"1.4.{number}")
        body["spec"]["version"] = f"1.5.{number}"  # its images do not say so
        await story.apply(body)
        await story.look()
    beside = Beside(story.world, lambda parts: [RecordRetention(parts)])

    await beside.look()

    release = await story.release()
    pruned = release.status.pruned_records
    assert pruned is not None
    attempts = [body["spec"]["attempt"] for body in await log_of(story)]
    assert attempts == [1, *range(pruned.through + 1, 14)]  # the first is what runs
    assert len(attempts) == 11
    assert [one.attempt for one in pruned.kept] == [1]
    assert (await account(story)).findings == ()
    story_log = await log_of(story)
    await story.delete_object(RECORD, story_log[4]["metadata"]["name"])
    (finding,) = (await account(story)).findings
    assert finding.record == story_log[4]["metadata"]["name"]


async def test_a_log_outlives_its_release() -> None:
    story = await three_attempts()
    before = await account(story)
    uid = (await story.release()).uid
    await story.delete()
    await story.run()

    with pytest.raises(NotFound):
        await story.release()
    after = check("bookshop", uid, [page_of(body) for body in await log_of(story)], None)
    assert before.checked == after.checked == 3
    assert after.findings == ()
