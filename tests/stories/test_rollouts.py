"""Releases that end as planned, and the one the product exists for."""

import pytest
from tests.fakes.story import Story, following, in_phase, two_migrations
from tests.fakes.world import NAMESPACE
from tests.releases import bookshop

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import DEPLOYMENT, RELEASE, Body, Kind, Ref


async def test_a_release_goes_through_all_phases() -> None:
    story = await Story.begin("1.3.0 goes through gates, migration, rollout, tests and watch")
    await story.apply(bookshop())

    await story.run()

    await story.check("success")


async def test_a_slow_version_is_taken_back_with_its_schema() -> None:
    story = await Story.begin("1.4.0 answers five times slower: code and schema go back", "1.3.0")
    await story.apply(following("1.4.0"))

    await story.run()

    await story.check("slow")
    assert story.ran("migrate/0008-add-stock") == story.ran("undo/migrate/0008-add-stock") == 1


async def test_an_expand_only_migration_stays_when_the_code_goes_back() -> None:
    story = await Story.begin("1.4.0 is slow, its migration only added: the schema stays", "1.3.0")
    body = following("1.4.0")
    (migration,) = body["spec"]["migrations"]
    migration["reversibility"] = "ExpandOnly"
    del migration["down"]
    await story.apply(body)

    await story.run()

    await story.check("slow_expand_only")


async def test_an_irreversible_migration_bars_the_automatic_rollback() -> None:
    story = await Story.begin("1.4.0 is slow, its migration is irreversible: a person decides")
    body = following("1.4.0")
    (migration,) = body["spec"]["migrations"]
    del migration["reversibility"], migration["down"]
    await story.apply(body, "from 1.2.0")
    await story.run()

    await story.annotate("rollback", "1")
    await story.run()

    await story.check("slow_irreversible")
    assert not story.ran("undo/migrate/0008-add-stock")


async def test_two_migrations_are_reverted_newest_first() -> None:
    story = await Story.begin("1.4.0 brings two migrations and is slow", "1.3.0")
    await story.apply(two_migrations("1.4.0"))

    await story.run()

    await story.check("slow_two_migrations")


async def test_pods_that_crash_are_taken_back() -> None:
    story = await Story.begin("1.3.0 ends at once: the deadline of the rollout takes it back")
    story.world.script.crashing["example/bookshop-backend:1.3.0"] = "no such table: isbn"
    await story.apply(bookshop())

    await story.run()

    await story.check("never_ready")


async def test_health_endpoints_that_do_not_answer_take_a_version_back() -> None:
    story = await Story.begin("1.3.0 becomes ready, but its health endpoint answers HTTP 503")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.ROLLING_OUT))
    story.world.prober.ok = False
    await story.run(in_phase(Phase.ROLLING_BACK))
    story.world.prober.ok = True

    await story.run()

    await story.check("unhealthy")


async def test_a_failing_smoke_test_takes_a_version_back() -> None:
    story = await Story.begin("1.3.0 cannot check out")
    story.world.script.failing_steps["verify/smoke/checkout"] = "POST /checkout: 500"
    await story.apply(bookshop())

    await story.run()

    await story.check("smoke_test_fails")


async def test_after_a_failed_rollback_the_last_good_version_is_still_the_way_back() -> None:
    story = await Story.begin("The rollback of 1.3.0 fails; 1.4.0 fails too and goes back to 1.2.0")
    script = story.world.script
    script.failing_steps["verify/smoke/checkout"] = "POST /checkout: 500"
    await story.apply(bookshop())
    await story.run(in_phase(Phase.VERIFYING))
    script.never_ready.add("example/bookshop-frontend:1.2.0")
    await story.run()
    assert (await story.release()).status.phase is Phase.ROLLBACK_FAILED

    script.never_ready.clear()
    script.failing_steps.clear()
    await story.apply(following("1.4.0"))
    await story.run()
    held = (await story.release()).status
    assert held.phase is Phase.HELD, "0007 stayed applied: only a person opens the way past it"

    await story.annotate("rollback", "2")
    await story.run()

    await story.check("rollback_failed_next_version")
    assert (await story.release()).status.phase is Phase.ROLLED_BACK


async def test_taking_the_spec_back_after_a_rollback_runs_nothing_again() -> None:
    story = await Story.begin("1.4.0 is taken back, then Git is reverted to 1.3.0")
    await story.apply(bookshop())
    await story.run()
    await story.apply(following("1.4.0"))
    await story.run()
    assert (await story.release()).status.phase is Phase.ROLLED_BACK

    await story.apply(bookshop(), "again")
    await story.run()

    await story.check("reverted_in_git")
    assert (await story.release()).status.phase is Phase.COMPLETED
    assert story.ran("migrate/0007-add-isbn") == 1


async def test_a_journal_of_another_version_is_kept_and_told() -> None:
    story = await Story.begin("A newer operator wrote the journal; this one must not guess")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.MIGRATING))
    cluster = story.world.user
    body = await cluster.get(Ref(RELEASE, NAMESPACE, "bookshop"))
    body["status"]["attempt"]["journalSchema"] = 99
    await cluster.replace_status(RELEASE, body)
    await story.world.restart()

    await story.run()

    stored = await cluster.get(Ref(RELEASE, NAMESPACE, "bookshop"))
    assert stored["status"]["attempt"] == body["status"]["attempt"]
    assert stored["status"]["phase"] == "Held"
    assert "journal cannot be read" in stored["status"]["message"]


async def test_the_previous_version_is_probed_where_it_is_known_to_answer() -> None:
    story = await Story.begin("1.3.0 brings a health endpoint that 1.2.0 does not have")
    story.world.prober.scripted = lambda: story.world.backend().endswith(":1.3.0")
    story.world.script.failing_steps["verify/smoke/checkout"] = "no checkout"
    await story.apply(bookshop())
    await story.run()

    attempt = (await story.release()).status.attempt
    assert attempt is not None
    assert attempt.end is not None
    assert attempt.end.outcome is Phase.ROLLED_BACK


async def test_pods_whose_readiness_nobody_told_of_are_looked_at_before_a_rollout_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    story = await Story.begin("the watch of Deployments is dead, and nobody has noticed")
    await story.apply(bookshop())
    await story.run(in_phase(Phase.ROLLING_OUT))
    operator = story.world.operator
    hear = operator.hear

    def without_deployments(kind: Kind, event: str, body: Body) -> None:
        if kind is not DEPLOYMENT:
            hear(kind, event, body)

    monkeypatch.setattr(operator, "hear", without_deployments)
    await story.run()

    release = await story.release()
    assert release.status.phase is Phase.COMPLETED, release.status.message
