"""Staging in one cluster, production in another one: all that goes between them is an object."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from tests.exports import KEY, OTHER, policy, private_pem
from tests.fakes.story import Story, in_phase
from tests.fakes.world import NAMESPACE
from tests.policies import basic
from tests.releases import Body, bookshop

from release_coordinator.api.attempt import Gate, GateState
from release_coordinator.api.conditions import Phase
from release_coordinator.api.export import DATA_KEY
from release_coordinator.cli import exporting
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.place import Session
from release_coordinator.cluster.follow import Watches
from release_coordinator.cluster.port import CONFIG_MAP, RECORD, Ref
from release_coordinator.engine.names import export_name
from release_coordinator.errors import NotFound
from release_coordinator.render.export import config_map
from release_coordinator.signed.keys import PrivateKey

ASKED = ("Staging", "StagingTests", "Rehearsal", "StagingConfig")
EXPORT = Ref(CONFIG_MAP, NAMESPACE, export_name("bookshop"))


class Clusters:
    """Two worlds that know nothing of one another."""

    def __init__(self, staging: Story, production: Story, folder: Path) -> None:
        self.staging = staging
        self.production = production
        self._folder = folder

    async def proved(self, **spec: Any) -> None:
        """Staging goes forward, back and forward again, and completes."""
        body = bookshop()
        body["spec"] |= {"rehearsal": True, **spec}
        await self.staging.apply(body)
        await self.staging.run()

    async def export(self, key: PrivateKey = KEY, **wish: Any) -> str:
        """`kubectl release export` in the one cluster; the clocks agree."""
        await self._same_time()
        made = await self.gathered(**wish)
        file = self._folder / "key.pem"
        file.write_bytes(private_pem(key))
        return exporting.envelope(exporting.statement(made.export), file)

    async def gathered(self, **wish: Any) -> exporting.Made:
        """What is to be signed, with its notes."""
        where = Session(self.staging.world.user, cast(Watches, None), NAMESPACE)
        asked = exporting.Wish(
            "bookshop", wish.get("version"), configuration=wish.get("configuration", True)
        )
        return await exporting.gathered(where, asked, self.staging.world.time.now())

    async def carry(self, envelope: str) -> None:
        """`kubectl apply` in the other one."""
        body = config_map("bookshop", envelope)
        body["metadata"]["namespace"] = NAMESPACE
        user = self.production.world.user
        try:
            await user.patch(EXPORT, {"data": body["data"]})
        except NotFound:
            await user.create(CONFIG_MAP, body)

    async def gates(self) -> dict[str, Gate]:
        """What production's gates say of staging, after the operator has looked."""
        await self.production.look()
        attempt = (await self.production.release()).status.attempt
        assert attempt is not None
        return {gate.name: gate for gate in attempt.gates if gate.name in ASKED}

    async def _same_time(self) -> None:
        ahead = self.staging.world.time.now() - self.production.world.time.now()
        late = self.production if ahead.total_seconds() > 0 else self.staging
        await late.world.advance(abs(ahead.total_seconds()))


@pytest.fixture
async def clusters(tmp_path: Path) -> Clusters:
    """Both run 1.2.0; production's Release of 1.3.0 waits for staging."""
    made = Clusters(await Story.begin("Staging"), await Story.begin("Production"), tmp_path)
    said = policy()
    said["staging"]["namespace"] = NAMESPACE
    gates = [{"name": name, "enforcement": "Required"} for name in ASKED]
    base = basic()["spec"]
    await made.production.require(**said, suites=["smoke"], gates=[*base["gates"], *gates])
    await made.production.apply(bookshop())
    await made.production.look()
    return made


def states(gates: dict[str, Gate]) -> set[GateState]:
    assert set(gates) == set(ASKED)
    return {gate.state for gate in gates.values()}


async def test_production_goes_on_by_itself_when_the_export_of_staging_arrives(
    clusters: Clusters,
) -> None:
    before = await clusters.gates()
    await clusters.proved()
    await clusters.carry(await clusters.export())
    await clusters.production.run()

    release = await clusters.production.release()
    assert states(before) == {GateState.WAITING}
    assert "no export of staging is here yet" in before["Staging"].message
    assert release.status.phase is Phase.COMPLETED, release.status.message
    (record,) = await clusters.production.world.user.list(RECORD, NAMESPACE)
    evidence = {one["name"]: one.get("evidence", "") for one in record["spec"]["gates"]}
    assert evidence["Staging"].endswith(", exported by ci-1")


async def test_the_newest_export_is_remembered_from_attempt_to_attempt(clusters: Clusters) -> None:
    await clusters.proved()
    await clusters.carry(await clusters.export())
    await clusters.production.run()

    seen = (await clusters.production.release()).status.staging
    staging = await clusters.staging.release()
    assert seen is not None
    assert seen.release_uid == staging.uid
    assert seen.digest == staging.status.history[0].digest


async def test_a_signature_of_somebody_else_or_a_change_opens_nothing(clusters: Clusters) -> None:
    await clusters.proved()
    good = await clusters.export()
    said = json.loads(good)
    said["payload"] = said["payload"][:400] + "AAAA" + said["payload"][404:]

    for envelope in (await clusters.export(OTHER), json.dumps(said), good[:-20]):
        await clusters.carry(envelope)
        gates = await clusters.gates()
        assert states(gates) == {GateState.FAILED}

    await clusters.carry(good)
    assert states(await clusters.gates()) <= {GateState.PASSED}


async def test_an_earlier_export_does_not_hide_that_staging_has_failed_since(
    clusters: Clusters,
) -> None:
    await clusters.production.require(
        staging={**policy()["staging"], "namespace": NAMESPACE},
        gates=[
            {"name": "Staging", "enforcement": "Required"},
            {"name": "Changelog", "enforcement": "Required"},
        ],
    )
    await clusters.production.world.user.delete(
        Ref(CONFIG_MAP, NAMESPACE, "bookshop-docs"), uid=await uid_of_docs(clusters.production)
    )
    await clusters.proved()
    good = await clusters.export()
    await clusters.carry(good)
    first = await staging_gate(clusters)

    clusters.staging.world.script.failing_steps["verify/smoke/checkout"] = "checkout answers 500"
    body = bookshop()
    body["spec"]["watch"]["duration"] = "11m"
    await clusters.staging.apply(body)
    await clusters.staging.run(in_phase(Phase.ROLLED_BACK))
    await clusters.carry(await clusters.export())
    second = await staging_gate(clusters)
    await clusters.carry(good)
    third = await staging_gate(clusters)

    assert first.state is GateState.PASSED, first.message
    assert second.state is GateState.FAILED
    assert "checkout answers 500" in second.message
    assert third.state is GateState.FAILED
    assert "a newer one was believed here before" in third.message


async def test_an_export_lapses_while_production_waits_for_something_else(
    clusters: Clusters,
) -> None:
    await clusters.proved()
    await clusters.carry(await clusters.export())
    said = policy(maxAge="1h")
    said["staging"]["namespace"] = NAMESPACE
    await clusters.production.require(
        **said, gates=[{"name": "Staging", "enforcement": "Required"}]
    )
    await clusters.production.world.advance(3600)

    gate = await staging_gate(clusters)

    assert gate.state is GateState.FAILED
    assert "believes one for 1h" in gate.message


async def test_a_log_that_was_changed_is_not_exported(clusters: Clusters) -> None:
    await clusters.proved()
    user = clusters.staging.world.user
    newest = (await user.list(RECORD, NAMESPACE))[-1]
    ref = Ref(RECORD, NAMESPACE, newest["metadata"]["name"])
    await user.delete(ref, uid=newest["metadata"]["uid"])

    with pytest.raises(UnansweredError, match="the release log was changed, so nothing is"):
        await clusters.export()


async def test_what_was_never_released_cannot_be_exported(clusters: Clusters) -> None:
    with pytest.raises(UnansweredError, match="there is no release 'bookshop'"):
        await clusters.export()
    await clusters.proved()
    for version in ("7.0.0", "v1.3.0"):
        with pytest.raises(UnansweredError, match=rf"to {version} has ended .*: 1\.3\.0"):
            await clusters.export(version=version)


async def test_an_attempt_that_has_not_ended_is_told_to_be_missing_in_the_export(
    clusters: Clusters,
) -> None:
    await clusters.proved()
    body = bookshop()
    body["spec"]["version"] = "1.4.0"
    await clusters.staging.apply(body)
    await clusters.staging.look()

    made = await clusters.gathered()

    assert made.export.version == "1.3.0"
    assert "to 1.4.0 has not ended" in made.notes[-1]
    assert "is no part of this: export again when it has" in made.notes[-1]


async def test_configuration_may_be_left_out_and_its_gate_says_so(clusters: Clusters) -> None:
    await clusters.proved()
    await clusters.carry(await clusters.export(configuration=False))

    gates = await clusters.gates()

    assert gates["Staging"].state is GateState.PASSED
    assert gates["StagingConfig"].state is GateState.FAILED
    assert "made with --no-configuration" in gates["StagingConfig"].message


async def staging_gate(clusters: Clusters) -> Gate:
    await clusters.production.look()
    attempt = (await clusters.production.release()).status.attempt
    assert attempt is not None
    return next(gate for gate in attempt.gates if gate.name == "Staging")


async def uid_of_docs(story: Story) -> str:
    body: Body = await story.world.user.get(Ref(CONFIG_MAP, NAMESPACE, "bookshop-docs"))
    return str(body["metadata"]["uid"])


def test_the_object_has_one_key() -> None:
    assert set(config_map("bookshop", "x")["data"]) == {DATA_KEY}
