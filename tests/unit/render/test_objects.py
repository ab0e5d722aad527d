"""The bodies of everything else we write, as they are written."""

from pathlib import Path
from typing import Any

import yaml
from tests import goldens
from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context, running

from release_coordinator.api.attempt import End, PreviousComponent, Revision
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.release import WorkloadRef
from release_coordinator.engine import closing
from release_coordinator.engine.action import ApplyImages, CreateRecord, CreateRevision
from release_coordinator.render import objects
from release_coordinator.render.event import event_body, news

GOLDEN = Path(__file__).with_name("golden")
CTX = context(bookshop(), steps=(running("gates"), running("migrate/0007-add-isbn", uid="j-1")))


def check(name: str, body: dict[str, Any]) -> None:
    goldens.check(GOLDEN / f"{name}.yaml", yaml.safe_dump(body, sort_keys=False))


def test_a_workload_patch_has_images_and_our_label_only() -> None:
    images = (("api", "example/bookshop-backend:1.3.0"), ("wait", "example/wait:1.3.0"))
    init, mark = frozenset({"wait"}), "1/rollout/backend"
    action = ApplyImages(
        WorkloadRef(name="bookshop-backend"), "uid-backend", "17", images, init, mark
    )

    check("workload_patch", objects.workload_patch(CTX.release, action))


def test_a_revision_keeps_the_plan_and_the_way_back() -> None:
    previous = PreviousComponent(
        name="backend",
        workload="bookshop-backend",
        uid="uid-backend",
        images={"api": "example/bookshop-backend:1.2.0"},
    )
    revision = Revision(
        digest=CTX.attempt.digest,
        spec=CTX.plan.spec,
        previous_version="1.2.0",
        previous=[previous],
    )
    body = objects.revision_body(CTX.release, CreateRevision("bookshop-1-x", 1, revision))

    check("revision", body)
    assert objects.read_revision(body) == revision


def test_a_record_tells_everything() -> None:
    end = End(outcome=Phase.FAILED, reason=Reason.BACKUP_FAILED, message="disk full", at=DAWN)
    ended = CTX.attempt.model_copy(update={"end": end})

    spec = closing.record(CTX.release, ended, CTX.plan)

    check("record", objects.record_body(CTX.release, CreateRecord("bookshop-1-y", spec)))


def test_an_event_is_about_the_release_and_has_a_name_of_its_own() -> None:
    before = CTX.status.model_copy(update={"attempt": None})
    (item,) = news(before, CTX.status)

    body = event_body(CTX.release, 1, item, DAWN)

    check("event", body)
    assert body == event_body(CTX.release, 1, item, DAWN)
    assert body["metadata"]["name"] != event_body(CTX.release, 2, item, DAWN)["metadata"]["name"]


def test_finalizers_are_replaced_only_on_the_object_that_was_seen() -> None:
    check("finalizers_patch", objects.finalizers_patch(CTX.release, ["other/one"]))
