"""The template of the docs is one that the gate takes."""

from tests.releases import bookshop
from tests.unit.engine.contexts import context
from tools.markdown import ROOT

from release_coordinator.api.attempt import GateState
from release_coordinator.engine import notes
from release_coordinator.engine.gates import release_notes
from release_coordinator.engine.markdown import sections
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

PAGE = (ROOT / "docs" / "release-notes.md").read_text(encoding="utf-8")
KINDS = ("Added", "Changed", "Fixed", "Security")
LOG = "## [2.0.0] - 2026-11-23\n" + "".join(f"### {kind}\n- x\n" for kind in KINDS)


def template() -> str:
    (code,) = (
        code.plain
        for section in sections(PAGE)
        for code in section.code
        if code.plain.startswith("## 2.0.0")
    )
    return code


def test_the_template_opens_the_gate_of_a_version_that_has_and_breaks_everything() -> None:
    body = bookshop()
    body["spec"]["version"] = "2.0.0"
    body["spec"]["documents"]["releaseNotes"] = {"configMap": "bookshop-docs", "key": "NOTES.md"}
    facts = {
        DocumentWant("bookshop-docs", "NOTES.md"): DocumentFact(template()),
        DocumentWant("bookshop-docs", "CHANGELOG.md"): DocumentFact(LOG),
    }

    found = release_notes.evaluate(context(body, facts=facts, previous_version="1.3.0")).gate

    assert found.state is GateState.PASSED, found.message


def test_the_template_has_every_section_in_the_order_of_a_draft() -> None:
    titles = [section.title for section in sections(template())]

    assert titles == ["2.0.0", *notes.TEMPLATE]
