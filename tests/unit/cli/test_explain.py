"""What is missing, who owns it, and commands that really exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml
from tests import goldens
from tests.exports import policy
from tests.releases import Body, bookshop
from tests.unit.cli import releases
from tests.unit.cli.outlooks import outlook
from tests.unit.cli.pages import text_of
from tests.unit.cli.waiting import NOW, body, gate, reported

from release_coordinator.api.attempt import GateState, Role
from release_coordinator.api.checklist import UNWAIVABLE, Enforcement, GateName
from release_coordinator.api.codec import ReleaseObject, parse_release
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.release import ReleaseSpec, ReleaseType
from release_coordinator.cli.explainpage import page
from release_coordinator.cli.explanation import Explanation, explain
from release_coordinator.cli.main import app
from release_coordinator.cli.outlook import Outlook
from release_coordinator.cli.remedies import REMEDIES, remedies_of
from release_coordinator.cli.scene import Remedy, Scene
from release_coordinator.cluster.port import RELEASE
from release_coordinator.engine.context import Context
from release_coordinator.engine.gates import GATES
from release_coordinator.engine.observation import Observation
from release_coordinator.engine.policy import enforcement, of_type, requirements
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

GOLDEN = Path(__file__).parent / "golden"
STAGING = {"staging": {"namespace": "staging", "differences": ["*/env/LOG_LEVEL"]}}
SHUT = (GateState.FAILED, GateState.WAITING, GateState.UNKNOWN)
SIGN_OFF = "SignOff/security"


def bare() -> Body:
    """A Release that names no evidence at all, and images of another version."""
    made = bookshop()
    made["metadata"]["uid"] = "u-1"
    made["spec"]["documents"] = {}
    made["spec"]["components"][0]["images"] = {"api": "example:5000/bookshop-backend:1.2.0"}
    return made


SCENES = {
    "named": Scene.of(outlook(reported(body(), type="Patch"), rules=STAGING), NOW),
    "bare": Scene.of(outlook(bare()), NOW),
}


def shut(name: str, state: GateState) -> Any:
    moment = NOW if name == GateName.WINDOW and state is GateState.WAITING else None
    return gate(name, state, Role.DEVOPS, "what is missing", next_check=moment)


def every() -> Iterator[tuple[str, str, GateState, Scene, list[Remedy]]]:
    for scene_name, scene in SCENES.items():
        for name in (*GateName, SIGN_OFF):
            for state in SHUT:
                found = remedies_of(shut(name, state), scene)
                yield scene_name, name, state, scene, found


def commands() -> list[str]:
    lines = (remedy.text for *_, found in every() for remedy in found)
    return sorted({line for line in lines if line.startswith("kubectl")})


@pytest.mark.parametrize("scene", SCENES)
def test_each_gate_has_the_remedies_of_its_golden_file(scene: str) -> None:
    parts = []
    for scene_name, name, state, _, found in every():
        if scene_name == scene:
            told = "".join(f"{one.what}:\n{_indented(one.text)}\n" for one in found)
            parts.append(f"=== {name} {state}\n{told}")

    goldens.check(GOLDEN / f"remedies-{scene}.txt", "\n".join(parts))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}".rstrip() for line in text.splitlines())


def test_every_gate_has_remedies_in_every_state() -> None:
    assert set(REMEDIES) == set(GateName)
    assert all(found for *_, found in every())


def test_what_may_be_waived_says_how_and_nothing_else_does() -> None:
    for _, name, _, _, found in every():
        says = any(one.text.startswith("kubectl release waive") for one in found)
        assert says == (name != SIGN_OFF and name not in UNWAIVABLE), name


def test_an_open_gate_needs_nothing() -> None:
    passed = gate(GateName.CI, GateState.PASSED, Role.DEVOPS, "green")

    assert remedies_of(passed, SCENES["bare"]) == []


def test_a_gate_of_a_newer_operator_has_no_remedy_and_does_no_harm() -> None:
    assert remedies_of(shut("Horoscope", GateState.FAILED), SCENES["bare"]) == []


@pytest.mark.parametrize("line", [c for c in commands() if c.startswith("kubectl release")])
def test_the_plugin_takes_the_commands_that_it_advises(line: str) -> None:
    _, _, verb, *arguments = shlex.split(line)
    group = typer.main.get_group(app)
    command = group.commands[verb]

    context = command.make_context(verb, arguments)

    assert context.params["name"] == "bookshop"


@pytest.mark.parametrize("line", [c for c in commands() if not c.startswith("kubectl release")])
def test_other_commands_are_whole_lines_for_a_shell(line: str) -> None:
    assert shlex.split(line)[0] == "kubectl"
    assert "\n" not in line


def test_what_is_to_be_added_is_accepted_where_it_is_added() -> None:
    found = 0
    for _, _, _, scene, remedies in every():
        for remedy in remedies:
            text = re.sub(r"<[^>]*>", "example", remedy.text)
            if remedy.what.endswith("(in the Release)"):
                part = yaml.safe_load(text)["spec"]
                ReleaseSpec.model_validate(merged(scene.spec.to_wire(), part))
                found += 1
            elif remedy.what.endswith("ReleasePolicy)") or "(in ReleasePolicy" in remedy.what:
                ReleasePolicySpec.model_validate(yaml.safe_load(text)["spec"])
                found += 1

    assert found > 10


def merged(whole: Any, part: Any) -> Any:
    """As server-side apply merges: objects by field, lists of named entries by name."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return whole | {key: merged(whole.get(key), value) for key, value in part.items()}
    if isinstance(whole, list) and isinstance(part, list) and part and "name" in part[0]:
        known = {entry["name"]: entry for entry in whole}
        return list((known | {e["name"]: merged(known.get(e["name"]), e) for e in part}).values())
    return part


def told_by(name: str, message: str, scene: str = "named", **more: Any) -> list[Remedy]:
    failing = gate(name, GateState.FAILED, Role.PLATFORM, message, **more)
    return remedies_of(failing, SCENES[scene])


@pytest.mark.parametrize("name", [GateName.CHANGELOG, GateName.CI])
def test_nothing_that_a_config_map_has_is_lost_by_a_remedy(name: GateName) -> None:
    config_map = "bookshop-docs" if name == GateName.CHANGELOG else "bookshop-ci"
    absent = told_by(name, f"there is no ConfigMap {config_map} in this namespace; create it")
    there = told_by(name, f"ConfigMap {config_map} has no key x; it has a, b")
    other = told_by(name, f"there is no ConfigMap {config_map}-old in this namespace")

    assert ["patch" in one.text for one in absent if "create configmap" in one.text] == [False]
    assert ["patch" in one.text for one in there if "create configmap" in one.text] == [True]
    assert ["patch" in one.text for one in other if "create configmap" in one.text] == [False, True]
    assert not any("apply -f -" in line for line in commands())


def test_a_document_that_is_not_named_is_named_first() -> None:
    assert "spec:" in told_by(GateName.CHANGELOG, "the Release names no changelog", "bare")[0].text


def test_a_wrong_name_in_a_component_is_corrected_where_it_is() -> None:
    wrong = (
        "spec.components[0].workloadRef: there is no Deployment shop in this namespace; create it "
        "or correct the name; spec.components[1].images: Deployment bookshop-frontend has no "
        "container x; it has web"
    )
    found = told_by(GateName.ROLLBACK_TARGET, wrong)

    fields = "spec.components[0].workloadRef, spec.components[1].images"
    assert f"correct {fields}" in [one.what for one in found]
    assert not any("describe" in one.text for one in found)


def test_what_is_not_healthy_is_described() -> None:
    ill = "Deployment bookshop-backend is not healthy before the release (x)"
    found = told_by(GateName.ROLLBACK_TARGET, ill)

    assert found[-1].text == "kubectl -n shop describe deployment/bookshop-backend"


def test_an_error_in_the_calendar_is_corrected_and_a_calendar_that_never_opens_extended() -> None:
    wrong = told_by(GateName.WINDOW, "ReleasePolicy default: spec.windows[0].timeZone: no such")
    never = told_by(GateName.WINDOW, "ReleasePolicy default: no window opens within 366 days; add")

    assert any(one.text == "kubectl -n shop edit releasepolicy default" for one in wrong)
    assert not any("declare a window" in one.what for one in wrong)
    assert any("declare a window" in one.what for one in never)


def test_a_rejection_is_for_its_author_to_take_back_or_for_the_spec_to_change() -> None:
    found = told_by(SIGN_OFF, "sam rejected the plan: too early. Change the spec, or sam signs")

    assert [one.what.partition(" (")[0] for one in found[1:3]] == [
        "sam takes it back",
        "or sam signs after all",
    ]
    assert not any("reject " in one.text or "rolebinding" in one.text for one in found)


@pytest.mark.parametrize(
    "name",
    [GateName.STAGING, GateName.STAGING_TESTS, GateName.STAGING_CONFIG, GateName.REHEARSAL],
)
def test_without_a_staging_its_gates_can_be_put_out_of_force(name: GateName) -> None:
    text = told_by(name, "no staging is named", "bare")[1].text
    spec = ReleasePolicySpec.model_validate(yaml.safe_load(text)["spec"])

    assert enforcement(of_type(requirements(spec), ReleaseType.MINOR), name) is Enforcement.OFF


@pytest.mark.parametrize(
    "name",
    [GateName.STAGING, GateName.STAGING_TESTS, GateName.STAGING_CONFIG, GateName.REHEARSAL],
)
def test_where_staging_is_in_another_cluster_its_export_is_advised(name: GateName) -> None:
    rules = policy()
    rules["staging"]["release"] = "books"
    scene = Scene.of(outlook(reported(body(), type="Patch"), rules=rules), NOW)

    found = remedies_of(shut(name, GateState.FAILED), scene)
    lines = [one.text for one in found]

    (line,) = [text for text in lines if " export " in text]
    options = "-n shop-staging --version 1.3.0 --for bookshop --key"
    assert line.startswith(f"kubectl release export books {options}")
    assert lines[lines.index(line) + 1] == "kubectl -n shop apply -f export.yaml"
    there = [one for one in found if one.text.startswith("kubectl -n shop-staging ")]
    assert there
    assert all("in its cluster" in one.what for one in there)
    assert not any("namespace: shop-staging" in text for text in lines), "no keys are lost"


def explained(release: ReleaseObject) -> Explanation:
    if release.spec is None:
        return explain(release, None, release.faults)
    body = {
        "apiVersion": RELEASE.api_version,
        "metadata": {"namespace": release.namespace, "name": release.name, "uid": "u-1"},
        "spec": release.spec.to_wire(),
    }
    return explain(release, Scene.of(outlook(body), NOW))


def invalid() -> ReleaseObject:
    return parse_release(bookshop() | {"spec": bookshop()["spec"] | {"version": "v1"}})


STATES = {
    "waiting": lambda: parse_release(reported(body())),
    "invalid": invalid,
    "held": releases.held,
    "failed": releases.failed_early,
    "untouched": releases.untouched,
    "completed": releases.completed,
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_explained_as_in_its_golden_file(state: str) -> None:
    text = text_of(page(explained(STATES[state]())))

    goldens.check(GOLDEN / f"explain-{state}.txt", text)


def test_what_is_copied_keeps_its_indentation_and_its_line() -> None:
    text = text_of(page(explained(parse_release(reported(bare())))), width=40)

    assert "\n      name: default\n" in text or "\n    metadata:\n      name: default\n" in text
    assert "kubectl release approve bookshop -n shop --role security" in text


@pytest.mark.parametrize("version", ["1.3.0", "2.0.0"])
@pytest.mark.parametrize(
    "name", [GateName.CHANGELOG, GateName.RELEASE_NOTES, GateName.MIGRATION_GUIDE]
)
def test_the_documents_that_are_advised_open_their_gates_once_written(
    name: GateName, version: str
) -> None:
    made = body()
    made["spec"]["version"] = version
    found = outlook(made)
    scene = Scene.of(found, NOW)
    texts = {
        one: remedies_of(shut(one, GateState.FAILED), scene)[0].text
        for one in (GateName.CHANGELOG, GateName.RELEASE_NOTES, GateName.MIGRATION_GUIDE)
    }
    if version == "2.0.0":
        texts[GateName.RELEASE_NOTES] += BREAKING
    written = {one: text.replace("...", "Search by author") for one, text in texts.items()}

    assert verdict_of(name, found, written) is GateState.PASSED


BREAKING = "\n\n## Breaking Changes\n\n- The API.\n\n## Upgrade Instructions\n\n1. Upgrade.\n"


def verdict_of(name: GateName, found: Outlook, texts: dict[GateName, str]) -> GateState:
    named = found.plan.spec.documents
    refs = {
        GateName.CHANGELOG: named.changelog,
        GateName.RELEASE_NOTES: named.release_notes,
        GateName.MIGRATION_GUIDE: named.migration_guide,
    }
    facts: dict[Any, Any] = {
        DocumentWant(ref.config_map, ref.key): DocumentFact(texts[gate_name])
        for gate_name, ref in refs.items()
        if ref is not None
    }
    status = found.release.status
    context = Context(
        found.release, status, found.attempt, found.plan, None, Observation(facts), NOW
    )
    return dict(GATES)[name](context).gate.state
