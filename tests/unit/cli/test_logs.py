"""Logs of a Release: which containers, in which order; following loses and doubles no line."""

import io
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.cli import releases

from release_coordinator.cli.logs import SOURCES, Line, Logs
from release_coordinator.cli.logscreen import LogScreen
from release_coordinator.cli.logsources import LogSource, of_component, of_jobs
from release_coordinator.cluster.faults import Unserved
from release_coordinator.cluster.follow import NotServed
from release_coordinator.cluster.podlogs import LogQuery
from release_coordinator.cluster.port import Body
from release_coordinator.engine import names
from release_coordinator.errors import Denied, Invalid, Transient

JOB = LogSource("job-1", "job", "verify/smoke/checkout", ends=True, born="")
POD = LogSource("backend-1", "api", "backend/backend-1/api", ends=False, born="")
Answer = Callable[[dict[str, str]], AsyncIterator[bytes]]


def pod(name: str, step: str = "", image: str = "", *, started: bool = True) -> Body:
    state: Body = {"running": {}} if started else {"waiting": {}}
    return {
        "metadata": {
            "name": name,
            "uid": name,
            "creationTimestamp": "2026-11-10T09:00:00Z",
            "labels": {names.LABEL_ATTEMPT: "2", names.LABEL_TEMPLATE: "77"},
            "annotations": {names.ANNOTATION_STEP: step} if step else {},
            "ownerReferences": [
                {
                    "apiVersion": "apps/v1",
                    "kind": "ReplicaSet",
                    "name": "bookshop-backend-77",
                    "controller": True,
                }
            ],
        },
        "spec": {"containers": [{"name": "api", "image": image}]},
        "status": {"containerStatuses": [{"name": "api", "state": state}]},
    }


class Script:
    """A server with the logs of some pods; each answer is asked for with its parameters."""

    def __init__(self, **answers: list[Answer]) -> None:
        self.answers = {name.replace("_", "-"): list(found) for name, found in answers.items()}
        self.asked: list[tuple[str, dict[str, str]]] = []

    async def lines(self, path: str, silence: float = 0) -> AsyncIterator[bytes]:  # noqa: ARG002
        """Play the next answer; the last one is repeated."""
        parts = urlsplit(path)
        name = parts.path.split("/")[-2]
        query = {key: value[0] for key, value in parse_qs(parts.query).items()}
        self.asked.append((name, query))
        answers = self.answers[name]
        answer = answers.pop(0) if len(answers) > 1 else answers[0]
        async for line in answer(query):
            yield line


def said(*lines: str, then: Exception | None = None) -> Answer:
    async def answer(_: dict[str, str]) -> AsyncIterator[bytes]:
        for line in lines:
            yield line.encode()
        if then is not None:
            raise then

    return answer


def reading(script: Script, **query: Any) -> tuple[Logs, list[str]]:
    notes: list[str] = []
    return Logs(script, "shop", LogQuery("", **query), notes.append), notes


def test_a_jobs_pods_are_told_by_their_step_and_found_by_a_part_of_it() -> None:
    attempt = releases.attempt()
    pods = [
        pod("a", "migrate/0008-add-rating"),
        pod("b", "verify/smoke/checkout"),
        pod("c", "verify/smoke/checkout-2", started=False),
        pod("d"),
    ]

    assert [one.label for one in of_jobs(pods, attempt)] == [
        "migrate/0008-add-rating",
        "verify/smoke/checkout",
    ]
    for words, found in {
        "migrate": ["a"],
        "checkout": ["b"],
        "smoke/checkout": ["b"],
        "check": [],
    }.items():
        assert [one.pod for one in of_jobs(pods, attempt, words)] == found


def test_the_jobs_of_another_attempt_are_left_out() -> None:
    assert of_jobs([pod("a", "gates")], releases.attempt(number=3)) == []


def test_a_component_has_the_pods_of_its_workload_that_run_the_version() -> None:
    spec = releases.rolling_out().spec
    assert spec is not None
    workload = {"kind": "Deployment", "metadata": {"name": "bookshop-backend", "uid": "u"}}
    pods = [pod("new", image="bookshop-backend:1.4.0"), pod("old", image="bookshop-backend:1.3.0")]
    foreign = pod("foreign", image="bookshop-backend:1.4.0")
    foreign["metadata"]["ownerReferences"][0]["name"] = "other-77"

    found = of_component(spec.components[0], workload, [*pods, foreign])

    assert [one.label for one in found] == ["backend/new/api"]


async def test_all_logs_come_in_the_order_of_time() -> None:
    script = Script(
        job_1=[said("2026-11-10T09:00:01Z one", "2026-11-10T09:00:03.5Z three", "  at line 3")],
        backend_1=[said("2026-11-10T09:00:02.000000001Z two", "2026-11-10T10:00:04+01:00 four")],
    )
    logs, notes = reading(script, tail=10)

    found = await logs.all([JOB, POD])

    assert [line.text for line in found] == ["one", "two", "three", "  at line 3", "four"]
    assert script.asked[0][1]["tailLines"] == "10"
    assert notes == []


@given(st.lists(st.lists(st.integers(0, 59), max_size=8), max_size=4))
async def test_no_line_is_lost_and_each_log_keeps_its_order(seconds: list[list[int]]) -> None:
    texts = [
        [f"2026-11-10T09:00:{at:02}Z {log}.{index}" for index, at in enumerate(moments)]
        for log, moments in enumerate(seconds)
    ]
    script = Script(**{f"p{log}": [said(*lines)] for log, lines in enumerate(texts)})
    places = [LogSource(f"p{log}", "c", "", ends=True, born="") for log in range(len(texts))]

    found = await reading(script)[0].all(places)

    for log, lines in enumerate(texts):
        own = [line.text for line in found if line.source.pod == f"p{log}"]
        assert own == [line.partition(" ")[2] for line in lines]


@pytest.mark.parametrize(
    ("trouble", "words"),
    [
        (NotServed("404"), "the pod is gone"),
        (Invalid("container api is waiting to start"), "waiting to start"),
        (Transient("503"), "503"),
        (ConnectionResetError(), "broke off"),
    ],
)
async def test_a_log_that_cannot_be_read_is_a_note_beside_the_others(
    trouble: Exception, words: str
) -> None:
    script = Script(
        job_1=[said("2026-11-10T09:00:01Z one", then=trouble)],
        backend_1=[said("2026-11-10T09:00:02Z two")],
    )
    logs, notes = reading(script)

    assert [line.text for line in await logs.all([JOB, POD])] == ["one", "two"]
    assert len(notes) == 1
    assert words in notes[0]


async def test_a_missing_right_is_no_note_but_the_answer() -> None:
    logs, _ = reading(Script(job_1=[said(then=Denied("pods/log is forbidden"))]))

    with pytest.raises(Denied):
        await logs.all([JOB])


async def test_a_followed_log_that_breaks_off_goes_on_without_doubling_a_line() -> None:
    first = ("2026-11-10T09:00:01.1Z one", "2026-11-10T09:00:01.2Z two")
    script = Script(
        job_1=[
            said(*first, then=Transient("lost")),
            said(*first, "2026-11-10T09:00:01.3Z three"),
        ]
    )
    logs, _ = reading(script, tail=1)

    async def find() -> tuple[list[LogSource], bool]:
        return [JOB], True

    found = [line.text async for line in logs.follow(find, pause=0)]

    assert found == ["one", "two", "three"]
    assert script.asked[1][1] | {"sinceTime": "2026-11-10T09:00:01+00:00"} == script.asked[1][1]
    assert "tailLines" not in script.asked[1][1]


async def test_following_finds_new_pods_and_ends_with_the_attempt() -> None:
    script = Script(job_1=[said("one")], backend_1=[said("two")])
    looks = iter([([], False), ([JOB], False), ([JOB, POD], False), ([JOB, POD], True)])
    logs, _ = reading(script)

    async def find() -> tuple[list[LogSource], bool]:
        return next(looks)

    found = {line.text async for line in logs.follow(find, pause=0.01)}

    assert found >= {"one", "two"}


async def test_what_finding_fails_with_ends_the_following() -> None:
    async def find() -> tuple[list[LogSource], bool]:
        raise Unserved("gone")

    with pytest.raises(Unserved):
        [line async for line in reading(Script())[0].follow(find, pause=0)]


async def test_there_is_a_limit_to_logs_read_at_once_and_it_is_told() -> None:
    many = [LogSource(f"p{n}", "c", "", ends=True, born="") for n in range(SOURCES + 3)]
    logs, notes = reading(Script(**{one.pod: [said("x")] for one in many}))

    assert len(await logs.all(many)) == SOURCES
    assert "name a --step or --component" in notes[0]


def test_a_line_cannot_steer_the_terminal_and_says_where_it_is_from() -> None:
    stream = io.StringIO()
    screen = LogScreen(stream, timestamps=True)

    screen.show(Line(JOB, "2026-11-10T09:00:01Z", "\tdone \x1b[2J[red]x[/red]"))
    screen.show(Line(POD, "", "  indented"))

    assert stream.getvalue() == (
        "[verify/smoke/checkout] 2026-11-10T09:00:01Z \tdone  [2J[red]x[/red]\n"
        "[backend/backend-1/api]   indented\n"
    )
