"""What a metric source may answer, when, and what a release makes of it: every cell of the table.

An outage is never a breach. Only `onUnknown: Rollback` takes a release back for want of answers,
and only after `unknownLimit`.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from tests import goldens
from tests.answers import table
from tests.answers.kinds import ANSWERS, Answer
from tests.answers.play import Client, Play
from tests.answers.shapes import ROLLOUT, SHAPES, Ending, Shape, ending, is_hit
from tests.fakes import prometheus as fake

from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.measurement import Verdict
from release_coordinator.api.watch import OnUnknown

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metric-answers.md"
FAR = {OnUnknown.HOLD, OnUnknown.PASS}
"""Policies under which an outage never takes a release back."""

answers = pytest.mark.parametrize("answer", ANSWERS, ids=lambda answer: answer.name)
policies = pytest.mark.parametrize("policy", OnUnknown)


@pytest_asyncio.fixture(scope="module")
async def client() -> AsyncIterator[Client]:
    async with fake.scripted_prometheus() as server:
        client = Client(server)
        yield client
        await client.real.close()


@policies
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
@answers
async def test_an_outage_of_the_source_ends_as_the_table_says(
    client: Client, answer: Answer, shape: Shape, policy: OnUnknown
) -> None:
    play = Play(client, answer, shape)

    phase = await play.run(policy)

    told = play.told
    assert Ending(phase, told.length) == ending(answer, shape, policy)
    assert not {verdict for _, verdict, _ in told.verdicts} & {Verdict.FAIL}
    assert told.trigger is None or policy not in FAR
    expected = Verdict.PASS if answer.usable else Verdict.UNKNOWN
    hit = [(verdict, words) for at, verdict, words in told.verdicts if is_hit(answer, shape, at)]
    assert hit[0][0] is expected, "the first look in the outage"
    assert answer.words in hit[0][1]


@policies
@answers
async def test_an_outage_during_the_rollout_leads_to_nothing(
    client: Client, answer: Answer, policy: OnUnknown
) -> None:
    play = Play(client, answer, ROLLOUT)

    phase = await play.run(policy)

    early = [verdict for at, verdict, _ in play.told.verdicts if at < 0]
    assert early, "it is watched from the first change on"
    assert Verdict.FAIL not in early
    assert Verdict.UNKNOWN in early or answer.usable
    assert Ending(phase, play.told.length) == Ending(Phase.COMPLETED, 120)


@answers
async def test_a_breach_is_caught_although_the_source_flaps(client: Client, answer: Answer) -> None:
    play = Play(client, table.flapping(answer), SHAPES[-1])
    play.breach_from = 45

    phase = await play.run(OnUnknown.HOLD)

    assert Ending(phase, play.told.length) == Ending(Phase.ROLLED_BACK, 60)
    assert play.told.trigger is not None
    assert play.told.trigger.reason is Reason.METRIC_BREACH
    assert play.told.trigger.message == "metric errors: 0.9 is above 0.5"


def test_the_documented_table_is_what_is_tested() -> None:
    goldens.check(PAGE, table.page())
