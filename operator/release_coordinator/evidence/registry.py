"""Which module answers which question. Asked by `look`.

Of what people name freely in a Release, and of what only gates judge, an outage is a fact: one
sick source must not keep what all the others say out of the status. It is asked again soon, like
everything else that nobody watches. Policies and Approvals stay with the queue, which tries again.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from release_coordinator.engine import evidence as wants
from release_coordinator.engine import (
    exportfacts,
    lockfacts,
    recordfacts,
    runfacts,
    trafficfacts,
    watchfacts,
)
from release_coordinator.errors import Transient
from release_coordinator.text import one_line

from . import (
    approvals,
    capacity,
    config,
    exports,
    leftovers,
    locks,
    logs,
    metrics,
    objects,
    podshealth,
    records,
    rules,
    services,
    snapshots,
    traces,
    trials,
    versions,
    writers,
)
from .sources import Sources

QUOTED = 160
"""Characters of an error that a problem repeats."""

Look = Callable[[Sources, str, Any], Awaitable[Any]]

LOOKS: Mapping[type, Look] = {
    wants.PolicyWant: approvals.policy,
    wants.ApprovalsWant: approvals.approvals,
    wants.AdmissionWant: approvals.admission,
    wants.ObjectWant: objects.look,
    wants.VersionWant: versions.look,
    wants.AlertRulesWant: rules.look,
    wants.NodesWant: capacity.nodes,
    wants.QuotasWant: capacity.quotas,
    wants.SurgeWant: capacity.surge,
    wants.RecordsWant: records.look,
    exportfacts.ExportWant: exports.look,
    recordfacts.KeptRecordsWant: records.kept,
    recordfacts.RecordWant: records.own,
    recordfacts.RecordDigestWant: records.digest,
    wants.ConfigWant: config.look,
    wants.ConfigStateWant: snapshots.state,
    wants.KeptWant: snapshots.kept,
    wants.LeftoversWant: leftovers.look,
    wants.SnapshotWant: snapshots.snapshot,
    wants.TracesWant: traces.look,
    wants.TrialWant: trials.look,
    wants.PodsLeftWant: trials.pods_left,
    runfacts.LeftWant: writers.left,
    runfacts.WriterWant: writers.writer,
    lockfacts.LockWant: locks.lock,
    lockfacts.OwnLocksWant: locks.own_locks,
    lockfacts.HolderWant: locks.holder,
    lockfacts.RivalsWant: locks.rivals,
    trafficfacts.ServiceWant: services.service,
    trafficfacts.StrangersWant: services.strangers,
    trafficfacts.SiblingsWant: services.siblings,
    trafficfacts.SlotPodsWant: services.slot_pods,
    trafficfacts.AutoscalersWant: services.autoscalers,
    watchfacts.SampleWant: metrics.sample,
    watchfacts.SeriesWant: metrics.series,
    watchfacts.FiringWant: metrics.firing,
    watchfacts.PodsHealthWant: podshealth.look,
    watchfacts.LogWant: logs.look,
}
"""Type of the want -> function that looks it up."""


UNREAD: Mapping[type, Callable[[str], Any]] = {
    wants.ObjectWant: lambda problem: wants.ObjectFact(None, problem, forbidden=True),
    wants.VersionWant: lambda problem: wants.VersionFact((), problem),
    wants.AlertRulesWant: lambda problem: wants.AlertRulesFact((), problem),
    wants.NodesWant: lambda problem: wants.NodesFact((), (), problem),
    wants.QuotasWant: lambda problem: (wants.QuotaFact("", {}, problem),),
    wants.SurgeWant: lambda problem: wants.SurgeFact(0, {}, problem),
    wants.TrialWant: lambda problem: wants.TrialFact(problem=problem),
    wants.RecordsWant: lambda problem: wants.RecordsFact((), problem=problem),
    exportfacts.ExportWant: lambda problem: exportfacts.ExportFact(
        fault=exportfacts.ExportFault.UNREAD, problem=problem
    ),
    recordfacts.KeptRecordsWant: lambda problem: recordfacts.KeptRecordsFact(problem=problem),
    wants.ConfigWant: lambda problem: wants.ConfigFact({}, problem),
    wants.LeftoversWant: lambda problem: wants.LeftoversFact(problem=problem),
    runfacts.WriterWant: lambda _: runfacts.WriterFact(),
    watchfacts.SampleWant: lambda problem: watchfacts.SampleFact(None, problem),
    watchfacts.SeriesWant: lambda problem: watchfacts.SeriesFact((), problem),
    watchfacts.FiringWant: lambda problem: watchfacts.FiringFact((), problem),
    watchfacts.PodsHealthWant: lambda problem: watchfacts.PodsHealthFact((), 0, problem),
    watchfacts.LogWant: lambda problem: watchfacts.LogFact(0, "", 0, problem),
}
"""Type of the want -> the fact that it could not be looked up for now."""


async def answer(sources: Sources, namespace: str, want: Any) -> Any:
    """The fact that answers a want, for a Release of a namespace."""
    try:
        return await LOOKS[type(want)](sources, namespace, want)
    except Transient as error:
        unread = UNREAD.get(type(want))
        if unread is None:
            raise
        return unread(
            f"the API server does not answer: {one_line(str(error), QUOTED)}; it is asked again, "
            "and if that goes on the platform team looks into it"
        )
