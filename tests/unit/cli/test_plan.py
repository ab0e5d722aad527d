"""What `kubectl release plan` shows, and that it is what the operator would decide."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests import goldens
from tests.releases import Body, bookshop, everything
from tests.unit.cli import watched
from tests.unit.cli.outlooks import GOOD, good, outlook
from tests.unit.cli.pages import text_of
from tests.unit.cli.waiting import body, reported

from release_coordinator.api.attempt import End
from release_coordinator.api.codec import parse_release
from release_coordinator.api.conditions import Phase, Reason
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.release import ReleaseSpec
from release_coordinator.cli.difference import differences, dropped
from release_coordinator.cli.planpage import page
from release_coordinator.cli.planview import view_of
from release_coordinator.engine import plan, policy

GOLDEN = Path(__file__).parent / "golden"
POLICY = {
    "gates": [{"name": "Rehearsal", "enforcement": "Advisory"}],
    "signOffs": [{"role": "qa", "count": 2}, {"role": "security"}],
    "staging": {"namespace": "staging"},
    "windows": [
        {
            "name": "mornings",
            "start": "2026-01-05T09:00",
            "duration": "3h",
            "timeZone": "Europe/Berlin",
            "recurrence": "FREQ=WEEKLY;BYDAY=MO,TU",
        }
    ],
}


def without_date(made: Body) -> Body:
    made["spec"].pop("schedule", None)
    return made


def next_version() -> Body:
    """1.4.0, after 1.3.0 has completed: a migration that cannot be taken back is new."""
    made = without_date(body())
    spec = made["spec"]
    spec["version"] = "1.4.0"
    for component in spec["components"]:
        component["images"] = {
            container: image.replace("1.3.0", "1.4.0")
            for container, image in component["images"].items()
        }
    spec["migrations"].append(
        {"name": "0008-drop-legacy", "up": {"image": "example/bookshop-migrate:1.4.0"}}
    )
    spec["watch"]["duration"] = "20m"
    return made | {"status": good("1.3.0").to_wire()}


def switched() -> Body:
    """The backend is BlueGreen, the frontend Rolling, and the way back is rehearsed first."""
    made = without_date(body())
    made["spec"]["components"][0]["strategy"] = {"type": "BlueGreen", "service": "bookshop"}
    made["spec"]["rehearsal"] = True
    return made


def before() -> ReleaseSpec:
    return ReleaseSpec.model_validate(without_date(everything())["spec"])


CASES: dict[str, Any] = {
    "first": lambda: outlook(without_date(body())),
    "next": lambda: outlook(next_version(), "1.3.0", before(), POLICY),
    "bare": lambda: outlook(bookshop()),
    "switched": lambda: outlook(switched()),
}


@pytest.mark.parametrize("case", CASES)
def test_each_plan_reads_as_in_its_golden_file(case: str) -> None:
    view = view_of(CASES[case](), ["A note."], "release.yaml")

    goldens.check(GOLDEN / f"plan-{case}.txt", text_of(page(view)))


def test_programs_get_the_same_plan() -> None:
    text = json.dumps(view_of(CASES["next"]()).to_wire(), indent=2)

    goldens.check(GOLDEN / "plan-next.json", f"{text}\n")


@pytest.mark.parametrize("rules", [None, POLICY])
def test_the_digest_is_that_of_spec_and_policy_alone(rules: dict[str, Any] | None) -> None:
    found = outlook(next_version(), "1.3.0", before(), rules)
    spec = ReleaseSpec.model_validate(next_version()["spec"])
    parsed = ReleasePolicySpec.model_validate(rules) if rules else None
    resolved = plan.resolve(spec, policy.requirements(parsed))
    assert isinstance(resolved, plan.Plan)

    assert view_of(found).digest == found.attempt.digest == resolved.digest


def test_a_migration_that_is_in_place_is_marked_and_not_reverted() -> None:
    view = view_of(CASES["next"]())

    assert [(m.name, m.in_place) for m in view.migrations] == [
        ("0007-add-isbn", True),
        ("0008-drop-legacy", False),
    ]
    assert view.rollback.reverts == []
    assert view.rollback.needs_person == ["0008-drop-legacy"]


def test_a_rehearsal_is_settled_once_the_plan_is_recorded() -> None:
    started = reported(switched(), frozen=True)

    assert view_of(outlook(switched())).rehearsal
    assert not view_of(outlook(started)).rehearsal, "its journal says that this attempt is none"


def test_the_attempt_under_way_is_the_plan_of_the_live_release() -> None:
    view = view_of(outlook(reported(without_date(body()))))

    assert view.state == "attempt 1 carries it out"
    assert view.reported_digest == view.digest
    assert view.notes == []


def test_a_policy_that_changed_since_is_told() -> None:
    view = view_of(outlook(reported(without_date(body())), rules=POLICY))

    assert "the policy has changed since" in view.notes[0]


def test_a_policy_that_changed_since_does_not_count_for_a_frozen_plan() -> None:
    frozen = reported(without_date(body()), frozen=True, revision=GOOD)

    view = view_of(outlook(frozen, before=before(), rules=POLICY))

    assert view.digest == view.reported_digest
    assert view.policy.staging is None
    assert view.notes == []


def test_an_edit_while_the_plan_is_frozen_waits() -> None:
    frozen = reported(without_date(body()), frozen=True)
    edited = next_version()
    edited["metadata"]["generation"] = 2

    view = view_of(outlook(edited | {"status": frozen["status"]}))

    assert "attempt 1, to 1.3.0, is under way" in view.state
    assert view.version == "1.4.0"


def test_a_plan_that_has_ended_is_not_begun_again() -> None:
    ended = reported(without_date(body()))
    attempt = parse_release(ended).status.attempt
    assert attempt is not None
    end = End(outcome=Phase.ROLLED_BACK, reason=Reason.METRIC_BREACH, at=attempt.started_at)
    over = reported(without_date(body()), end=end, recorded=True)

    assert "has ended: RolledBack; it is not tried again by itself" in view_of(outlook(over)).state


def test_what_is_written_by_others_cannot_steer_the_terminal() -> None:
    view = view_of(outlook(bookshop()), ["gone \x1b[2J[red]up[/red]"])

    text = text_of(page(view))

    assert "\x1b" not in text
    assert "[red]up[/red]" in text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@given(VALUES)
def test_nothing_differs_from_itself_and_nothing_of_it_is_dropped(value: object) -> None:
    assert differences(value, value) == []
    assert dropped(value, value) == []


def test_entries_of_lists_are_told_apart_by_their_name() -> None:
    old = {"metrics": [{"name": "p95", "limit": 1}, {"name": "errors", "limit": 2}]}
    new = {"metrics": [{"name": "errors", "limit": 2}, {"name": "p95", "limit": 1.5}]}

    assert differences(old, new) == [("metrics[p95].limit", "1", "1.5")]


def test_a_field_that_the_server_did_not_keep_is_named() -> None:
    assert dropped({"a": 1, "b": {"c": 2}}, {"a": 1, "d": 3}) == ["b.c"]


def test_an_entry_that_the_server_completed_is_kept() -> None:
    written = {"signOffs": [{"role": "qa"}, {"role": "security"}], "types": [{"type": "Hotfix"}]}
    stored = {"signOffs": [{"role": "qa", "count": 1}, {"role": "security", "count": 1}]}

    assert dropped(written, stored) == ["types[Hotfix]"]


def test_a_misspelt_field_of_an_entry_is_named() -> None:
    written, stored = {"signOffs": [{"role": "qa", "cuont": 2}]}, {"signOffs": [{"role": "qa"}]}

    assert dropped(written, stored) == ["signOffs[qa].cuont"]
    assert dropped(written, {"signOffs": [{"role": "qa", "count": 1}]}) == ["signOffs[qa].cuont"]


DOCUMENTED = ("README.md", "manifests/bookshop/k8s/policy.yaml")


@pytest.mark.parametrize("file", DOCUMENTED)
def test_no_field_of_a_documented_policy_is_taken_for_misspelt(file: str) -> None:
    text = (Path(__file__).parents[3] / file).read_text(encoding="utf-8")
    blocks = text.split("```yaml\n")[1:] if file.endswith(".md") else [f"{text}```"]
    bodies = [
        body for one in blocks for body in yaml.safe_load_all(one.partition("```")[0]) if body
    ]
    specs = [body["spec"] for body in bodies if body.get("kind") == "ReleasePolicy"]

    assert specs
    for spec in specs:
        assert (
            dropped(
                spec, ReleasePolicySpec.model_validate(spec).model_dump(mode="json", by_alias=True)
            )
            == []
        )


def test_everything_that_is_watched_is_told_in_words() -> None:
    metrics = [
        watched.WATCH["metrics"][0]
        | {"minTraffic": {"query": "sum(up)", "atLeast": 0.5}, "failureLimit": 9},
        {
            "name": "queue",
            "query": "queue_length",
            "interval": "30s",
            "minSamples": 3,
            "successThreshold": 20,
            "breach": {"comparison": {}, "above": 1000},
            "baseline": {"taken": "LastWeek", "window": "1h", "onMissing": "Absolute"},
            "severity": "Hold",
            "onUnknown": "Pass",
        },
        watched.WATCH["metrics"][2],
    ]
    stored = without_date(body())
    stored["spec"]["watch"] = watched.WATCH | {"metrics": metrics, "initialDelay": "20s"}

    text = text_of(page(view_of(outlook(stored))))

    shown = text.split("  watch  ")[1].split("If it is rolled back")[0]
    goldens.check(GOLDEN / "plan-watch.txt", f"watch  {shown}")
