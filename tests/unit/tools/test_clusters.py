"""The interface refuses what it cannot do, before anything is started."""

import json
from pathlib import Path

import pytest
from tools.cluster import clusters, paths
from tools.cluster.__main__ import main
from tools.cluster.clusters import Cluster


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def _record(name: str, mode: str) -> None:
    folder = paths.state_dir("clusters", name)
    (folder / "cluster.json").write_text(json.dumps({"mode": mode}))


@pytest.mark.parametrize("name", ["", "../x", "Big", "a b", "1st", "x" * 31])
def test_a_name_that_is_no_folder_and_no_host_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="a cluster name is"):
        clusters.up(name, "light")


def test_a_killed_up_leaves_a_cluster_that_is_listed_as_broken() -> None:
    _record("half", "light")
    (status,) = clusters.status()
    assert (status.name, status.mode, status.healthy) == ("half", "light", False)


def test_a_broken_cluster_can_be_taken_down() -> None:
    _record("half", "light")
    clusters.down("half")
    assert clusters.status() == []


def test_an_unknown_cluster_is_named_in_the_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kubeconfig", "nobody"]) == 1
    assert "there is no cluster 'nobody'" in capsys.readouterr().err


def test_a_light_cluster_takes_no_images() -> None:
    with pytest.raises(ValueError, match="no nodes that could hold images"):
        Cluster("any", "light").load(["example:1"])


def test_an_existing_cluster_is_used_but_not_changed(tmp_path: Path) -> None:
    cluster = Cluster("existing", "kind", tmp_path / "config")
    assert cluster.kubeconfig == tmp_path / "config"
    with pytest.raises(ValueError, match="did not make"):
        cluster.restart_apiserver()
