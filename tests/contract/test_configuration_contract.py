"""What the API server promises of immutable configuration, on both worlds."""

from typing import Any

import pytest
from tests.contract.conftest import World

from release_coordinator.cluster.port import CONFIG_MAP, CONTROLLER_REVISION, SECRET, Kind
from release_coordinator.errors import Invalid

OLD, NEW = "b2xk", "bmV3"


@pytest.mark.parametrize("kind", [CONFIG_MAP, SECRET], ids=lambda kind: kind.plural)
@pytest.mark.parametrize("change", [{"data": {"a": NEW}}, {"immutable": None}, {"data": None}])
async def test_immutable_configuration_is_never_changed(
    world: World, kind: Kind, change: dict[str, Any]
) -> None:
    ref = world.ref(kind)
    body = world.body(ref, {"data": {"a": OLD}, "immutable": True})
    created = await world.us.create(kind, body)
    with pytest.raises(Invalid):
        await world.kubectl.patch(ref, change)
    assert await world.us.get(ref) == created


@pytest.mark.parametrize("kind", [CONFIG_MAP, SECRET], ids=lambda kind: kind.plural)
async def test_its_labels_may_change(world: World, kind: Kind) -> None:
    ref = world.ref(kind)
    await world.us.create(kind, world.body(ref, {"data": {"a": OLD}, "immutable": True}))
    changed = await world.kubectl.patch(ref, {"metadata": {"labels": {"a": "1"}}})
    assert changed["data"] == {"a": OLD}


async def test_the_data_of_a_controller_revision_is_never_changed(world: World) -> None:
    ref = world.ref(CONTROLLER_REVISION)
    body = world.body(ref, {"revision": 0, "data": {"a": {"b": [1, 2.5, "c", True]}}})
    created = await world.us.create(CONTROLLER_REVISION, body)
    assert created["data"] == body["data"], "a name made from it must fit it for ever"
    with pytest.raises(Invalid):
        await world.kubectl.patch(ref, {"data": {"a": {"b": []}}})
