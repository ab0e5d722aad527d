"""The example Releases agree with the types of the API, the images, the revisions and the docs."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from bookshop.behaviours import behaviour_of
from manifests.bookshop import build
from tests.releases import Body
from tests.unit.engine.contexts import context

from release_coordinator.api.attempt import GateState
from release_coordinator.api.checklist import Enforcement, GateName
from release_coordinator.api.policy import ReleasePolicySpec
from release_coordinator.api.release import ReleaseSpec, ReleaseType
from release_coordinator.engine.evidence import (
    AlertRuleFact,
    AlertRulesFact,
    AlertRulesWant,
    ObjectFact,
    ObjectWant,
    VersionFact,
    VersionWant,
)
from release_coordinator.engine.gates import (
    alerts,
    changelog,
    ci,
    migration_guide,
    release_notes,
    version_consistency,
)
from release_coordinator.engine.policy import enforcement, of_type, requirements
from release_coordinator.engine.runfacts import DocumentFact, DocumentWant

EVIDENCE = (alerts, changelog, ci, migration_guide, release_notes, version_consistency)
"""Gates that look at what is installed with the bookshop."""
BOOKSHOP = Path(build.__file__).parent
RELEASES = sorted((BOOKSHOP / "releases").glob("*.yaml"))
REVISIONS = sorted((BOOKSHOP / "app/bookshop/migrations/versions").glob("rev_*.py"))


def spec_of(file: Path) -> ReleaseSpec:
    return ReleaseSpec.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))["spec"])


def assigned(file: Path, name: str) -> object:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(f"{file.name} does not set {name}")


def columns_of_books_at(revision: object) -> set[str]:
    """The columns that the revision and those before it give to `books`."""
    columns: set[str] = set()
    while revision:
        file = next(one for one in REVISIONS if assigned(one, "revision") == revision)
        code = file.read_text(encoding="utf-8").partition("def downgrade")[0]
        code = code.partition('"orders"')[0]
        columns |= set(re.findall(r'sa\.Column\(\s*"(\w+)"', code))
        revision = assigned(file, "down_revision")
    return columns


def test_there_is_a_release_of_each_version_but_the_first() -> None:
    assert tuple(file.stem for file in RELEASES) == build.VERSIONS[1:]


def test_revisions_form_one_tree_with_branches_after_0007() -> None:
    tree = {assigned(file, "revision"): assigned(file, "down_revision") for file in REVISIONS}
    assert tree == {"0006": None, "0007": "0006", "0008": "0007", "0009": "0007", "0010": "0007"}


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)
def test_images_carry_the_version_and_are_built(file: Path) -> None:
    spec = spec_of(file)
    named = set(re.findall(r"bookshop-\w+:[\w.]+", file.read_text(encoding="utf-8")))

    assert spec.version == file.stem
    assert named <= set(build.tags([spec.version]))


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)
def test_migrations_lead_to_the_columns_that_the_code_reads(file: Path) -> None:
    (migration,) = spec_of(file).migrations
    (revision,) = migration.up.args[1:]
    assert migration.down is not None
    (before,) = migration.down.args[1:]

    assert migration.name.startswith(revision)
    assert set(behaviour_of(file.stem).columns) <= columns_of_books_at(revision)
    assert not set(behaviour_of(file.stem).columns) <= columns_of_books_at(before)


@pytest.mark.parametrize("version", build.VERSIONS)
def test_the_changelog_has_a_dated_section_of_the_version(version: str) -> None:
    docs = yaml.safe_load((BOOKSHOP / "k8s/docs.yaml").read_text(encoding="utf-8"))
    changelog = docs["data"]["CHANGELOG.md"]
    assert re.search(rf"^## \[{version}\] - 2026-\d\d-\d\d\n### \w+\n- \w", changelog, re.MULTILINE)


def objects(name: str) -> list[Body]:
    return list(yaml.safe_load_all((BOOKSHOP / "k8s" / name).read_text(encoding="utf-8")))


def seen(file: Path) -> dict[Any, Any]:
    """What the installed objects answer to the gates of a release."""
    maps = {one["metadata"]["name"]: one for one in (*objects("docs.yaml"), *objects("ci.yaml"))}
    maps = {name: one for name, one in maps.items() if one["kind"] == "ConfigMap"}
    spec = spec_of(file)
    facts: dict[Any, Any] = {
        DocumentWant(name, key): DocumentFact(text)
        for name, one in maps.items()
        for key, text in one["data"].items()
    }
    facts |= {ObjectWant("v1", "ConfigMap", name): ObjectFact(one) for name, one in maps.items()}
    for part in spec.components:
        end = part.version_endpoint
        assert end is not None
        want = VersionWant(part.target, end.port, end.path, end.timeout, "")
        facts[want] = VersionFact(("1.2.0",))
    assert spec.alerts is not None
    rules = tuple(AlertRuleFact(name, "ok", False, "critical") for name in alert_rules())
    return facts | {AlertRulesWant(spec.alerts.source): AlertRulesFact(rules)}


def alert_rules() -> list[str]:
    (config,) = [one for one in objects("prometheus.yaml") if one["kind"] == "ConfigMap"]
    groups = yaml.safe_load(config["data"]["alerts.yml"])["groups"]
    return [rule["alert"] for group in groups for rule in group["rules"]]


@pytest.mark.parametrize("gate", EVIDENCE, ids=lambda gate: gate.NAME)
@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)
def test_what_is_installed_is_all_the_evidence_that_a_release_needs(file: Path, gate: Any) -> None:
    body = yaml.safe_load(file.read_text(encoding="utf-8"))
    body["metadata"]["namespace"] = "shop"
    ctx = context(body, facts=seen(file), policy=objects("policy.yaml")[0]["spec"])

    found = gate.evaluate(ctx).gate

    assert found.state is GateState.PASSED, found.message


def test_the_policy_asks_for_every_gate_that_needs_no_staging() -> None:
    policy = ReleasePolicySpec.model_validate(objects("policy.yaml")[0]["spec"])

    for kind in (ReleaseType.MINOR, ReleaseType.PATCH):
        required = of_type(requirements(policy), kind)
        off = {name for name in GateName if enforcement(required, name) is Enforcement.OFF}
        assert off == {
            GateName.STAGING,
            GateName.STAGING_TESTS,
            GateName.STAGING_CONFIG,
            GateName.REHEARSAL,
        }
        assert {rule.enforcement for rule in required.gates} == {Enforcement.OFF}
        assert [sign.role for sign in required.sign_offs] == ["qa", "security"]


@pytest.mark.parametrize("file", RELEASES, ids=lambda file: file.stem)
def test_a_dry_run_tries_the_migration_that_is_run(file: Path) -> None:
    spec = spec_of(file)
    (migration,) = spec.migrations

    assert migration.dry_run is not None
    assert migration.dry_run.args == ["dry-run", *migration.up.args[1:]]
    assert spec.database.current is not None
    assert spec.database.current.image == migration.up.image
