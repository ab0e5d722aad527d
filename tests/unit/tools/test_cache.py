"""The cache shows finished things only, and makes each of them once."""

from pathlib import Path

import pytest
from tools.cluster import paths


@pytest.fixture(autouse=True)
def _own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def test_folders_follow_the_environment(tmp_path: Path) -> None:
    assert paths.cache_dir("a", "b") == tmp_path / "cache" / "release-coordinator" / "a" / "b"
    assert paths.state_dir().is_dir()


def test_a_thing_is_made_once(tmp_path: Path) -> None:
    made: list[Path] = []

    def build(target: Path) -> None:
        made.append(target)
        target.write_text("done")

    first = paths.cached(tmp_path, "key", build)
    assert paths.cached(tmp_path, "key", build) == first
    assert first.read_text() == "done"
    assert len(made) == 1


def test_a_failed_build_leaves_nothing(tmp_path: Path) -> None:
    def build(target: Path) -> None:
        target.write_text("half")
        raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        paths.cached(tmp_path / "cache", "key", build)
    assert not list((tmp_path / "cache").glob("*key*"))


def test_the_digest_keeps_parts_apart() -> None:
    assert paths.digest("ab", "c") != paths.digest("a", "bc")
    assert paths.digest("a", b"b") == paths.digest(b"a", "b")


def test_free_ports_differ() -> None:
    assert len(set(paths.free_ports(5))) == 5
