"""Who has to sign, who may, what voids a signature, and what everybody reads meanwhile."""

from collections.abc import Awaitable, Callable

import pytest
from tests.fakes.story import Story, following, in_phase, told
from tests.fakes.world import AUTHOR
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.memory import Call
from release_coordinator.cluster.port import APPROVAL

TWO = [{"role": "qa"}, {"role": "security"}]


async def waiting(title: str, **policy: object) -> Story:
    """A release of the bookshop that waits for QA and Security."""
    story = await Story.begin(title)
    await story.require(**{"signOffs": TWO, **policy})
    await story.apply(bookshop())
    await story.look()
    return story


async def test_a_release_waits_for_every_role_and_goes_on_with_the_last_signature() -> None:
    story = await waiting("Two roles sign off; the second signature starts the release")

    await story.say("quinn", "Approved", role="qa")
    await story.look()
    await story.say("sam", "Approved", role="security", comment="scan is clean")
    await story.run()

    await story.check("signed_by_two")


async def test_waiting_for_a_signature_asks_nobody() -> None:
    story = await waiting("Nobody is asked while a signature is awaited")
    calls: list[Call] = []

    async def count(call: Call) -> None:
        calls.append(call)

    story.world.cluster.before = count
    assert story.world.operator.timers == {}, "it waits for news alone"
    await story.run()

    assert calls == []


async def test_two_signatures_of_one_person_count_once() -> None:
    story = await waiting("Two different people sign", signOffs=[{"role": "qa", "count": 2}])

    await story.say("quinn", "Approved", role="qa")
    await story.say("quinn", "Approved", role="qa", comment="once more")
    await story.look()
    await story.run(told("1 of 2 signatures"))
    await story.say("quentin", "Approved", role="qa")
    await story.run()

    await story.check("signed_by_two_people")


async def test_a_rejection_stops_the_release_until_its_author_changes_his_mind() -> None:
    story = await waiting("Security rejects, then signs after all")
    await story.say("quinn", "Approved", role="qa")
    await story.say("sam", "Rejected", role="security", comment="CVE-2026-1 is open")
    await story.run(told("rejected the plan"))

    await story.world.advance(60)
    await story.say("sam", "Approved", role="security", comment="it does not concern us")
    await story.run()

    await story.check("rejected_and_signed")


async def rejected(story: Story) -> None:
    await story.say("sam", "Rejected", role="security", comment="no")


async def revoked(story: Story) -> None:
    await story.world.advance(5)
    await story.say("quinn", "Revoked", role="qa", comment="found something")


async def spec_edited(story: Story) -> None:
    body = bookshop()
    body["spec"]["watch"]["duration"] = "20m"
    await story.apply(body, "a longer watch")


async def policy_tightened(story: Story) -> None:
    await story.require(signOffs=[*TWO, {"role": "product-owner"}])


async def lapsed(story: Story) -> None:
    story.transcript.world("a week goes by")
    await story.world.advance(7 * 86_400)


async def proof_lost(story: Story) -> None:
    story.world.unproved = "the ValidatingAdmissionPolicy is gone"
    story.transcript.world("forged approvals are no longer refused")


VOIDED: dict[str, Callable[[Story], Awaitable[None]]] = {
    one.__name__: one
    for one in (rejected, revoked, spec_edited, policy_tightened, lapsed, proof_lost)
}


@pytest.mark.parametrize("name", VOIDED)
async def test_a_signature_does_not_outlive_what_it_was_given_for(name: str) -> None:
    story = await waiting(f"QA has signed; then: {name.replace('_', ' ')}")
    await story.say("quinn", "Approved", role="qa")
    await story.look()

    await VOIDED[name](story)
    await story.look()
    if name != "rejected":
        await story.say("sam", "Approved", role="security")
    await story.look()

    release = await story.release()
    assert release.status.phase is Phase.GATING
    await story.check(f"void_{name}")


@pytest.mark.parametrize("name", ["rejected", "revoked"])
async def test_a_word_that_the_watch_has_not_told_yet_counts_before_the_first_change(
    name: str,
) -> None:
    story = await waiting(f"The last moment: {name}, and the watch is late")
    hear = story.world.operator.hear
    await story.say("quinn", "Approved", role="qa")
    story.world.operator.hear = lambda kind, event, body: (  # type: ignore[method-assign]
        None if kind is APPROVAL else hear(kind, event, body)
    )
    await VOIDED[name](story)
    story.world.operator.hear = hear  # type: ignore[method-assign]
    await story.say("sara", "Approved", role="security")

    await story.look()

    assert not story.ran("migrate/0007-add-isbn")
    assert (await story.release()).status.phase is Phase.GATING
    await story.check(f"last_moment_{name}")


async def test_who_changed_the_spec_does_not_sign_it_off() -> None:
    story = await waiting("The author signs his own release")

    await story.say(AUTHOR, "Approved", role="qa")
    await story.say("sam", "Approved", role="security")
    await story.look()

    await story.check("signed_by_its_author")


async def test_a_policy_may_let_the_author_sign() -> None:
    story = await waiting("The policy lets the author sign", approvals={"authorMayApprove": True})

    await story.say(AUTHOR, "Approved", role="qa")
    await story.say("sam", "Approved", role="security")
    await story.run(in_phase(Phase.MIGRATING))

    assert (await story.release()).status.phase is Phase.MIGRATING


async def test_a_signature_for_an_older_plan_is_void() -> None:
    story = await waiting("A signature for the plan of yesterday")

    await story.say("quinn", "Approved", role="qa", digest="sha256:" + "0" * 64)
    await story.say("sam", "Approved", role="security")
    await story.look()

    await story.check("signed_for_an_older_plan")


async def test_a_gate_is_waived_by_name_and_the_record_says_so() -> None:
    story = await Story.begin("The changelog is missing; its gate is waived")
    await story.write_changelog("# Changelog\n")
    await story.apply(bookshop())
    await story.look()

    await story.say("mia", "Waived", gate="Changelog", comment="written tomorrow, incident 12")
    await story.run()

    await story.check("waived")


async def test_a_waiver_of_the_author_does_not_count() -> None:
    story = await Story.begin("The author waives a gate of his own release")
    await story.write_changelog("# Changelog\n")
    await story.apply(bookshop())
    await story.look()

    await story.say(AUTHOR, "Waived", gate="Changelog", comment="trust me")
    await story.look()

    assert (await story.release()).status.phase is Phase.GATING


async def test_a_waiver_can_be_taken_back() -> None:
    story = await Story.begin("A waiver is taken back in time")
    await story.require(signOffs=TWO)
    await story.write_changelog("# Changelog\n")
    await story.apply(bookshop())
    await story.look()
    await story.say("mia", "Waived", gate="Changelog", comment="later")
    await story.look()

    await story.world.advance(5)
    await story.say("mia", "Revoked", gate="Changelog", comment="no, now")
    await story.look()

    await story.check("waiver_revoked")


async def test_an_urgent_fix_need_not_wait_for_the_business() -> None:
    signs = [{"role": "qa"}, {"role": "product-owner", "enforcement": "Advisory"}]
    rules = [{"type": "Hotfix", "signOffs": signs}]
    story = await Story.begin("A hotfix goes ahead of the product owner")
    await story.require(types=rules)
    body = following("1.2.1", "0007-mend")
    body["spec"]["type"] = "Hotfix"
    await story.write_changelog("## [1.2.1] - 2026-11-23\n\n### Fixed\n\n- A hole.\n")
    await story.apply(body)
    await story.look()

    await story.say("quinn", "Approved", role="qa")
    await story.run()

    await story.check("hotfix")
