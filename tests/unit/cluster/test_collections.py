"""Lists and watches against a scripted server: what its refusals mean."""

import json
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration
from tests.unit.cluster.conftest import Script

from release_coordinator.cluster.faults import Expired
from release_coordinator.cluster.follow import NotServed, Watches
from release_coordinator.cluster.informer import ApiCollections
from release_coordinator.cluster.port import INCIDENT
from release_coordinator.errors import Denied, ReleaseCoordinatorError, Transient

WHY = 'incidents.release-coordinator.io is forbidden: User "ada" cannot list resource "incidents"'


@pytest.mark.parametrize(
    ("status", "content", "error", "says"),
    [
        (403, json.dumps({"kind": "Status", "message": WHY}), Denied, f"403 .{WHY}"),
        (404, "404 page not found", NotServed, "is not served"),
        (410, json.dumps({"message": "too old"}), Expired, "too old"),
        (503, "not yet", Transient, "not yet"),
        (403, "[]", Denied, "403"),
    ],
)
async def test_a_refusal_says_why(
    script: Script, status: int, content: str, error: type[ReleaseCoordinatorError], says: str
) -> None:
    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=content)

    script.answer = answer
    async with Watches(Configuration(host=script.address)) as watches:
        asked = ApiCollections(watches)
        with pytest.raises(error, match=says):
            await asked.page(INCIDENT, "shop", "")
        with pytest.raises(error, match=says):
            _: list[Any] = [event async for event in asked.changes(INCIDENT, "shop", "7")]
