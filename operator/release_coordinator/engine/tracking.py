"""What is known of each watched thing, look by look; what that comes to. Pure bookkeeping.

Called by `engine.observing`, for the time of the rollout and for the watch after it. The journal's
entry of a subject is its only memory. Rules:

- unknown is never bad: it breaks no limit, mends none, and does not count as watched;
- only time between two usable looks counts as watched, so an outage of the source, of the
  operator, a hold and a suspension make the watch longer;
- after `unknownLimit` of nothing but unknown in the watch, `onUnknown` speaks.
"""

from datetime import datetime, timedelta

from release_coordinator.api.attempt import Attempt
from release_coordinator.api.base import parse_duration
from release_coordinator.api.measurement import Carried, Measurement, Verdict, WatchState
from release_coordinator.api.watch import OnUnknown, Severity, Watch, WatchStart

from . import history
from .context import Context, shorten
from .outcome import Note
from .reading import Finding
from .subject import Subject

LATE = 2.0
"""Looks further apart than so many intervals are a gap in which nobody watched."""
STALE = 120.0
"""Seconds after which a look that is due is late by more than any answer takes."""


def entry_of(ctx: Context, subject: Subject) -> Measurement:
    """What is known of a subject."""
    return known(ctx.attempt, subject.name)


def known(attempt: Attempt, name: str) -> Measurement:
    """The journal's entry of a name; an empty one before it was looked at."""
    entries = (entry for entry in attempt.measurements if entry.metric == name)
    return next(entries, None) or Measurement(metric=name)


def noted(ctx: Context, entry: Measurement) -> Note:
    """Journal an entry in the place of its old one, or at the end."""
    present = ctx.attempt.measurements
    if all(one.metric != entry.metric for one in present):
        return ctx.note(ctx.with_attempt(measurements=[*present, entry]))
    replaced = [entry if one.metric == entry.metric else one for one in present]
    return ctx.note(ctx.with_attempt(measurements=replaced))


def carried(ctx: Context, name: str) -> Carried:
    """What the last look at a subject of that name has handed on."""
    return known(ctx.attempt, name).carried or Carried()


def begins(watch: Watch, state: WatchState) -> datetime | None:
    """From when on anything is looked at; None: the watch after the rollout has not begun."""
    if state.changed_at is None:
        return state.started_at
    begin = state.changed_at + timedelta(seconds=parse_duration(watch.initial_delay))
    if watch.start is WatchStart.FIRST_CHANGE:
        return begin
    return state.started_at and max(state.started_at, begin)


def due(ctx: Context, watch: Watch, state: WatchState, subject: Subject) -> datetime | None:
    """When it is looked at next: once per interval, the last time at the end of the watch.

    The same moment as long as it was not looked at: an answer that takes its time is asked for
    by it. After an outage it is a recent one: what is compared with the same time of yesterday
    must not be that of the outage.
    """
    begin = begins(watch, state)
    if begin is None:
        return None
    sampled = entry_of(ctx, subject).sampled_at
    interval = subject.pace
    if _was_put_back(ctx, watch, sampled or begin, interval, looked=sampled is not None):
        # Nothing is left unwatched. The minute is a moment that stays.
        return ctx.now.replace(second=0, microsecond=0)
    last = sampled or begin
    end = ends_at(ctx.attempt, watch, subject.name)
    if end is not None and end <= last:
        interval = max(1.0, min(interval, parse_duration(watch.duration)))
    following = last + timedelta(seconds=interval)
    if end is not None and last < end < following:
        following = end
    late = (ctx.now - following).total_seconds()
    if late <= STALE:
        return following
    grid = max(interval, STALE)
    return following + timedelta(seconds=late // grid * grid)


def _was_put_back(
    ctx: Context, watch: Watch, moment: datetime, interval: float, *, looked: bool
) -> bool:
    """Whether a moment of the past lies ahead by more than clocks of two operators differ."""
    ahead = (moment - ctx.now).total_seconds()
    if not looked:
        ahead -= parse_duration(watch.initial_delay)
    return ahead > interval


def ends_at(attempt: Attempt, watch: Watch, name: str) -> datetime | None:
    """When a subject was watched for long enough, if all goes well; None before the watch."""
    state = attempt.watch
    if state is None or state.started_at is None:
        return None
    entry = known(attempt, name)
    left = parse_duration(watch.duration) - entry.watched_seconds
    return _counts_from(entry, state.started_at) + timedelta(seconds=left)


def watch_ends_at(attempt: Attempt, watch: Watch) -> datetime | None:
    """When all was watched for long enough, if all goes well; None before the watch."""
    state = attempt.watch
    if state is None or state.started_at is None:
        return None
    ends = (ends_at(attempt, watch, entry.metric) for entry in attempt.measurements)
    whole = state.started_at + timedelta(seconds=parse_duration(watch.duration))
    return max((end for end in ends if end is not None), default=whole)


def updated(ctx: Context, watch: Watch, subject: Subject, finding: Finding) -> Measurement:
    """The entry after a look at `ctx.now`."""
    entry = entry_of(ctx, subject)
    verdict = finding.verdict
    unknown = verdict is Verdict.UNKNOWN
    failed, passed = verdict is Verdict.FAIL, verdict is Verdict.PASS
    counts = entry.samples + 1 >= subject.min_samples
    changes: dict[str, object] = {
        "value": finding.value,
        "baseline": entry.baseline if finding.baseline is None else finding.baseline,
        "verdict": verdict,
        "samples": entry.samples + (not unknown),
        "failures": 0 if passed else entry.failures + (failed and counts),
        "breaches": entry.breaches + (failed and counts),
        "successes": 0 if failed or ctx.status.suspension else entry.successes + passed,
        "sampled_at": ctx.now,
        "unknown_since": _unknown_since(ctx, subject, entry) if unknown else None,
        "message": shorten(finding.message),
        "run": None,
        "carried": finding.carried or entry.carried,
    }
    if subject.keeps_history:
        changes["history"] = history.append(entry.history, ctx.now, finding.value, subject.pace)
    after = entry.model_copy(update=changes)
    watched = entry.watched_seconds + _credit(ctx, watch, subject, after, finding.took)
    return after.model_copy(update={"watched_seconds": round(watched, 3)})


def _unknown_since(ctx: Context, subject: Subject, entry: Measurement) -> datetime:
    """Since when answers are missing; while nobody asked, none was."""
    gap = (ctx.now - (entry.sampled_at or ctx.now)).total_seconds()
    asked = gap <= LATE * subject.pace + STALE or entry.run is not None
    return entry.unknown_since if entry.unknown_since and asked else ctx.now


def _credit(ctx: Context, watch: Watch, subject: Subject, after: Measurement, took: float) -> float:
    """Seconds since the last look that count as watched."""
    state, before = ctx.attempt.watch, entry_of(ctx, subject)
    if state is None or state.started_at is None or ctx.status.suspension is not None:
        return 0.0
    if after.verdict is Verdict.UNKNOWN and not is_forgiven(ctx, watch, subject, after):
        return 0.0
    passed = max(0.0, (ctx.now - _counts_from(before, state.started_at)).total_seconds())
    return counted(passed, subject.pace, took)


def counted(passed: float, interval: float, took: float = 0.0) -> float:
    """Seconds between two looks that count: of a gap, in which nobody looked, no more than one.

    `took` is what the look itself took.
    """
    return interval + took if passed > LATE * interval + took else passed


def _counts_from(entry: Measurement, started: datetime) -> datetime:
    return max(entry.sampled_at or started, started)


def is_breached(subject: Subject, entry: Measurement) -> bool:
    """Whether its limits of bad looks are reached."""
    limit = subject.failure_limit
    return entry.failures >= subject.failure_threshold or (
        limit is not None and entry.breaches >= limit
    )


def is_blind(ctx: Context, watch: Watch, entry: Measurement) -> bool:
    """Whether there was no usable answer for too long, within the watch after the rollout.

    Up to the last look: that nobody has asked since says nothing of the source.
    """
    state, looked = ctx.attempt.watch, entry.sampled_at
    if entry.unknown_since is None or looked is None or state is None or state.started_at is None:
        return False
    since = max(entry.unknown_since, state.started_at)
    limit = timedelta(seconds=parse_duration(watch.unknown_limit))
    return looked >= since + limit + ctx.seen.lost_since(since)


def is_forgiven(ctx: Context, watch: Watch, subject: Subject, entry: Measurement) -> bool:
    """Whether it counts as good although nothing is known of it."""
    if not is_blind(ctx, watch, entry):
        return False
    return may_be_silent(subject, entry) or _only_reported(subject, entry)


def may_be_silent(subject: Subject, entry: Measurement) -> bool:
    """Whether missing answers stop nothing: so it was declared, or a person has said so."""
    if subject.on_unknown is OnUnknown.HOLD:
        return entry.silence_accepted
    return subject.on_unknown is OnUnknown.PASS


def breach_in_words(subject: Subject, entry: Measurement) -> str:
    """What is bad: the last look itself, or what came before one that found nothing bad."""
    if entry.verdict is Verdict.FAIL:
        return f"{subject.what}: {entry.message}"
    row = entry.failures >= subject.failure_threshold
    looks = f"{entry.failures} bad looks in a row" if row else f"{entry.breaches} bad looks in all"
    return f"{subject.what}: {looks}; the last answer: {entry.message}"


def blemish(ctx: Context, subject: Subject) -> str:
    """Why it cannot be said of it that it stayed good; empty if that can be said.

    Bad looks within its limits are none, unless they had stopped nothing anyway.
    """
    entry = entry_of(ctx, subject)
    if entry.samples == 0:
        return "never answered"
    bad = f"{entry.breaches} of {entry.samples} looks bad"
    if entry.accepted:
        return f"{bad}, accepted"
    if entry.breaches and subject.severity is Severity.REPORT:
        return f"{bad}, reported"
    return "no answer at the end" if entry.verdict is Verdict.UNKNOWN else ""


def severity_of(subject: Subject, entry: Measurement) -> Severity:
    """What its breach leads to, now."""
    return Severity.REPORT if entry.accepted else subject.severity


def _only_reported(subject: Subject, entry: Measurement) -> bool:
    return severity_of(subject, entry) is Severity.REPORT


def is_over(ctx: Context, watch: Watch, subject: Subject) -> bool:
    """Whether it need not be watched any longer, and stands well at its last look."""
    entry, state = entry_of(ctx, subject), ctx.attempt.watch
    if state is None or state.started_at is None or entry.sampled_at is None:
        return False
    if entry.sampled_at < state.started_at:
        return False
    early = subject.success_threshold is not None and entry.successes >= subject.success_threshold
    if not early and entry.watched_seconds < parse_duration(watch.duration):
        return False
    match entry.verdict:
        case Verdict.PASS:
            return entry.samples >= subject.min_samples
        case Verdict.FAIL:
            return _only_reported(subject, entry)
        case Verdict.UNKNOWN:
            return is_forgiven(ctx, watch, subject, entry)
