"""Gate R2.14: a deployment window is open, no freeze is in effect, and it is not too early.

Windows and freezes are those of the ReleasePolicy as it is now, not as it was when the attempt
began: a freeze that is declared today counts today. The moment of the next opening goes into the
verdict, so that nobody has to look again before.
"""

from datetime import UTC, datetime

from release_coordinator.api.attempt import Role
from release_coordinator.api.checklist import GateName
from release_coordinator.api.faults import told
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.windows import Period
from release_coordinator.engine.context import Context
from release_coordinator.engine.windows import LOOK_AHEAD, CalendarState, judge, zone

from .verdict import GateVerdict, failed, passed, unknown, waiting

NAME = GateName.WINDOW
OWNER = Role.RELEASE_MANAGER
NONE_OPENS = "no window opens within"
"""Tells a calendar that never opens from one that has an error."""


def evaluate(ctx: Context) -> GateVerdict:
    """Judge the calendar now, or at the time before which the release must not begin."""
    policy = ctx.seen.policy(ctx.release.name, fresh=ctx.fresh)
    source = f"ReleasePolicy {policy.name}" if policy.name else "built-in policy"
    if policy.problem:
        message = f"windows and freezes are not known: {source}: {policy.problem}"
        return unknown(NAME, Role.PLATFORM, message, evidence=source, watched=True)
    early = _wanted(ctx)
    if early is not None and early - ctx.now > LOOK_AHEAD:
        return waiting(NAME, OWNER, _early(early), next_check=early, watched=True)
    spec = policy.spec or ReleasePolicySpec()
    state = judge(spec.windows, spec.freezes, early or ctx.now)
    if not isinstance(state, CalendarState):
        message = f"{source}: {told(state)}"
        return failed(NAME, Role.PLATFORM, message, evidence=source, watched=True)
    if early is not None:
        return _too_early(early, state, source)
    return _open(state, source) if state.open else _shut(state, source)


def _wanted(ctx: Context) -> datetime | None:
    """The time before which the release must not begin, if that is yet to come."""
    wanted = ctx.plan.spec.schedule.opens_at()
    if wanted is None or wanted <= ctx.now:
        return None
    try:
        return wanted.astimezone(UTC)
    except OverflowError:  # the last hours of the year 9999, somewhere west
        return datetime.max.replace(tzinfo=UTC)


def _early(wanted: datetime) -> str:
    return (
        f"spec.schedule.notBefore asks to begin no earlier than {_at(wanted)}; wait, or change it"
    )


def _too_early(wanted: datetime, state: CalendarState, source: str) -> GateVerdict:
    """It opens at the time that was asked for, or when the calendar allows it after that."""
    message, moment = _early(wanted), wanted
    if not state.open:
        moment = state.opens_at or wanted
        message += f"; but then {_reason(state)}; {_next(state)}"
    return waiting(NAME, OWNER, message, evidence=source, next_check=moment, watched=True)


def _open(state: CalendarState, source: str) -> GateVerdict:
    what = f"window {state.window.name} is open" if state.window else "no windows are declared"
    end = f"until {_at(state.until, state.window)}" if state.until else "any time"
    if state.until and state.window is None:
        end = f"any time, {end}, when a freeze begins"
    message = f"{what}: {end}"
    return passed(NAME, OWNER, message, evidence=source, next_check=state.until, watched=True)


def _shut(state: CalendarState, source: str) -> GateVerdict:
    if state.freeze is None and state.opens_at is None:
        message = (
            f"{source}: {NONE_OPENS} {LOOK_AHEAD.days} days; add one to spec.windows, "
            "or let one of them recur"
        )
        return failed(NAME, Role.PLATFORM, message, evidence=source, watched=True)
    then = f"wait, or ask the platform team to change {source}"
    message = f"{_reason(state)}; {_next(state)}; {then}"
    return waiting(NAME, OWNER, message, evidence=source, next_check=state.opens_at, watched=True)


def _reason(state: CalendarState) -> str:
    if state.freeze is None or state.until is None:
        return "no deployment window is open"
    why = f" ({state.freeze.reason})" if state.freeze.reason else ""
    return f"freeze {state.freeze.name}{why} lasts until {_at(state.until, state.freeze)}"


def _next(state: CalendarState) -> str:
    if state.opens_at is None:
        return f"no deployment may begin within {LOOK_AHEAD.days} days"
    if state.window is None:
        return f"deployments may begin at {_at(state.opens_at, state.freeze)}"
    return f"window {state.window.name} opens at {_at(state.opens_at, state.window)}"


def _at(moment: datetime, period: Period | None = None) -> str:
    """A moment in UTC, and in the zone of the period it is from."""
    text = f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    place = zone(period.time_zone) if period else None
    if period is None or place is None or period.time_zone == "UTC":
        return text
    return f"{text} ({moment.astimezone(place):%Y-%m-%d %H:%M} {period.time_zone})"
