"""Small defects to put into the product, and the workload that must notice each.

A defect replaces one text in one file. If the text is no longer there, the test says so: then the
defect has to be put anew.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2] / "operator" / "release_coordinator"


@dataclass(frozen=True)
class Defect:
    """One change for the worse."""

    name: str
    file: str
    """Relative to the package."""
    old: str
    new: str
    plans: tuple[str, ...]
    """Recipes of which at least one must show a breach; the first that does ends the hunt.

    The number of a call moves with every question asked before it: ranges are wide.
    """


SHARED = tuple(f"sharing={seed}" for seed in range(1, 9))


def copy_with(defect: Defect | None, folder: Path) -> None:
    """Put a copy of the product, perhaps with a defect, under this folder."""
    copy = folder / SOURCE.name
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__", "cli"))
    if defect is not None:
        file = copy / defect.file
        text = file.read_text(encoding="utf-8")
        assert text.count(defect.old) == 1, f"{defect.file} has changed: put the defect anew"
        file.write_text(text.replace(defect.old, defect.new), encoding="utf-8")


DEFECTS = (
    Defect(
        "the journal is not written before a migration may run",
        "reconcile.py",
        "if not isinstance(action, AddFinalizer):  # nothing was intended yet",
        'if type(action).__name__ not in {"AddFinalizer", "ResumeJob"}:',
        ("success",),
    ),
    Defect(
        "a rollback restores the images of the attempt itself",
        "engine/phases/rolling_out.py",
        "            previous.images,\n            back=True,",
        "            component.images,\n            back=True,",
        ("breach",),
    ),
    Defect(
        "a rollback leaves the configuration as it is",
        "engine/snapshots.py",
        "str(ref.kept_as) for ref in changed if _is_kept(ctx, ref)}",
        "str(ref.kept_as) for ref in changed if not ref.name}",
        ("configured",),
    ),
    Defect(
        "what is restored is what runs before the release, not what was found good",
        "engine/snapshots.py",
        "    current = ctx.status.current\n    name = current.snapshots.get(component)",
        "    current = None\n    name = current.snapshots.get(component)",
        ("configured",),
    ),
    Defect(
        "what the last rollback needs is deleted after the attempt",
        "engine/pruning.py",
        "*attempt.kept.values(), *(current.snapshots.values() if current else ())}",
        "*(attempt.revision or ())}",
        ("configured",),
    ),
    Defect(
        "an answer that is missing counts as a bad one",
        "engine/judge.py",
        "return Verdict.UNKNOWN, reading.problem or unfit",
        "return Verdict.FAIL, reading.problem or unfit",
        ("blink",),
    ),
    Defect(
        "a migration's Job is created ready to run",
        "engine/jobs.py",
        "suspended=job.guarded,",
        "suspended=False,",
        ("success",),
    ),
    Defect(
        "a Job of that name is adopted whoever made it",
        "engine/jobs.py",
        "if fact.owner != owner_of(ctx, job) or (step.uid is not None and fact.uid != step.uid):",
        "if step.uid is not None and fact.uid != step.uid:",
        ("name-taken",),
    ),
    Defect(
        "the previous revision is recorded after the migrations",
        "engine/decide.py",
        "    preparing,  # R3.3, R3.4: baseline, previous revision, backup\n"
        "    confirming,  # R2: every gate once more, before the first change\n"
        "    migrating,  # R3.5: database migrations\n",
        "    confirming,\n    migrating,\n    preparing,\n",
        ("success",),
    ),
    Defect(
        "migrations are reverted oldest first",
        "engine/reverting.py",
        "for migration in reversed(migrations.applied(ctx)):",
        "for migration in migrations.applied(ctx):",
        ("breach",),
    ),
    Defect(
        "migrations are reverted while the new code still runs",
        "engine/decide.py",
        "WAY_BACK: tuple[Undoes, ...] = (\n",
        "WAY_BACK: tuple[Undoes, ...] = (\n    migrating,\n",
        ("breach",),
    ),
    Defect(
        "one wish for another try is granted for ever",
        "engine/idle.py",
        "if release.annotations.get(names.ANNOTATION_RETRY) == str(last.number):",
        "if release.annotations.get(names.ANNOTATION_RETRY) is not None:",
        ("retried-in-vain",),
    ),
    Defect(
        "the status is written whatever somebody else wrote meanwhile",
        "reconcile.py",
        "        body = status_body(self._release, report)\n",
        "        body = status_body(self._release, report)\n"
        "        ref = Ref(RELEASE, self._release.namespace, self._release.name)\n"
        '        live = (await self._parts.cluster.get(ref))["metadata"]["resourceVersion"]\n'
        '        body["metadata"]["resourceVersion"] = live\n',
        tuple(f"breach:freeze={number}" for number in range(8, 20)),
    ),
    Defect(
        "a bad look is forgiven when the next one is good",
        "engine/tracking.py",
        "return entry.failures >= subject.failure_threshold or (",
        "return entry.failures > subject.failure_threshold or (",
        ("spike",),
    ),
    Defect(
        "nobody looks whether somebody else changed what was rolled out",
        "engine/decide.py",
        "outcome = rolling_out.drift(ctx)",
        "outcome = DONE",
        ("foreign-writer",),
    ),
    Defect(
        "a deleted Release is let go before it was rolled back",
        "engine/decide.py",
        "if attempt is None or attempt.recorded:",
        "if attempt is None or attempt.recorded or release.deleting:",
        ("deleted",),
    ),
    Defect(
        "the watch ends early and counts as passed",
        "engine/tracking.py",
        "if not early and entry.watched_seconds < parse_duration(watch.duration):",
        "if not early and entry.watched_seconds < parse_duration(watch.duration) / 2:",
        ("late-breach",),
    ),
    Defect(
        "time in which nobody could see counts as watched",
        "engine/tracking.py",
        "Verdict.UNKNOWN and not is_forgiven(ctx, watch, subject, after):",
        "Verdict.UNKNOWN and not subject:",
        ("breach-after-blink",),
    ),
    Defect(
        "answers that were missing during the rollout count in the watch after it",
        "engine/tracking.py",
        "    since = max(entry.unknown_since, state.started_at)\n",
        "    since = entry.unknown_since\n",
        ("blind-rollout",),
    ),
    Defect(
        "nobody looks at what is watched while components are rolled out",
        "engine/decide.py",
        "        outcome = braking.advance(ctx)\n",
        "        outcome = DONE\n",
        ("braked",),
    ),
    Defect(
        "an order to roll back is obeyed again on every look",
        "engine/orders.py",
        "    if attempt.trigger is None:\n        return not is_behind(attempt)\n",
        "    if attempt.end is None:\n        return not is_behind(attempt)\n",
        ("on-request",),
    ),
    Defect(
        "a migration whose Job is gone is run again on a guess",
        "engine/jobs.py",
        "    if step.uid is not None:\n        what = ",
        "    if step.uid is None and job.reason is None:\n        what = ",
        ("job-gone", "asked-job-gone"),
    ),
    Defect(
        "a migration whose outcome is unknown counts as not applied, and nobody is asked",
        "engine/migrations.py",
        "    if doubt.running:\n",
        "    if not doubt.said:\n        return ctx.fail(case.step, doubt.what)\n"
        "    if doubt.running:\n",
        ("asked-job-gone",),
    ),
    Defect(
        "a schema that somebody has migrated further is reverted",
        "engine/reverting.py",
        "for allowed in (_silent, _consented, _unchanged):",
        "for allowed in (_silent, _consented):",
        ("migrated-further",),
    ),
    Defect(
        "data is destroyed though nobody has approved that",
        "engine/reverting.py",
        "    if not missing:\n        return DONE\n",
        "    if missing is not None:\n        return DONE\n",
        ("data-loss",),
    ),
    Defect(
        "a Job's word counts for more than that of the database",
        "engine/phases/migrating.py",
        "    if answer.settled or answer.version == newest:\n",
        "    if answer.settled or answer.version:\n",
        ("no-effect",),
    ),
    Defect(
        "an old answer of the database is taken for a new one",
        "engine/reverting.py",
        'f"{BACK}/{ctx.attempt.holds}"',
        'migrations.BEFORE if ctx.attempt.holds else "after"',
        ("migrated-further",),
    ),
    Defect(
        "a rollback goes past an irreversible migration by itself",
        "engine/decide.py",
        "        outcome = orders.permit(ctx)\n",
        "        outcome = DONE\n",
        ("irreversible",),
    ),
    Defect(
        "a person who resumes a hold for missing answers has not accepted them",
        "engine/orders.py",
        'changes["silence_accepted"] = entry.silence_accepted or silent',
        "changes = {}",
        ("resumed",),
    ),
    Defect(
        "the patch of a template does not say which state it was made for",
        "render/objects.py",
        '            "resourceVersion": action.resource_version,\n',
        "",
        tuple(f"breach:freeze={number}" for number in range(50, 90)),
    ),
    Defect(
        "an effect that is tried again is not preceded by a write of the journal",
        "reconcile.py",
        "self._persist(fence=not may_come_late(action, self._status.attempt))",
        "self._persist()",
        tuple(f"breach:{number}:refused:freeze={number + 1}" for number in range(40, 70)),
    ),
    Defect(
        "a signature for another plan counts",
        "engine/approvals.py",
        "    if fact.spec.digest != ctx.attempt.digest:\n",
        "    if ctx.attempt.digest is None:\n",
        ("edited-after-signing",),
    ),
    Defect(
        "the gates are asked once and never again",
        "engine/decide.py",
        "    confirming,  # R2: every gate once more, before the first change\n    migrating,",
        "    migrating,",
        ("signed",),
    ),
    Defect(
        "what was said before the first change is not heard",
        "engine/phases/confirming.py",
        "    verdicts = checklist.evaluate(replace(ctx, fresh=True))\n"
        "    news = exported.learned(replace(ctx, fresh=True))\n"
        "    if news is not None:\n"
        "        return news\n"
        "    gates = [verdict.gate for verdict in verdicts]\n",
        "    verdicts = checklist.evaluate(replace(ctx, fresh=True))\n"
        "    gates = ctx.attempt.gates\n",
        ("taken-back",),
    ),
    Defect(
        "an object that exists already is not taken over",
        "act.py",
        "except AlreadyExists:\n            created",
        "except ZeroDivisionError:\n            created",
        tuple(f"success:{number}:after-kill" for number in range(24, 44)),
    ),
    Defect(
        "the Service is not kept with what runs while the new version comes up",
        "engine/bluegreen.py",
        "    outcome = traffic.move(ctx, component, step_id, traffic.to_template(before.pods))\n"
        "    return ctx.succeed(step_id) if outcome is DONE else outcome\n\n\ndef _find",
        "    outcome = DONE\n"
        "    return ctx.succeed(step_id) if outcome is DONE else outcome\n\n\ndef _find",
        ("blue-green",),
    ),
    Defect(
        "the new version goes before its traffic does",
        "engine/returning.py",
        "    return _flip(ctx, component, step)\n",
        "    return DONE\n",
        ("blue-green-breach",),
    ),
    Defect(
        "the traffic goes to what is being restored before it runs",
        "engine/returning.py",
        "    return workloads.run(ctx, former) if outcome is DONE else outcome\n",
        "    workloads.run(ctx, former)\n    return DONE\n",
        ("blue-green-late",),
    ),
    Defect(
        "a suspended release begins a step",
        "engine/suspension.py",
        "    return locked or _begun(following) > _begun(ctx.attempt)\n",
        "    return False\n",
        ("suspended",),
    ),
    Defect(
        "the way back begins although all is suspended",
        "engine/suspension.py",
        "    if back and suspension.mode is Suspend.FORWARD:\n",
        "    if back:\n",
        ("all-suspended",),
    ),
    Defect(
        "an order that names another attempt is obeyed again",
        "engine/ordering.py",
        "return release.annotations.get(annotation) == value",
        "return bool(value) and annotation in release.annotations",
        ("abort-stays",),
    ),
    Defect(
        "a deleted release that is to be left as it is goes back",
        "engine/orders.py",
        "    return orphan or ordering.suspended(ctx.release) is Suspend.ALL\n",
        "    return ordering.suspended(ctx.release) is Suspend.ALL\n",
        ("orphan",),
    ),
    Defect(
        "a rehearsal completes without going back",
        "engine/decide.py",
        "and ctx.attempt.rehearsal:\n",
        "and ctx.attempt.hold:\n",
        ("rehearsal",),
    ),
    Defect(
        "a lock is not taken",
        "engine/phases/locking.py",
        "    if missing is None:\n",
        "    if missing is None or wanted:\n",
        SHARED,
    ),
    Defect(
        "a lock is never given back",
        "engine/locks.py",
        "    held = seen.own_locks(release.uid)\n",
        "    held = seen.own_locks(release.uid)[:0]\n",
        SHARED,
    ),
    Defect(
        "a lock is broken while its owner is at work",
        "engine/locks.py",
        "return holder.attempt > lock.attempt or",
        "return holder.attempt >= lock.attempt or",
        SHARED,
    ),
    Defect(
        "who waits is not told that a lock has gone",
        "handlers.py",
        "            if kind is LEASE:\n",
        "            if kind is None:\n",
        SHARED,
    ),
    Defect(
        "a workload of that name is adopted whoever made it",
        "engine/creating.py",
        "    if not _is_made_by(ctx, fact, step_id):\n",
        "    if not fact.uid:\n",
        ("inline-name-taken",),
    ),
    Defect(
        "a rollback deletes a workload whoever made it",
        "engine/creating.py",
        "    if fact is not None and not _is_ours(ctx, component, fact):\n",
        "    if fact is not None and not fact.uid:\n",
        ("inline-name-taken",),
    ),
    Defect(
        "a rollback leaves the workload that the attempt has created",
        "engine/creating.py",
        "        return Do(DeleteWorkload(target, fact.uid))\n",
        '        return ctx.succeed(step_id, "left")\n',
        ("inline-breach",),
    ),
)
