"""What a person is told when there is no answer, and that following survives lost connections."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from pathlib import Path

import pytest
from tests.unit.cli import releases

from release_coordinator.cli import main as cli
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.source import Source
from release_coordinator.clock import VirtualClock
from release_coordinator.cluster.follow import follow
from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import RELEASE, Body, Kind, Ref
from release_coordinator.errors import Denied, NotFound, Transient

NOTHING: tuple[Body, ...] = ()
REF = Ref(RELEASE, "shop", "bookshop")


def body(name: str = "bookshop", namespace: str = "shop", version: str = "1.3.0") -> Body:
    metadata = {"name": name, "namespace": namespace}
    return {"metadata": metadata, "spec": releases.SPEC | {"version": version}}


class Script:
    """A server's watch: each call plays the next part; the last part is silence for good."""

    def __init__(self, *parts: Callable[[], AsyncIterator[Body]], served: bool = True) -> None:
        self.parts = list(parts)
        self.asked: list[str] = []
        self.served = served

    async def since(self, ref: Ref, resource_version: str) -> AsyncGenerator[Body, None]:
        """Play the next part."""
        assert ref == REF
        self.asked.append(resource_version)
        async for state in self.parts.pop(0)():
            yield state

    async def serves(self, kind: Kind) -> bool:
        """Say what the test wants."""
        assert kind is RELEASE
        return self.served


async def refused(_: Call) -> None:
    raise Denied("releases is forbidden: User jane cannot get resource")


async def unknown_type(_: Call) -> None:
    raise Transient("404 page not found (is the CRD installed?)")


async def cluster_with(*bodies: Body) -> MemoryCluster:
    cluster = MemoryCluster(namespaces=("shop", "books"))
    for one in bodies:
        await cluster.create(RELEASE, one)
    return cluster


async def message_of(cluster: MemoryCluster, *, served: bool = True) -> str:
    with pytest.raises(UnansweredError) as caught:
        await Source(cluster, Script(served=served), REF).read()
    return str(caught.value)


async def test_a_missing_release_names_those_that_exist() -> None:
    cluster = await cluster_with(body("website"), body("billing"), body("bookshop", "books"))

    text = await message_of(cluster)

    assert "no release 'bookshop' in namespace 'shop'; there are: billing, website" in text
    assert "add -n books" in text


async def test_a_missing_release_in_an_empty_namespace_says_so() -> None:
    text = await message_of(await cluster_with())

    assert text == "there is no release 'bookshop' in namespace 'shop', nor any other"


async def test_without_access_the_role_to_ask_for_is_named() -> None:
    cluster = await cluster_with(body())
    cluster.before = refused

    text = await message_of(cluster)

    assert "no access to releases in namespace 'shop'" in text
    assert "role 'view'" in text


async def test_without_the_definition_the_product_is_said_to_be_missing() -> None:
    cluster = await cluster_with()
    cluster.before = unknown_type

    assert "not installed here" in await message_of(cluster, served=False)
    assert "does not answer" in await message_of(cluster)


async def test_following_goes_on_after_a_lost_connection_and_repeats_nothing() -> None:
    cluster = await cluster_with(body())
    clock = VirtualClock()
    seen, complaints = list[str](), list[str]()

    async def update(version: str) -> Body:
        return await cluster.patch(REF, {"spec": {"version": version}})

    async def tells_then_breaks() -> AsyncIterator[Body]:
        yield await update("1.4.0")
        raise Transient("cut")

    async def ends_at_once() -> AsyncIterator[Body]:
        await update("1.5.0")  # unseen by this watch; the next read has it
        for state in NOTHING:
            yield state

    async def ends_with_the_object() -> AsyncIterator[Body]:
        found = await cluster.get(REF)
        await cluster.delete(REF, uid=found["metadata"]["uid"])
        for state in NOTHING:
            yield state

    script = Script(tells_then_breaks, ends_at_once, ends_with_the_object)

    async def collect() -> None:
        async for state in follow(cluster, script, REF, clock, complaints.append):
            seen.append(state["spec"]["version"])

    task = asyncio.ensure_future(collect())
    for _ in range(10):
        await clock.advance(10)
    with pytest.raises(NotFound):
        await task

    assert seen == ["1.3.0", "1.4.0", "1.5.0"]
    assert complaints == ["cut"]
    assert len(script.asked) == 3


def test_wrong_arguments_have_their_own_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["status"]) == 3
    assert "Missing argument" in capsys.readouterr().err


def test_a_kubeconfig_that_cannot_be_read_is_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.run(["status", "bookshop", "--kubeconfig", str(tmp_path / "none")])

    shown = capsys.readouterr().err
    assert code == 3
    assert "does not exist; name one with --kubeconfig" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["plan", "bookshop", "-f", "none.yaml"], "none.yaml cannot be read"),
        (["revoke", "bookshop", "--comment", "x"], "name exactly one of --role and --gate"),
        (["waive", "bookshop", "--gate", "Mood", "--comment", "x"], "'Mood' is not one of"),
        (
            ["waive", "bookshop", "--gate", "SignOff/security", "--comment", "x"],
            "kubectl release approve NAME --role security",
        ),
        (["waive", "bookshop", "--gate", "version", "--comment", "x"], "gate Version cannot be"),
        (["reject", "bookshop", "--role", "qa"], "Missing option '--comment'"),
    ],
)
def test_a_command_that_cannot_be_meant_is_one_message(
    arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.run(arguments) == 3
    shown = capsys.readouterr().err
    assert expected in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("verb", ["plan", "explain", "approve", "reject", "revoke", "waive"])
def test_each_command_has_an_example(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run([verb, "--help"]) == 0
    assert f"kubectl release {verb} bookshop" in capsys.readouterr().out


def test_help_has_examples_and_the_exit_codes(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["status", "--help"]) == 0

    shown = capsys.readouterr().out
    assert "kubectl release status bookshop -n shop --watch" in shown
    assert "2  Held or stalled" in shown
