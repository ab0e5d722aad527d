"""Gate R2.11: the test suites that the type of release requires have passed in staging.

They are the smoke tests of the staging Release, told apart by their `suite`; only those of the
attempt that decides in staging count (`engine.staged`).
"""

from release_coordinator.api.attempt import Role, StepState
from release_coordinator.api.checklist import GateName
from release_coordinator.api.conditions import Phase
from release_coordinator.api.record import RecordSpec
from release_coordinator.api.release import SmokeTest
from release_coordinator.engine import staged
from release_coordinator.engine.context import Context, shorten

from .verdict import GateVerdict, failed, obstructed, passed, waiting

NAME = GateName.STAGING_TESTS
OWNER = Role.QA


def evaluate(ctx: Context) -> GateVerdict:
    """Look at the tests of the attempt that decides."""
    suites = ctx.required.suites
    if not suites:
        return passed(NAME, OWNER, f"the policy requires no test suite of a {ctx.kind} release")
    place = staged.place(ctx)
    if isinstance(place, str):
        return failed(NAME, Role.PLATFORM, place)
    found = staged.find(ctx, place)
    if found.obstacle:
        return obstructed(NAME, found.obstacle)
    record = found.verdict
    if record is None or record.plan is None:
        return _not_run(found, suites)
    evidence = found.evidence(record)
    fault = _failures(found, record) or _missing(found, record, suites)
    if fault:
        return failed(NAME, OWNER, fault, evidence=evidence, watched=found.watched)
    if record.outcome is not Phase.COMPLETED:
        return _not_run(found, suites)
    count = len(_of(record, suites))
    text = f"{found.named(record)}: {count} tests passed, suites {', '.join(suites)}"
    return passed(NAME, OWNER, text, evidence=evidence, next_check=found.until)


def _not_run(found: staged.Staged, suites: list[str]) -> GateVerdict:
    text = (
        f"the suites {', '.join(suites)} run when these artifacts are deployed to {found.place}; "
        "the gate Staging says what that waits for"
    )
    return waiting(NAME, OWNER, text, watched=found.watched)


def _of(record: RecordSpec, suites: list[str]) -> list[SmokeTest]:
    tests = record.plan.verify.smoke_tests if record.plan else []
    return [test for test in tests if test.suite in suites]


def _failures(found: staged.Staged, record: RecordSpec) -> str:
    """Tests that did not pass, whichever suite they are of: they ended the attempt."""
    steps = [step for step in record.timeline if step.id.startswith(staged.VERIFY)]
    bad = [step for step in steps if step.state is StepState.FAILED]
    told = "; ".join(f"{s.id.removeprefix(staged.VERIFY)} failed: {s.message}" for s in bad)
    return f"{shorten(told, 300)}. Mend it, then {found.again(record)}" if told else ""


def _missing(found: staged.Staged, record: RecordSpec, suites: list[str]) -> str:
    tests = _of(record, suites)
    absent = [suite for suite in suites if not any(test.suite == suite for test in tests)]
    if absent:
        return (
            f"{found.named(record)} has no test of suite {', '.join(absent)}; add one to "
            f"spec.verify.smokeTests of that Release (suite: {absent[0]}) and deploy it again"
        )
    if record.outcome is not Phase.COMPLETED:
        return ""
    steps = {test.name: staged.step_of(record, staged.step_of_test(test)) for test in tests}
    skipped = [name for name, step in steps.items() if not staged.succeeded(step)]
    if not skipped:
        return ""
    return f"{found.named(record)} did not run {', '.join(skipped)}; {found.again(record)}"
