"""The ConfigMap with the export of staging, as the operator reads it."""

import pytest
from tests.exports import carried, made, sealed, trusted
from tests.fakes.world import World
from tests.records import completed, rehearsed

from release_coordinator.cluster.memory import Call, MemoryCluster
from release_coordinator.cluster.port import CONFIG_MAP, Body
from release_coordinator.cluster.store import Store
from release_coordinator.engine.evidence import AdmissionFact
from release_coordinator.engine.exportfacts import ExportFact, ExportFault, ExportWant
from release_coordinator.engine.names import LABEL_RELEASE
from release_coordinator.errors import Denied, Invalid, NotFound, Transient
from release_coordinator.evidence import registry
from release_coordinator.evidence.sources import Sources

EXPORT = made(rehearsed(3), completed(4))
WANT = ExportWant("bookshop-staging-export", (trusted(),))


async def look(cluster: MemoryCluster, store: Store | None = None) -> ExportFact:
    world = World()
    signals = world.metrics, world.prober
    sources = Sources(cluster, store or Store(), *signals, lambda: AdmissionFact(""))
    fact = await registry.answer(sources, "shop", WANT)
    assert isinstance(fact, ExportFact)
    return fact


async def holding(body: Body) -> MemoryCluster:
    cluster = MemoryCluster(namespaces=("shop",))
    await cluster.create(CONFIG_MAP, body)
    return cluster


async def test_a_signed_export_is_read() -> None:
    cluster = await holding(carried(sealed(EXPORT)))

    assert await look(cluster) == ExportFact(EXPORT, "ci")


async def test_an_export_that_is_not_there_yet_is_missing() -> None:
    assert await look(MemoryCluster()) == ExportFact(fault=ExportFault.MISSING)


@pytest.mark.parametrize("data", [{}, {"other": "x"}, None])
async def test_a_config_map_without_an_envelope_is_told(data: Body | None) -> None:
    body = carried("x") | {"data": data}
    if data is None:
        del body["data"]

    fact = await look(await holding(body))

    assert fact.fault is ExportFault.UNUSABLE
    assert fact.problem == "it has no key staging.dsse.json"


@pytest.mark.parametrize(
    ("error", "fault", "words"),
    [
        (Denied("403"), ExportFault.UNREAD, "may not read configmaps in namespace shop"),
        (NotFound("404"), ExportFault.MISSING, ""),
        (Invalid("400"), ExportFault.MISSING, ""),
        (Transient("503"), ExportFault.UNREAD, "503; it is asked again"),
    ],
)
async def test_no_answer_of_the_api_server_escapes(
    error: Exception, fault: ExportFault, words: str
) -> None:
    cluster = MemoryCluster()

    async def refuse(_call: Call) -> None:
        raise error

    cluster.before = refuse

    fact = await look(cluster)

    assert fact.fault is fault
    assert words in fact.problem


async def test_the_store_keeps_nothing_of_its_content_and_the_look_does_not_need_it() -> None:
    cluster, store = await holding(carried(sealed(EXPORT))), Store()
    (listed,) = await cluster.list(CONFIG_MAP, "shop")
    listed["metadata"]["annotations"] = {"kubectl.kubernetes.io/last-applied-configuration": "x"}
    store.put(CONFIG_MAP, listed)

    (kept,) = store.select(CONFIG_MAP, "shop", {LABEL_RELEASE: "bookshop"})

    assert set(kept) == {"metadata"}
    assert "annotations" not in kept["metadata"]
    assert (await look(cluster, store)).export == EXPORT
