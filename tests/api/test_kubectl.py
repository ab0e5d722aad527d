"""What kubectl alone tells of a release on a real API server: columns, `describe`, `wait`, Events.

Who looks so needs neither the plugin nor the status page (U3, U4).
"""

import asyncio
import re
from collections.abc import Awaitable, Callable

import pytest
from tests.fakes.prometheus import vector
from tests.fakes.stage import Stage
from tools.lab.kubectl import Kubectl

from release_coordinator.api.conditions import Phase
from release_coordinator.cluster.port import EVENT, Body

pytestmark = pytest.mark.api

Ask = Callable[..., Awaitable[str]]
LINES = ("Normal AttemptStarted", "Normal GatesPassed", "Normal Completed")
BACK = ("Warning RollbackStarted", "Warning RolledBack")


@pytest.fixture
def kubectl(shop: Stage) -> Ask:
    """Runs kubectl in the namespace of the shop."""
    program = Kubectl(shop.kubeconfig, (f"--namespace={shop.namespace}",))

    async def ask(*arguments: str) -> str:
        return await asyncio.to_thread(program.run, *arguments)

    return ask


def columns(table: str) -> dict[str, str]:
    """The only row of a table: heading -> cell, cut where the heading begins."""
    heading, row = table.splitlines()
    found = list(re.finditer(r"\S+", heading))
    names, begins = [one[0] for one in found], [one.start() for one in found]
    ends = [*begins[1:], None]
    return {
        name: row[begin:end].strip() for name, begin, end in zip(names, begins, ends, strict=True)
    }


async def events(shop: Stage, *wanted: str) -> list[Body]:
    """All Events about the Release, once these are among them: they are posted a little later."""
    async with asyncio.timeout(30):
        while True:
            found = await shop.user.list(EVENT, shop.namespace)
            own = [one for one in found if about(one)["kind"] == "Release"]
            if set(wanted) <= {line(one) for one in own}:
                return own
            await asyncio.sleep(0.2)


def about(event: Body) -> Body:
    regarding: Body = event.get("regarding") or event["involvedObject"]
    return regarding


def line(event: Body) -> str:
    return f"{event['type']} {event['reason']}"


async def test_a_release_that_goes_well_is_waited_for_and_shown(shop: Stage, kubectl: Ask) -> None:
    await shop.start()
    await shop.apply(shop.release())

    met = await kubectl("wait", "release/bookshop", "--for=condition=Ready", "--timeout=80s")
    state = await shop.ended("1.3.0")

    assert "condition met" in met
    assert state.status.phase is Phase.COMPLETED
    for gone in ("Reconciling", "Stalled"):
        await kubectl("wait", "release/bookshop", f"--for=condition={gone}=False", "--timeout=10s")
    shown = columns(await kubectl("get", "release", "bookshop"))
    assert (shown["NAME"], shown["VERSION"], shown["PHASE"]) == ("bookshop", "1.3.0", "Completed")
    assert shown["MESSAGE"].startswith("1.3.0 runs")
    assert shown["AGE"]
    wide = columns(await kubectl("get", "release", "bookshop", "-o", "wide"))
    assert (wide["TYPE"], wide["PREVIOUS"]) == ("Minor", "1.2.0")
    assert wide["DIGEST"].startswith("sha256:")
    await events(shop, *LINES)
    described = await kubectl("describe", "release", "bookshop")
    for words in ("Phase:", "Completed", "Previous Version:", "Last Transition Time:"):
        assert words in described
    told = " ".join(described.partition("Events:")[2].split())
    assert all(one in told for one in LINES)


async def test_a_rollback_is_waited_for_and_told_by_events(shop: Stage, kubectl: Ask) -> None:
    await shop.start()
    await shop.apply(shop.release(duration="1m"))
    await shop.until(lambda one: one.status.phase is Phase.WATCHING)
    shop.prometheus.script = vector("9.9")

    met = await kubectl("wait", "release/bookshop", "--for=condition=Stalled", "--timeout=80s")
    state = await shop.ended("1.3.0")
    found = await events(shop, *BACK)

    assert "condition met" in met
    assert state.status.phase is Phase.ROLLED_BACK
    shown = columns(await kubectl("get", "release", "bookshop"))
    assert (shown["PHASE"], shown["VERSION"]) == ("RolledBack", "1.3.0")
    (back,) = [one for one in found if one["reason"] == "RolledBack"]
    assert about(back)["uid"] == state.uid
    assert "1.2.0 runs again" in (back.get("note") or back["message"])
    warnings = await kubectl("events", "--for=release/bookshop", "--types=Warning")
    assert "RolledBack" in warnings
