"""Orders on a real API server: who gave them, and a namespace that goes in the middle."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.api.plugin import RELEASE, Place, opened
from tests.fakes.stage import NAMESPACE, Stage, at_step
from tests.releases import Body, bookshop
from tests.unit.cli.waiting import reported
from tools.lab.kubectl import Kubectl
from tools.lab.people import with_certificate

from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.cluster.port import RELEASE as RELEASES
from release_coordinator.cluster.port import Ref
from release_coordinator.engine import names

pytestmark = pytest.mark.api


@pytest.fixture(scope="module")
def people(policies: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Certificates: alice writes Releases, sam gives orders, victor looks only."""
    folder = tmp_path_factory.mktemp("people")
    admin = Kubectl(policies)
    everybody = ("alice", "sam", "victor")
    return {n: with_certificate(admin, n, folder).kubectl.kubeconfig for n in everybody}


@pytest.fixture
def place(policies: Path, people: dict[str, Path], tmp_path: Path) -> Iterator[Place]:
    """The bookshop's first attempt waits for its gates, as alice has written it."""
    with opened(policies, tmp_path) as made:
        made.bind("--user=alice", "edit")
        made.bind("--user=sam", "edit")
        made.bind("--user=victor", "view")
        alice = made.of(people["alice"])
        alice.may("create", RELEASE)
        made.of(people["sam"]).may("patch", RELEASE)
        made.of(people["victor"]).may("get", RELEASE)
        alice.kubectl.run("apply", "-f", made.file(bookshop()))
        report(made)
        yield made


def report(place: Place, **attempt: Any) -> None:
    """Write what an operator would report."""
    text = json.dumps(reported(stored(place), **attempt))
    place.kubectl.run("replace", "--subresource=status", "-f", "-", stdin=text)


def stored(place: Place) -> Body:
    """The Release as it is stored."""
    return place.kubectl.get(RELEASE, "bookshop")


def notes(place: Place) -> dict[str, str]:
    """Our annotations, without their prefix."""
    found = stored(place)["metadata"].get("annotations", {})
    ours = "release-coordinator.io/"
    return {key.removeprefix(ours): text for key, text in found.items() if key.startswith(ours)}


def test_the_plugin_gives_orders_in_the_callers_name(
    place: Place, people: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    sam = place.of(people["sam"])

    assert sam.run("suspend") == 0
    suspended = stored(place)
    assert sam.run("resume") == 0
    assert sam.run("rollback", "leaks tokens", "--reason", "security") == 0

    assert suspended["metadata"]["annotations"][names.ANNOTATION_SUSPEND] == "Forward"
    assert "suspend" not in suspended["spec"], "no field that Git may own is written"
    assert notes(place) == {
        "changed-by": "alice",  # a suspension makes nobody the author of the plan
        "ordered-by": "sam",
        "rollback": "1",
        "rollback-reason": "Security: leaks tokens",
    }
    assert "is rolled back to" in capsys.readouterr().out


ORDERS = {
    "suspend": {"suspend": "Forward"},
    "retry": {"retry": "1"},
    "abort": {"abort": "1"},
    "rollback": {"rollback": "1"},
}


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_prints_the_release_as_it_was_stored(
    place: Place, people: dict[str, Path], order: str, capsys: pytest.CaptureFixture[str]
) -> None:
    sam = place.of(people["sam"])

    assert sam.run(order, "-o", "json") == 0

    body = json.loads(capsys.readouterr().out)
    known = {**body["spec"], **notes(place)}
    assert body == stored(place)
    assert (body["kind"], body["metadata"]["name"]) == ("Release", "bookshop")
    assert ORDERS[order].items() <= known.items()
    if order == "suspend":
        assert sam.run("resume", "-o", "yaml") == 0
        assert yaml.safe_load(capsys.readouterr().out) == stored(place)


def test_a_refusal_says_what_is_missing_and_leaves_all_as_it_is(
    place: Place, people: dict[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    victor = place.of(people["victor"])

    assert victor.run("abort") == 3
    assert victor.run("resume") == 3

    said = capsys.readouterr().err
    assert "victor may not patch releases" in said
    assert "neither suspended nor held" in said
    assert notes(place) == {"changed-by": "alice"}


@pytest.mark.parametrize("order", ["abort=1", "rollback=1", "retry=1", "resume=1.1"])
def test_nobody_orders_in_the_name_of_somebody_else(
    place: Place, people: dict[str, Path], order: str
) -> None:
    sam = place.of(people["sam"]).kubectl
    forged = ("release-coordinator.io/ordered-by=alice",)
    annotate = ("annotate", "--overwrite", "release", "bookshop")

    sam.run(*annotate, f"release-coordinator.io/{order}", *forged)
    later = sam.succeeds(*annotate, *forged)

    assert notes(place)["ordered-by"] == "sam"
    assert not later, "the name is not changed without an order"


@pytest.mark.parametrize("value", ["true", "forward"])
def test_a_suspension_that_nobody_would_understand_is_refused(
    place: Place, people: dict[str, Path], value: str
) -> None:
    sam = place.of(people["sam"]).kubectl
    annotate = ("annotate", "--overwrite", "release", "bookshop")

    assert not sam.succeeds(*annotate, f"{names.ANNOTATION_SUSPEND}={value}")
    assert sam.succeeds(*annotate, f"{names.ANNOTATION_SUSPEND}=All")
    assert notes(place)["ordered-by"] == "sam"
    assert sam.succeeds(*annotate, f"{names.ANNOTATION_SUSPEND}-")


def test_who_orders_after_somebody_else_may_leave_the_name_out(
    place: Place, people: dict[str, Path]
) -> None:
    """As the buttons of Argo CD do: the name of who ordered before would be a forgery."""
    alice, sam = place.of(people["alice"]).kubectl, place.of(people["sam"]).kubectl
    sam.run("annotate", "release", "bookshop", f"{names.ANNOTATION_SUSPEND}=Forward")
    orders = {names.ANNOTATION_ABORT: "1", names.ANNOTATION_ORDERED_BY: None}
    patch = json.dumps({"metadata": {"annotations": orders}})

    alice.run("patch", "release", "bookshop", "--type=merge", f"--patch={patch}")

    assert notes(place)["ordered-by"] == "alice"


def test_a_name_that_is_left_out_comes_back(place: Place, people: dict[str, Path]) -> None:
    sam = place.of(people["sam"]).kubectl
    sam.run("annotate", "release", "bookshop", f"{names.ANNOTATION_ABORT}=1")

    place.of(people["alice"]).kubectl.run(
        "annotate", "release", "bookshop", f"{names.ANNOTATION_ORDERED_BY}-"
    )

    assert notes(place)["ordered-by"] == "sam"


@pytest.mark.parametrize("step", ["rollout/frontend", "watch"])
async def test_a_namespace_that_is_deleted_is_not_held_up(shop: Stage, step: str) -> None:
    await shop.start()
    await shop.apply(shop.release(duration="10m"))
    await shop.until(at_step(step))
    live = await shop.user.get(Ref(NAMESPACE, None, shop.namespace))

    await shop.user.delete(Ref(NAMESPACE, None, shop.namespace), uid=live["metadata"]["uid"])

    gone = ("wait", "--for=delete", "release/bookshop", "--timeout=80s")
    kubectl = Kubectl(shop.kubeconfig, (f"--namespace={shop.namespace}",))
    await asyncio.to_thread(kubectl.run, *gone)
    last = shop.seen[-1].status
    assert last.attempt is not None
    assert last.attempt.end is not None
    assert (last.phase, last.attempt.end.reason) == (Phase.HELD, Reason.DELETED)


async def test_a_suspended_release_waits_and_goes_on(shop: Stage) -> None:
    await shop.start()
    body = shop.release()
    body["spec"]["suspend"] = "Forward"
    await shop.apply(body)
    await shop.until(lambda one: one.status.phase is Phase.SUSPENDED)
    assert shop.running("1.3.0") == []

    ref = Ref(RELEASES, shop.namespace, "bookshop")
    await shop.user.patch(ref, {"spec": {"suspend": None}})

    release = await shop.ended("1.3.0")
    assert release.status.phase is Phase.COMPLETED, release.status.message
