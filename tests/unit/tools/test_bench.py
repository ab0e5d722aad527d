"""The instruments of the benchmark: what counts as a request, as evidence, as a delay."""

import json
from pathlib import Path

from tests.releases import bookshop
from tools.bench.audit import Audit
from tools.bench.measures import rank
from tools.bench.timeline import Timeline

from release_coordinator.engine import names


def entry(verb: str, resource: str, subresource: str = "", stage: str = "ResponseComplete") -> str:
    what = {"resource": resource} | ({"subresource": subresource} if subresource else {})
    return json.dumps({"verb": verb, "stage": stage, "objectRef": what, "requestURI": "/"})


def test_requests_are_counted_by_what_they_do(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(entry("get", "releases") + "\n", encoding="utf-8")
    audit = Audit(log)
    mark = audit.mark()
    lines = [
        entry("update", "releases", "status"),
        entry("patch", "deployments"),
        entry("create", "events"),
        entry("list", "pods"),
        entry("watch", "jobs", stage="ResponseStarted"),
        entry("watch", "jobs"),  # the same one, as it ends
    ]
    with log.open("a", encoding="utf-8") as more:
        more.write("".join(f"{line}\n" for line in lines))
    asked = audit.since(mark)

    assert (asked.writes, asked.status_writes, asked.events) == (2, 1, 1)
    assert (asked.reads, asked.watches, asked.by_verb.total()) == (1, 1, 5)


def test_a_delay_is_from_the_first_evidence_to_the_first_write_that_knows_it() -> None:
    timeline = Timeline()
    job = {
        "metadata": {
            "name": "j",
            "uid": "j",
            "resourceVersion": "1",
            "labels": {names.LABEL_RELEASE: "bookshop", names.LABEL_ATTEMPT: "1"},
            "annotations": {names.ANNOTATION_STEP: "prepare/backup"},
        },
        "status": {"conditions": [{"type": "Complete", "status": "True"}]},
    }
    timeline.release("ADDED", release("Running"), 1.0)
    timeline.job("MODIFIED", job, 5.0)
    timeline.job("MODIFIED", job, 6.0)
    timeline.release("MODIFIED", release("Running"), 5.1)
    timeline.release("MODIFIED", release("Succeeded"), 5.25)
    timeline.release("MODIFIED", release("Succeeded"), 9.0)

    assert timeline.delays() == [0.25]


def test_a_signature_is_answered_by_the_first_write_that_says_the_gates_have_passed() -> None:
    timeline = Timeline()
    for at, uid in ((2.0, "one"), (3.0, "two")):
        word = {"metadata": {"uid": uid}, "spec": {"release": "bookshop"}}
        timeline.approval("ADDED", word, at)
        timeline.approval("ADDED", word, at + 50)  # a watch that began anew tells it again
    timeline.release("MODIFIED", release("Running", "gates"), 3.1)
    timeline.release("MODIFIED", release("Succeeded", "gates"), 3.5)
    timeline.release("MODIFIED", release("Succeeded", "gates"), 9.0)

    assert timeline.since_signed("bookshop") == 0.5


def release(state: str, step_id: str = "prepare/backup") -> dict[str, object]:
    body = bookshop()
    body["metadata"] |= {"uid": "u", "resourceVersion": "1", "generation": 1}
    step = {"id": step_id, "state": state, "startedAt": "2026-11-23T12:00:00Z"}
    attempt = {
        "journalSchema": 1,
        "number": 1,
        "digest": "sha256:" + "0" * 64,
        "specDigest": "sha256:" + "0" * 64,
        "generation": 1,
        "version": "1.3.0",
    }
    attempt |= {"startedAt": "2026-11-23T12:00:00Z", "steps": [step]}
    return {**body, "status": {"attempt": attempt}}


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(number) for number in range(1, 101)]

    assert [rank(values, share) for share in (0.5, 0.95)] == [50.0, 95.0]
    assert rank([7.0], 0.95) == 7.0
