"""One step that is a Job: what cannot be told by a story."""

from tests.fakes.world import DAWN
from tests.releases import bookshop
from tests.unit.engine.contexts import context, running

from release_coordinator.api.job import JobTemplate
from release_coordinator.engine import jobs, names
from release_coordinator.engine.context import Context
from release_coordinator.engine.gates import credentials
from release_coordinator.engine.outcome import Note, Wait
from release_coordinator.engine.phases import verifying
from release_coordinator.engine.runfacts import JobFact, JobPhase, JobPodsWant, JobWant, PodFact

STEP = jobs.JobStep("prepare/backup", JobTemplate(image="example/backup:1"))


def waiting(trouble: str, message: str = "") -> Context:
    """The backup's Job runs, and its pod is in trouble."""
    empty = context()
    name = jobs.name_of(empty, STEP)
    owner = ("5b1f0f4e", "1", names.content_hash(STEP.template))
    fact = JobFact(name, "u", "1", JobPhase.RUNNING, timed_out=False, message="", owner=owner)
    pods = (PodFact("p", "", frozenset(), trouble, ""),)
    return context(
        facts={JobWant(name): fact, JobPodsWant(name): pods},
        steps=(running(STEP.id, message=message),),
        now=DAWN,
    )


def test_trouble_that_is_longer_than_the_journal_keeps_is_noted_once() -> None:
    trouble = "exit code 1: " + "x" * 400

    first = jobs.run(waiting(trouble), STEP)
    assert isinstance(first, Note)
    assert first.status.attempt is not None
    (step,) = first.status.attempt.steps
    second = jobs.run(waiting(trouble, step.message), STEP)

    assert isinstance(second, Wait)


def test_the_longest_names_of_suite_and_test_make_a_step() -> None:
    body = bookshop()
    test = {"name": "t" * 63, "suite": "s" * 63, "job": {"image": "example/smoke:1"}}
    body["spec"]["verify"]["smokeTests"] = [test]
    for component in body["spec"]["components"]:
        component.pop("health", None)

    outcome = verifying.advance(context(body))

    assert isinstance(outcome, Note)


def test_a_plan_may_refer_to_more_secret_keys_than_one_job() -> None:
    body = bookshop()
    body["spec"]["caches"] = [
        {
            "name": f"c{job}",
            "job": {
                "image": "example/redis-cli:7",
                "env": [
                    {
                        "name": f"V{key}",
                        "valueFrom": {"secretKeyRef": {"name": f"s{job}", "key": f"k{key}"}},
                    }
                    for key in range(32)
                ],
            },
        }
        for job in range(2)
    ]
    spec = context(body).plan.spec

    template = credentials.probe_job(spec)

    assert template is not None
    assert len({variable.name for variable in template.env}) == 64
