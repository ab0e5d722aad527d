"""Which version manifests are read, and which are too much."""

import contextlib
import json

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from release_coordinator.engine import manifest

FLAT = {"backend": "1.3.0", "frontend": "1.3.0"}


@pytest.mark.parametrize(
    "text",
    [
        "backend: 1.3.0\nfrontend: 1.3.0\n",
        'backend: "1.3.0"\nfrontend: 1.3.0 # by CI\n',
        json.dumps(FLAT),
        '{\n\t"backend": "1.3.0",\n\t"frontend": "1.3.0"\n}',
        "components: {backend: 1.3.0, frontend: 1.3.0}",
    ],
)
def test_components_and_their_versions(text: str) -> None:
    assert manifest.read(text) == manifest.Manifest(FLAT)


def test_the_version_of_the_whole_and_what_is_not_about_versions() -> None:
    text = "version: 1.3.0\nbuild: 77\ncomponents: {backend: 1.3.0, frontend: 1.3.0}"
    assert manifest.read(text) == manifest.Manifest(FLAT, "1.3.0")


def test_a_version_that_is_a_number_in_json_is_none() -> None:
    assert manifest.read('{"backend": 1.10}').components == {"backend": None}


@pytest.mark.parametrize(
    "said", ["1.10", "2026-13-45", "!!bool x", "!!int x", "!!float x", "!!timestamp x", "!!null x"]
)
def test_a_version_in_yaml_is_the_text_that_is_written(said: str) -> None:
    assert manifest.read(f"backend: {said}").components == {"backend": said.rsplit(maxsplit=1)[-1]}


@pytest.mark.parametrize("said", ["[1.3.0]", "!!set {a}", "!!python/object/apply:os.system [id]"])
def test_what_is_no_text_is_no_version(said: str) -> None:
    assert manifest.read(f"backend: {said}").components == {"backend": None}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no mapping"),
        ("- backend", "no mapping"),
        ("1.3.0", "no mapping"),
        ("backend: [", "neither YAML nor JSON at line 1"),
        ("a: 1\n b: 2", "neither YAML nor JSON at line 2"),
        ("a: 1\n---\nb: 2", "neither YAML nor JSON"),
        ('"\\UFFFFFFFF": 1.3.0', "neither YAML nor JSON"),
        ("? [a]\n: 1.3.0", "neither YAML nor JSON"),
        ("a: &a [x]\nb: *a", "has an alias"),
        ("a: {b: {c: d}}", "nested too deep"),
        ("[" * 60_000, "nested too deep"),
        ("x" * 65_537, "more than 65536 characters"),
    ],
)
def test_what_cannot_be_used_says_what_to_write_instead(text: str, words: str) -> None:
    with pytest.raises(manifest.ManifestError) as refused:
        manifest.read(text)
    assert words in str(refused.value)


def test_aliases_that_would_fill_the_memory_are_not_built() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{name}: &{name} [*{last}, *{last}]\n"
        for last, name in zip("abcdefghijklmnopqrstuvwxy", "bcdefghijklmnopqrstuvwxyz", strict=True)
    )
    with pytest.raises(manifest.ManifestError, match="alias"):
        manifest.read(bomb)


ROWS = (
    "a¦b¦: ¦\n¦- ¦[¦]¦{¦}¦\"¦'¦&x ¦*x¦!!¦!!binary ¦!!timestamp ¦!!int ¦!!float ¦!!bool ¦!!set",
    "!!omap¦?¦|¦>¦#¦%YAML 1.1\n¦---¦...¦\t¦  ¦1.3.0¦2024-13-45¦.inf¦<<¦=¦~¦\x00¦\u2028¦\ud800",
    "\\U¦FFFFFFFF¦\\x¦190:20:30",
)
PIECES = "¦".join(ROWS).split("¦")
YAML = st.lists(st.sampled_from([*PIECES, "9" * 5000]), max_size=14).map("".join)


@settings(max_examples=500)
@given(st.text(max_size=80) | YAML)
@example("a: !!bool x")
@example('a: !!int ""')
@example("!!float")
@example('"\\UFFFFFFFF"')
def test_any_text_is_a_manifest_or_is_refused(text: str) -> None:
    with contextlib.suppress(manifest.ManifestError):
        assert all(isinstance(name, str) for name in manifest.read(text).components)


NAMES = st.text("abc-", min_size=1)
VERSIONS = st.from_regex(r"[1-9]\.[0-9]\.[0-9]-rc", fullmatch=True)


@given(st.dictionaries(NAMES, VERSIONS))
def test_what_is_written_is_read_in_both_forms(versions: dict[str, str]) -> None:
    for text in (json.dumps(versions), yaml.safe_dump(versions)):
        assert manifest.read(text).components == versions
