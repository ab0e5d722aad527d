"""`kubectl release set`: a file changes in its values alone; who owns a Release in a cluster."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.releases import bookshop

from release_coordinator.cli import bump
from release_coordinator.cli import main as cli
from release_coordinator.cli.failure import UnansweredError
from release_coordinator.cli.gitowner import owner_of
from release_coordinator.cli.lint.places import read

FILE = """\
# Who bumps this: the pipeline.
apiVersion: v1
kind: ConfigMap
metadata: {name: docs}
data:
  version: 1.3.0   # not this one
---
apiVersion: release-coordinator.io/v1alpha1
kind: Release
metadata:
  name: bookshop   # the application
spec:
  version: "1.3.0"   # bumped by CI
  components:
    - name: backend
      workloadRef: {name: bookshop-backend}
      images: {api: 'example/api:1.3.0', proxy: example/proxy:7}  # two containers
    - name: frontend
      workloadRef: {name: bookshop-frontend}
      images:
        # the only one
        web: example/web:1.3.0
"""
NEW = ["--version", "1.4.0", "--image", "backend/api=example/api:1.4.0@sha256:" + "a" * 64]


def file(folder: Path, text: str = FILE) -> Path:
    path = folder / "release.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_only_the_values_change(tmp_path: Path) -> None:
    path = file(tmp_path)

    code = cli.run(["set", "-f", str(path), *NEW, "--image", "frontend=example/web:1.4.0"])

    assert code == 0
    changed = [
        (old, new)
        for old, new in zip(FILE.splitlines(), path.read_text().splitlines(), strict=True)
        if old != new
    ]
    new = "example/api:1.4.0@sha256:" + "a" * 64
    images = "      images: {{api: '{}', proxy: example/proxy:7}}  # two containers"
    assert changed == [
        ('  version: "1.3.0"   # bumped by CI', '  version: "1.4.0"   # bumped by CI'),
        (images.format("example/api:1.3.0"), images.format(new)),
        ("        web: example/web:1.3.0", "        web: example/web:1.4.0"),
    ]


def test_twice_is_the_same_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = file(tmp_path)
    cli.run(["set", "-f", str(path), *NEW])
    once = path.read_text()

    assert cli.run(["set", "-f", str(path), *NEW]) == 0

    assert path.read_text() == once
    assert "nothing to change" in capsys.readouterr().err


def test_a_dry_run_says_what_would_change_and_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path)

    assert cli.run(["set", "-f", str(path), *NEW, "--dry-run"]) == 0

    assert path.read_text() == FILE
    told = capsys.readouterr().err
    assert "spec.version: 1.3.0 -> 1.4.0" in told
    assert "spec.components[0].images.api: example/api:1.3.0 -> example/api:1.4.0" in told


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_pipe_gets_the_whole_file(
    line_end: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = FILE.replace("\n", line_end)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    assert cli.run(["set", "-f", "-", "--version", "1.4.0"]) == 0

    assert capsys.readouterr().out == text.replace('"1.3.0"', '"1.4.0"')


def test_line_ends_stay(tmp_path: Path) -> None:
    path = tmp_path / "release.yaml"
    path.write_bytes(FILE.replace("\n", "\r\n").encode())

    cli.run(["set", "-f", str(path), "--version", "1.4.0"])

    wanted = FILE.replace('"1.3.0"', '"1.4.0"').replace("\n", "\r\n").encode()
    assert path.read_bytes() == wanted


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--version", "v1.4.0"], "without a leading v"),
        (["--image", "backend=example/api:1.4.0"], "several containers"),
        (["--image", "cache=example/api:1.4.0"], "there are: backend, frontend"),
        (["--image", "backend/web=example/api:1.4.0"], "no container 'web'"),
        (["--image", "backend"], "COMPONENT=IMAGE"),
        (["--image", "backend/api=two words"], "COMPONENT=IMAGE"),
        (["--version", "1.4.0", "--wait"], "for the cluster"),
        ([], "say --version"),
        (["--version", "1.4.0", "--previous"], "or else --previous"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    options: list[str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path)

    assert cli.run(["set", "-f", str(path), *options]) == 3

    assert words in " ".join(capsys.readouterr().err.split())
    assert path.read_text() == FILE


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kind: ConfigMap", "has no Release; it has: none"),
        ("a: [", "this is no YAML"),
        (FILE.replace('"1.3.0"', "&v 1.3.0").replace("example/proxy:7", "*v"), "an anchor"),
        (FILE.replace('"1.3.0"', "&v 1.3.0"), "anchor"),
        (FILE.replace('"1.3.0"', "!!str 1.3.0"), "tag"),
        (FILE.replace('"1.3.0"', '"{{ .Values.version }}"'), "a template makes its value"),
        (FILE.replace('"1.3.0"', "${VERSION}"), "a template makes its value"),
        (FILE.replace('"1.3.0"', "{{ .Values.version }}"), "this is no YAML"),
        (FILE.replace('"1.3.0"', ""), "no value"),
        (FILE.replace('version: "1.3.0"', "version: |\n    1.3.0"), "not on one line"),
        (FILE + "---\n" + FILE.split("---\n")[1], "that may be meant: bookshop, bookshop"),
    ],
)
def test_a_file_that_cannot_be_changed_without_harm_is_left_alone(
    text: str, words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, text)

    assert cli.run(["set", "-f", str(path), "--version", "1.4.0"]) == 3

    assert words in " ".join(capsys.readouterr().err.split())
    assert path.read_text() == text


def test_one_of_several_releases_is_named(tmp_path: Path) -> None:
    other = FILE.split("---\n")[1].replace("name: bookshop ", "name: shelf ")
    path = file(tmp_path, f"{FILE}---\n{other}")

    assert cli.run(["set", "shelf", "-f", str(path), "--version", "1.4.0"]) == 0

    first, _, last = path.read_text().rpartition("---\n")
    assert first == FILE
    assert last == other.replace('"1.3.0"', '"1.4.0"')


def test_releases_of_one_name_are_told_apart_by_namespace(tmp_path: Path) -> None:
    """Staging and production in one file."""
    one = FILE.split("---\n")[1]
    staging, shop = (
        one.replace("name: bookshop ", f"namespace: {namespace}\n  name: bookshop ")
        for namespace in ("staging", "shop")
    )
    path = file(tmp_path, f"{staging}---\n{shop}")

    assert cli.run(["set", "bookshop", "-n", "shop", "-f", str(path), "--version", "1.4.0"]) == 0

    new = shop.replace('"1.3.0"', '"1.4.0"')
    assert path.read_text() == f"{staging}---\n{new}"


def test_a_release_of_another_namespace_is_not_meant(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, FILE.replace("name: bookshop ", "namespace: shop\n  name: bookshop "))

    assert cli.run(["set", "-n", "staging", "-f", str(path), "--version", "1.4.0"]) == 3

    told = " ".join(capsys.readouterr().err.split())
    assert "no Release for namespace staging; it has: shop/bookshop" in told


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_type_is_written_behind_the_version_and_its_comment(
    line_end: str, tmp_path: Path
) -> None:
    """The comment may be a marker of Flux: it belongs to the version."""
    path = tmp_path / "release.yaml"
    path.write_bytes(FILE.replace("\n", line_end).encode())

    cli.run(["set", "-f", str(path), "--version", "1.2.0", "--type", "rollback"])

    after = path.read_bytes().decode()
    assert f'  version: "1.2.0"   # bumped by CI{line_end}  type: Rollback{line_end}' in after
    (_, document) = yaml.safe_load_all(after)
    assert document["spec"]["type"] == "Rollback"


def test_json_stays_json(tmp_path: Path) -> None:
    path = file(tmp_path, json.dumps(bookshop()))

    assert cli.run(["set", "-f", str(path), "--version", "1.4.0", "--type", "Minor"]) == 0

    assert json.loads(path.read_text())["spec"]["type"] == "Minor"


def test_a_type_that_does_not_fit_the_step_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(tmp_path, FILE.replace("spec:\n", "spec:\n  type: Patch\n"))

    cli.run(["set", "-f", str(path), "--version", "1.4.0"])

    assert "add --type Minor" in capsys.readouterr().err


QUOTES = st.sampled_from(["", '"', "'"])
COMMENTS = st.sampled_from(["", "  # why", "   #: x"])
PARTS = st.text("abcdefgh0123456789", min_size=1, max_size=6)


@given(QUOTES, QUOTES, COMMENTS, st.booleans(), PARTS, PARTS)
def test_however_it_is_written_nothing_else_changes(
    first: str,
    second: str,
    comment: str,
    flow: bool,  # noqa: FBT001
    tag: str,
    new: str,
) -> None:
    image = f"{second}example/api:v{tag}{second}"
    images = f"{{api: {image}}}" if flow else f"\n        api: {image}"
    text = (
        "apiVersion: release-coordinator.io/v1alpha1\nkind: Release\nmetadata: {name: b}\n"
        f"spec:\n  version: {first}1.3.0{first}{comment}\n  components:\n    - name: a\n"
        f"      images: {images}{comment}\n      # the end\n"
    )
    (document,), _ = read(text, "f")
    want = bump.wanted("1.4.0", [f"a=example/api:v{new}"], None)
    changes = bump.edits(document.body, want)

    after = bump.rewritten(text, document, changes)

    expected = text.replace(f"version: {first}1.3.0", f"version: {first}1.4.0")
    expected = expected.replace(f"example/api:v{tag}{second}", f"example/api:v{new}{second}")
    assert after == expected
    assert yaml.safe_load(after) == bump.edited(document.body, changes)


def managed(manager: str, *fields: str) -> dict[str, Any]:
    return {
        "manager": manager,
        "fieldsV1": {"f:spec": {f"f:{name}": {} for name in fields}},
    }


@pytest.mark.parametrize(
    ("metadata", "owner"),
    [
        ({"annotations": {"argocd.argoproj.io/tracking-id": "shop:x"}}, "Argo CD (Application"),
        ({"labels": {"kustomize.toolkit.fluxcd.io/name": "shop"}}, "Flux (Kustomization shop)"),
        ({"labels": {"helm.toolkit.fluxcd.io/name": "shop"}}, "Flux (HelmRelease shop)"),
        ({"annotations": {"meta.helm.sh/release-name": "shop"}}, "Helm (release shop)"),
        ({"managedFields": [managed("argocd-controller", "version")]}, "Argo CD (field manager"),
        ({"managedFields": [managed("argocd", "suspend")]}, ""),
        ({"managedFields": [managed("kubectl", "version")]}, ""),
        ({"labels": {"app.kubernetes.io/instance": "shop"}}, ""),
        ({}, ""),
    ],
)
def test_who_applies_a_release_from_git_is_seen(metadata: dict[str, Any], owner: str) -> None:
    found = owner_of({"metadata": {"name": "bookshop", **metadata}})

    assert found.startswith(owner) if owner else found == ""


def test_a_patch_names_what_was_read() -> None:
    body = bookshop()
    body["metadata"] |= {"uid": "u", "resourceVersion": "7"}

    patch = bump.patch(body, bump.edits(body, bump.wanted("9.0.0", [], None)))

    assert patch == {
        "metadata": {"uid": "u", "resourceVersion": "7"},
        "spec": {"version": "9.0.0"},
    }


def test_a_release_without_spec_is_told() -> None:
    with pytest.raises(UnansweredError, match="no spec"):
        bump.edits({"metadata": {"name": "x"}}, bump.wanted("1.0.0", [], None))
