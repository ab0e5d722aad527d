"""Two plans side by side."""

from pathlib import Path

from tests import goldens
from tests.records import spec_of, staging_release
from tests.releases import Body
from tests.unit.cli.pages import text_of

from release_coordinator.api.checklist import Enforcement, GateName, GateRule
from release_coordinator.api.policy import ReleasePolicySpec, SignOff
from release_coordinator.api.release import ReleaseType
from release_coordinator.cli.plandiff import Side, diff, page
from release_coordinator.engine.policy import BUILT_IN, requirements

GOLDEN = Path(__file__).parent / "golden"


def after() -> Body:
    """The next version: other images, another migration, a longer watch, no more smoke test."""
    body = staging_release()
    spec = body["spec"]
    spec["version"] = "1.4.0"
    spec["components"][0]["images"]["api"] = "example/bookshop-backend:1.4.0"
    spec["migrations"][0]["name"] = "0008-add-stock"
    spec["watch"]["duration"] = "10m"
    spec["caches"] = []
    del spec["verify"]
    return body


def sides() -> tuple[Side, Side]:
    rule = GateRule(name=GateName.STAGING, enforcement=Enforcement.ADVISORY)
    asked = ReleasePolicySpec(gates=[rule], sign_offs=[SignOff(role="qa", count=2)], suites=[])
    return (
        Side("1.3.0 (attempt 3, Completed)", spec_of(staging_release()), BUILT_IN, None),
        Side("1.4.0 (asked for now)", spec_of(after()), requirements(asked), ReleaseType.MINOR),
    )


def test_a_difference_reads_as_in_its_golden_file() -> None:
    view = diff("shop", "bookshop", *sides())

    goldens.check(GOLDEN / "diff.txt", text_of(page(view)))


def test_the_same_plan_has_no_difference() -> None:
    before, _ = sides()

    view = diff("shop", "bookshop", before, before)

    assert view.sections == []
    assert view.same_artifacts
    assert "No difference." in text_of(page(view))


def test_what_was_required_may_not_be_known() -> None:
    before, new = sides()

    view = diff("shop", "bookshop", Side(before.label, before.spec, None, None), new)

    assert "requirements" not in {section.name for section in view.sections}
    assert view.notes == ["what was required of 1.3.0 (attempt 3, Completed) is not known"]


def test_colours_are_for_terminals_alone() -> None:
    view = diff("shop", "bookshop", *sides())

    assert "\x1b[31m" in text_of(page(view), terminal=True)
    assert "\x1b" not in text_of(page(view))
