"""Releases in any state that a journal can have, for property tests."""

from typing import Any

from hypothesis import strategies as st
from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import (
    Attempt,
    End,
    Gate,
    GateState,
    Hold,
    Step,
    StepState,
    Trigger,
)
from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.control import Suspend, Suspension
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names
from release_coordinator.engine.summary import summarise

ENDS = (Phase.COMPLETED, Phase.FAILED, Phase.ROLLED_BACK, Phase.ROLLBACK_FAILED, Phase.HELD)
STEPS = (
    *("gates", "gate/credentials", "prepare/lock", "prepare/backup", "prepare/confirm"),
    *("migrate/0007-add-isbn", "rollout/backend", "watch", "undo/rollout/backend"),
)
HELD_AT = (None, "migrate/0007-add-isbn", "schema/back/0", "undo/migrate/0007-add-isbn", "watch")


def gate(state: GateState) -> Gate:
    """A gate with this verdict."""
    return Gate(name="SignOff/qa", state=state, message="not signed off", owner="QA engineer")


GATES = st.lists(st.sampled_from(GateState).map(gate), max_size=2)
STEP_LISTS = st.lists(
    st.builds(
        lambda name, state: Step(id=name, state=state, started_at=DAWN),
        st.sampled_from(STEPS),
        st.sampled_from(StepState),
    ),
    max_size=4,
    unique_by=lambda step: step.id,
)
DECIDED = (
    *(Reason.SCHEMA_CHANGED, Reason.DATA_LOSS, Reason.MIGRATION_OUTCOME_UNKNOWN),
    *(Reason.IRREVERSIBLE_MIGRATION, Reason.WORKLOAD_REPLACED, Reason.JOURNAL_BEHIND),
)
"""Holds with ways out of their own: the others are all alike."""
HOLDS = st.builds(
    lambda reason, step: Hold(id="1.1", reason=reason, message="m", since=DAWN, step=step),
    st.sampled_from(DECIDED) | st.sampled_from(Reason),
    st.sampled_from(HELD_AT),
)
TRIGGERS = st.builds(
    lambda reason: Trigger(reason=reason, message="slow", at=DAWN),
    st.sampled_from((Reason.METRIC_BREACH, Reason.ABORTED, Reason.REHEARSAL)),
)
FINISHED = st.builds(
    lambda outcome, reason: End(outcome=outcome, reason=reason, message="m", at=DAWN),
    st.sampled_from((*ENDS, Phase.SUPERSEDED)),
    st.sampled_from((Reason.METRIC_BREACH, Reason.REHEARSED, Reason.COMPLETED, Reason.DELETED)),
)


@st.composite
def attempts(draw: st.DrawFn) -> Attempt | None:
    """An attempt on its way, held, turned or ended; or none."""
    if draw(st.integers(0, 9)) == 0:
        return None
    end = draw(st.none() | FINISHED)
    hold = draw(st.none() | HOLDS) if end is None else None
    fields: dict[str, Any] = {
        "gates": draw(GATES),
        "steps": draw(STEP_LISTS),
        "frozen": draw(st.booleans()),
        "trigger": draw(st.none() | TRIGGERS),
        "hold": hold,
        "holds": 1 if hold else 0,
        "end": end,
        "recorded": end is not None and draw(st.booleans()),
    }
    return context(**fields).attempt


MODES = st.sampled_from([None, *Suspend])
SPECS = st.sampled_from(("good", "cycle", "unreadable"))


def spec(kind: str, suspend: Suspend | None) -> Body:
    """A spec, perhaps with faults."""
    made: Body = bookshop()["spec"]
    if kind == "cycle":
        made["components"][0]["dependsOn"] = ["frontend"]
    if kind == "unreadable":
        made["version"] = "next"
    return made | ({"suspend": str(suspend)} if suspend else {})


def reported(said: Body, annotations: Body, **journal: Any) -> Body:
    """A Release with the report that the operator makes of a journal."""
    body: Body = bookshop() | {"spec": said}
    body["metadata"] |= {"uid": "u-1", "generation": 1, "annotations": annotations}
    status = context().status.model_copy(update=journal)
    return body | {"status": summarise(parse_release(body), status, DAWN).to_wire()}


def held(reason: Reason, step: str | None, *, back: bool) -> Body:
    """A Release that is held on its way forward or back."""
    hold = Hold(id="1.1", reason=reason, message="m", since=DAWN, step=step)
    slow = Trigger(reason=Reason.METRIC_BREACH, message="slow", at=DAWN) if back else None
    attempt = context(hold=hold, holds=1, trigger=slow, frozen=True).attempt
    return reported(spec("good", None), {}, attempt=attempt)


@st.composite
def releases(draw: st.DrawFn) -> Body:
    """A Release with the report that the operator makes of it, perhaps edited since."""
    order, heard = draw(MODES), draw(MODES)
    suspension = Suspension(mode=heard, by="ada", since=DAWN) if heard else None
    annotations = {names.ANNOTATION_SUSPEND: str(order)} if order else {}
    said = spec(draw(SPECS), draw(MODES))
    body = reported(said, annotations, attempt=draw(attempts()), suspension=suspension)
    if draw(st.integers(0, 4)) == 0:
        body["metadata"]["generation"] = 2
    if draw(st.integers(0, 9)) == 0:
        body["metadata"]["deletionTimestamp"] = "2026-11-23T12:00:00Z"
    return body
