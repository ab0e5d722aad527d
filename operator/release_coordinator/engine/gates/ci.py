"""Gate R2.6: the pipeline of the version is green.

Every sign in `spec.ci` must hold: a condition or field of an object that CI runs, a key of a
ConfigMap that CI writes, or a Job that is run now. An object that says which version it is for
must say this one. All signs are reported together.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from release_coordinator.api.attempt import GateState, Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.evidence import CICheck, ConfigMapCheck, ObjectCheck
from release_coordinator.engine import fields
from release_coordinator.engine.context import Context
from release_coordinator.engine.evidence import ObjectWant
from release_coordinator.engine.images import spellings
from release_coordinator.engine.names import LABEL_RELEASE
from release_coordinator.text import one_line

from . import job_check
from .job_check import JobCheck
from .verdict import GateVerdict, failed, passed, unknown, waiting

NAME = GateName.CI
OWNER = Role.DEVOPS
STEP = "gate/ci"
LABEL_VERSION = "app.kubernetes.io/version"
UNDER_WAY = {"", "pending", "queued", "running", "started", "inprogress", "in progress", "unknown"}
"""What a pipeline says that has not ended yet, in lower case."""
_WORST_FIRST = (GateState.FAILED, GateState.UNKNOWN, GateState.WAITING, GateState.PASSED)
QUOTED = 120
"""Characters of foreign text that a message repeats."""


@dataclass(frozen=True, slots=True)
class _Sign:
    """What one check says."""

    state: GateState
    message: str
    source: str
    forbidden: bool = False
    watched: bool = False
    job: JobCheck | None = None


def evaluate(ctx: Context) -> GateVerdict:
    """Look at every sign."""
    checks = ctx.plan.spec.ci
    if not checks:
        text = (
            f"spec.ci is empty, so nothing says that the pipeline of {ctx.plan.spec.version} is "
            "green; declare what does: object (a condition or field of what CI runs), configMap "
            "(a key that CI writes) or job (a Job to run now)"
        )
        return failed(NAME, OWNER, text, watched=True)
    ctx.seen.gather(*(want for check in checks if (want := _want(check))))
    return _verdict(ctx, [_sign(ctx, index, check) for index, check in enumerate(checks)])


def _verdict(ctx: Context, signs: list[_Sign]) -> GateVerdict:
    """The worst state counts; messages of all that is missing, or of all that was found."""
    signs = sorted(signs, key=lambda sign: _WORST_FIRST.index(sign.state))
    worst = signs[0]
    told = [sign for sign in signs if sign.state is not GateState.PASSED] or signs
    make = {
        GateState.FAILED: failed,
        GateState.UNKNOWN: unknown,
        GateState.WAITING: waiting,
        GateState.PASSED: passed,
    }[worst.state]
    text = "; ".join(sign.message for sign in told)
    if any(sign.job and sign.state is GateState.FAILED for sign in told):
        text = job_check.then_retry(ctx, text)
    return make(
        NAME,
        Role.PLATFORM if worst.forbidden else OWNER,
        text,
        evidence=", ".join(sign.source for sign in told),
        next_move=job_check.next_move(sign.job for sign in signs if sign.job),
        watched=all(sign.watched for sign in told),
    )


def _want(check: CICheck) -> ObjectWant | None:
    if check.object:
        return ObjectWant(check.object.api_version, check.object.kind, check.object.name)
    return ObjectWant("v1", "ConfigMap", check.config_map.name) if check.config_map else None


def _sign(ctx: Context, index: int, check: CICheck) -> _Sign:
    want = _want(check)
    if want is not None:
        return _from_object(ctx, index, check, want)
    if check.job is None:
        text = f"spec.ci[{index}]: {check.name} names no sign; set object, configMap or job"
        return _Sign(GateState.FAILED, text, f"spec.ci[{index}]", watched=True)
    return _from_job(check.name, job_check.ask(ctx, f"{STEP}/{check.name}", check.job))


def _from_job(name: str, job: JobCheck) -> _Sign:
    messages = {
        GateState.PASSED: f"{name}: its Job succeeded",
        GateState.FAILED: f"{name}: {job.words}; repair what it found",
    }
    running = f"{name}: its Job runs" + (f" ({job.words})" if job.words else "")
    return _Sign(job.state, messages.get(job.state, running), f"Job of {name}", job=job)


def _from_object(ctx: Context, index: int, check: CICheck, want: ObjectWant) -> _Sign:
    fact = ctx.seen.object(want.api_version, want.kind, want.name)
    source = f"{want.kind} {want.name}"
    if fact.body is None:
        part = "object" if check.object else "configMap"
        if fact.refused:
            return _Sign(GateState.FAILED, f"spec.ci[{index}].{part}: {fact.problem}", source)
        state = GateState.UNKNOWN if fact.forbidden else GateState.WAITING
        more = "" if fact.forbidden else f"; the pipeline of {_version(ctx)} must create it"
        return _Sign(state, f"{check.name}: {fact.problem}{more}", source, fact.forbidden)
    labels = _mapping(_mapping(fact.body.get("metadata")).get("labels"))
    watched = want.kind == "ConfigMap" and labels.get(LABEL_RELEASE) == ctx.release.name
    state, text = _judge(ctx, index, check, fact.body)
    return _Sign(state, f"{check.name}: {source} {text}", source, watched=watched)


def _judge(
    ctx: Context, index: int, check: CICheck, body: Mapping[str, Any]
) -> tuple[GateState, str]:
    labels = _mapping(_mapping(body.get("metadata")).get("labels"))
    said = labels.get(LABEL_VERSION)
    if said is not None and said not in spellings(_version(ctx)):
        return GateState.FAILED, (
            f"is for {_quoted(said)}, not {_version(ctx)} (label {LABEL_VERSION}); run the "
            f"pipeline of {_version(ctx)}, or name its object in spec.ci[{index}]"
        )
    if check.config_map:
        return _key(ctx, check.config_map, body)
    assert check.object is not None  # noqa: S101 - one of the two was asked for
    if check.object.json_path is not None:
        return _field(index, check.object, body)
    return _condition(check.object.condition or "", body)


def _key(ctx: Context, check: ConfigMapCheck, body: Mapping[str, Any]) -> tuple[GateState, str]:
    text = _mapping(body.get("data")).get(check.key)
    if text is None:
        return GateState.WAITING, (
            f"has no key {check.key}; the pipeline of {_version(ctx)} must write "
            f"{check.value} there"
        )
    return _compare(f"key {check.key}", str(text), check.value)


def _field(index: int, check: ObjectCheck, body: Mapping[str, Any]) -> tuple[GateState, str]:
    path = check.json_path or ""
    try:
        found = [value for value in fields.find(path, body) if value is not None]
    except fields.PathError as error:
        return GateState.FAILED, f"was not judged: spec.ci[{index}].object.jsonPath: {error}"
    if not found:
        return GateState.WAITING, f"has no {path} yet"
    text = fields.said(found[0])
    if len(found) > 1 or text is None:
        return GateState.FAILED, (
            f"was not judged: spec.ci[{index}].object.jsonPath {path} is no single value; name "
            "a field with one"
        )
    return _compare(path, text, check.value or "")


def _compare(place: str, text: str, wanted: str) -> tuple[GateState, str]:
    """Case and outer blanks do not count: tools differ in them, and mean the same."""
    have = text.strip().casefold()
    if have == wanted.strip().casefold():
        return GateState.PASSED, f"says {wanted}"
    if have in UNDER_WAY:
        return GateState.WAITING, f"says {_quoted(text) or 'nothing'} ({place}), not {wanted} yet"
    return GateState.FAILED, (
        f"says {_quoted(text)} ({place}), not {wanted}; repair the pipeline and run it again"
    )


def _condition(kind: str, body: Mapping[str, Any]) -> tuple[GateState, str]:
    listed = _mapping(body.get("status")).get("conditions")
    conditions = [_mapping(entry) for entry in listed] if isinstance(listed, list) else []
    entry = next((entry for entry in conditions if entry.get("type") == kind), None)
    if entry is None:
        return GateState.WAITING, f"has no condition {kind} yet"
    parts = (_quoted(entry.get(key)) for key in ("reason", "message"))
    why = ": ".join(part for part in parts if part)
    more = f" ({why})" if why else ""
    status = str(entry.get("status")).casefold()
    if status == "true":
        return GateState.PASSED, f"says that {kind} is True{more}"
    if status == "false":
        return GateState.FAILED, (
            f"says that {kind} is False{more}; repair the pipeline and run it again"
        )
    return GateState.WAITING, f"does not say yet whether {kind}{more}"


def _version(ctx: Context) -> str:
    return ctx.plan.spec.version


def _mapping(value: object) -> Mapping[str, Any]:
    """The value, if it is an object: objects of unknown kinds may have any shape."""
    return value if isinstance(value, dict) else {}


def _quoted(value: object) -> str:
    return one_line(str(value), QUOTED) if value is not None else ""
