"""Objects of the other kinds that have a health, made from the types of the operator."""

from datetime import timedelta
from typing import Any

from tests.fakes.world import DAWN, NAMESPACE

from release_coordinator.api.approval import ApprovalSpec, Decision
from release_coordinator.api.channel import TEXTS_VALID, ChannelStatus
from release_coordinator.api.codec import parse_incident
from release_coordinator.api.conditions import Condition, ConditionType, Phase, Reason, Status
from release_coordinator.api.incident import IncidentCause, IncidentStatus
from release_coordinator.api.metricsource import MetricSourceStatus
from release_coordinator.api.schema import FIRST_REPORT, GROUP, VERSION
from release_coordinator.cluster.port import Body
from release_coordinator.engine.incidentreport import Known, report

DIGEST = "sha256:" + "9a2661f6" * 8
Named = dict[str, tuple[Body, str]]
"""Name of the test data -> object, and the health it is to have."""


def body(kind: str, name: str, spec: Body, status: Body | None = None, **metadata: Any) -> Body:
    """An object of ours."""
    made: Body = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": kind,
        "metadata": {"name": name, "generation": 1, **metadata},
        "spec": spec,
    }
    return made if status is None else made | {"status": status}


def incidents() -> Named:
    """An Incident on its way."""
    open_ = {"release": "bookshop", "attempt": 2, "title": "bookshop 1.4.0 was rolled back"}
    found = {"rootCause": "a missing index", "prevention": "a test with real data"}
    resolved = {**open_, **found, "state": "Resolved"}
    return {
        "unseen": (_incident(open_ | {"state": "Investigating"}, report_=False), "Progressing"),
        "open": (_incident(open_ | {"state": "Investigating"}), "Degraded"),
        "to-be-followed-up": (_incident(resolved), "Suspended"),
        "planned": (_incident(resolved, planned="1.4.1"), "Suspended"),
        "resolved": (_incident(resolved, done="1.4.1"), "Healthy"),
        "edited": (_edited(_incident(resolved, done="1.4.1")), "Progressing"),
        "deleting": (_deleted(_incident(open_ | {"state": "Investigating"})), "Progressing"),
    }


def _incident(spec: Body, *, report_: bool = True, **known: Any) -> Body:
    made = body(
        "Incident",
        "bookshop-2-1f0c",
        spec,
        FIRST_REPORT,
        namespace=NAMESPACE,
        creationTimestamp="2026-11-23T12:01:00Z",
    )
    if not report_:
        return made
    told = IncidentStatus(
        cause=IncidentCause.ROLLED_BACK,
        outcome=Phase.ROLLED_BACK,
        reason=Reason.METRIC_BREACH,
        message="metric p95-latency: 0.1 is 5.00 times the baseline 0.02; the limit is 2 times",
        version="1.4.0",
        previous_version="1.3.0",
    )
    seen = parse_incident(made | {"status": told.to_wire()})
    return made | {"status": report(seen, Known(**known), DAWN).to_wire()}


def approvals() -> Named:
    """Words of people."""
    said = {
        "approved": (Decision.APPROVED, {"role": "qa"}, "Healthy"),
        "rejected": (Decision.REJECTED, {"role": "qa", "comment": "checkout fails"}, "Degraded"),
        "waived": (Decision.WAIVED, {"gate": "CI", "comment": "runner outage"}, "Healthy"),
        "revoked": (Decision.REVOKED, {"role": "qa", "comment": "found something"}, "Healthy"),
    }
    return {
        name: (
            body(
                "Approval",
                f"bookshop-{name}",
                ApprovalSpec(
                    release="bookshop",
                    release_uid="00000000-0000-4000-8000-000000000005",
                    digest=DIGEST,
                    decision=decision,
                    by="quinn",
                    **more,
                ).to_wire(),
                namespace=NAMESPACE,
            ),
            health,
        )
        for name, (decision, more, health) in said.items()
    }


def sources() -> Named:
    """A MetricSource that answers, or does not."""
    spec = {"url": "http://prometheus.monitoring:9090"}

    def told(status: Status, reason: Reason, message: str) -> Body:
        ready = _condition(ConditionType.READY, status, reason, message)
        known = MetricSourceStatus(observed_generation=1, conditions=[ready])
        return body("MetricSource", "default", spec, known.to_wire())

    answers = told(Status.TRUE, Reason.ANSWERING, "It answers queries.")
    away = told(Status.FALSE, Reason.UNREACHABLE, "It does not answer: connection refused.")
    return {
        "unseen": (body("MetricSource", "default", spec, FIRST_REPORT), "Progressing"),
        "answering": (answers, "Healthy"),
        "unreachable": (away, "Degraded"),
        "edited": (_edited(answers), "Progressing"),
    }


def channels() -> Named:
    """A Channel that is used, not used yet, or in trouble."""
    spec = {"cloudEvents": {"url": "https://events.example.com/releases"}}
    valid = _condition(TEXTS_VALID, Status.TRUE, Reason.VALID, "All texts can be used.")
    bad = "Default texts are used: templates[0].title: unknown variable relase."
    unused = "Nothing was sent yet since it was written."

    def told(status: Status, reason: Reason, message: str, texts: Condition = valid) -> Body:
        ready = _condition(ConditionType.READY, status, reason, message)
        known = ChannelStatus(observed_generation=1, conditions=[ready, texts])
        return body("Channel", "chat", spec, known.to_wire())

    delivering = told(Status.TRUE, Reason.DELIVERING, "The last message arrived.")
    refused = told(Status.FALSE, Reason.NOT_DELIVERED, "It answers 401 Unauthorized.")
    garbled = _condition(TEXTS_VALID, Status.FALSE, Reason.BAD_TEMPLATE, bad)
    return {
        "unseen": (body("Channel", "chat", spec, FIRST_REPORT), "Progressing"),
        "not-used": (told(Status.UNKNOWN, Reason.NOT_USED, unused), "Healthy"),
        "delivering": (delivering, "Healthy"),
        "not-delivered": (refused, "Degraded"),
        "bad-template": (
            told(Status.TRUE, Reason.DELIVERING, "The last message arrived.", garbled),
            "Degraded",
        ),
        "edited": (_edited(delivering), "Progressing"),
    }


def _condition(kind: str, status: Status, reason: Reason, message: str) -> Condition:
    return Condition(
        type=kind,
        status=status,
        reason=reason,
        message=message,
        last_transition_time=DAWN,
        observed_generation=1,
    )


def _edited(made: Body) -> Body:
    return made | {"metadata": made["metadata"] | {"generation": 2}}


def _deleted(made: Body) -> Body:
    stamp = (DAWN + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return made | {"metadata": made["metadata"] | {"deletionTimestamp": stamp}}


OTHERS = {
    "Incident": incidents,
    "Approval": approvals,
    "MetricSource": sources,
    "Channel": channels,
}
"""Kind -> its objects."""
