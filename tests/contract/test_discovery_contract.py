"""Which resource type an apiVersion and kind stand for, on the double and on a real API server."""

import pytest
from tests.contract.conftest import NAMESPACE, THING, World

from release_coordinator.cluster.fence import FencedCluster
from release_coordinator.cluster.port import CONFIG_MAP, DEPLOYMENT, EVENT, JOB, POD, Kind
from release_coordinator.errors import Invalid, NotFound


@pytest.mark.parametrize("kind", [CONFIG_MAP, POD, DEPLOYMENT, JOB, EVENT, NAMESPACE])
async def test_a_built_in_kind_is_found(world: World, kind: Kind) -> None:
    assert await world.us.resource(kind.api_version, kind.kind) == kind


async def test_a_custom_kind_is_found(world: World) -> None:
    await world.us.create(THING, world.body(world.ref(THING)))
    assert await world.us.resource(THING.api_version, THING.kind) == THING


@pytest.mark.parametrize(
    ("api_version", "kind"),
    [
        ("v1", "Pods"),
        ("v1", "pod"),
        ("apps/v1", "Job"),
        ("batch/v7", "Job"),
        ("v7", "Pod"),
        ("nobody.example.com/v1", "Job"),
    ],
)
async def test_a_kind_that_is_not_served_is_not_found(
    world: World, api_version: str, kind: str
) -> None:
    with pytest.raises(NotFound):
        await world.us.resource(api_version, kind)


async def test_a_kind_that_only_a_subresource_has_is_not_found(world: World) -> None:
    with pytest.raises(NotFound):
        await world.us.resource("apps/v1", "Scale")


@pytest.mark.parametrize("api_version", ["", "..", "../v1", "apps/..", "a/b/v1", "apps%2fv1"])
async def test_a_version_that_would_address_something_else_is_refused(
    world: World, api_version: str
) -> None:
    with pytest.raises(Invalid):
        await world.us.resource(api_version, "Pod")


async def test_who_does_not_lead_may_ask(world: World) -> None:
    fenced = FencedCluster(world.us, lambda: False)
    assert await fenced.resource("v1", "Pod") == POD
