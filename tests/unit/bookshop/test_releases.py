"""The example Releases agree with the types of the API, the images, the revisions and the docs."""

import ast
import re
from pathlib import Path

import pytest
import yaml
from bookshop.behaviours import behaviour_of
from manifests.bookshop import build

from release_coordinator.api.release import ReleaseSpec

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
