"""What a click in Argo CD does to a Release: orders, without drift from Git, by argocd-server."""

from collections.abc import Callable

import pytest
from tests.gitops.shop import ArgoShop

from release_coordinator.api.codec import ReleaseObject
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import RELEASE

pytestmark = [pytest.mark.api, pytest.mark.gitops]

NAME = "bookshop"


class Buttons:
    """The buttons of the Release in Argo CD's pages."""

    def __init__(self, shop: ArgoShop) -> None:
        self._shop = shop

    async def offered(self) -> set[str]:
        """Return those that can be clicked."""
        shop = self._shop
        found = await shop.argo.buttons(shop.app, RELEASE, shop.namespace, NAME)
        return {str(one["name"]) for one in found if not one.get("disabled")}

    async def click(self, name: str, **values: str) -> None:
        """Click one."""
        shop = self._shop
        await shop.argo.press(shop.app, RELEASE, shop.namespace, NAME, name, **values)


def in_phase(phase: Phase, attempt: int) -> Callable[[ReleaseObject], bool]:
    def reached(one: ReleaseObject) -> bool:
        now = one.status.attempt
        return one.status.phase is phase and now is not None and now.number == attempt

    return reached


async def test_every_order_of_a_button_is_obeyed_and_drifts_from_nothing(shop: ArgoShop) -> None:
    buttons = Buttons(shop)
    first = shop.repository.commit("1.2.0", shop.files("1.2.0"))
    await shop.follow()
    await shop.becomes("Healthy", first)
    assert await buttons.offered() == {"suspend"}

    commit = await shop.push("1.3.0", shop.files("1.3.0", duration="2m"))
    begun = (await shop.watched("1.3.0")).status.attempt
    assert begun is not None
    await buttons.click("suspend")
    await shop.until(in_phase(Phase.SUSPENDED, begun.number))
    suspended = await shop.becomes("Suspended", commit)
    assert await shop.looked_at() == suspended
    assert "resume" in await buttons.offered()

    await buttons.click("resume")
    await shop.until(in_phase(Phase.WATCHING, begun.number))
    await shop.becomes("Progressing", commit)
    await buttons.click("rollback", reason="Security: leaks tokens")
    rolled_back = await shop.ended("1.3.0")
    await shop.becomes("Degraded", commit)
    assert rolled_back.status.phase is Phase.ROLLED_BACK
    assert rolled_back.status.attempt is not None
    assert rolled_back.status.attempt.end is not None
    assert rolled_back.status.attempt.end.reason is Reason.MANUAL_ROLLBACK
    assert "leaks tokens" in rolled_back.status.message

    assert "retry" in await buttons.offered()
    await buttons.click("retry")
    await shop.until(in_phase(Phase.WATCHING, begun.number + 1))
    await buttons.click("abort")
    aborted = await shop.until(in_phase(Phase.ROLLED_BACK, begun.number + 1))
    assert "Aborted" in {str(one.reason) for one in aborted.status.conditions}

    last = await shop.looked_at()
    assert last.at(commit)
    assert last.syncs == 2, "one sync for each commit: nothing was put back"
    said = [one for one in shop.argo.applications.said[shop.app] if one.revision == commit]
    synced = next(at for at, one in enumerate(said) if one.sync == "Synced")
    assert {one.sync for one in said[synced:]} == {"Synced"}, "no order is a drift from Git"
    assert len(shop.running("1.2.0")) == 2
