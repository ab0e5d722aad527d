"""Image archives written without an engine have the layout that kind and containerd read."""

import hashlib
import json
import tarfile
from pathlib import Path

import pytest
from tools.cluster import archive
from tools.cluster.archive import Image


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("example/app:1.0", ("example/app", "1.0")),
        ("localhost:5000/app", ("localhost:5000/app", "latest")),
        ("localhost:5000/app:2", ("localhost:5000/app", "2")),
        ("app", ("app", "latest")),
    ],
)
def test_a_port_is_not_taken_for_a_tag(reference: str, expected: tuple[str, str]) -> None:
    assert archive.split_tag(reference) == expected


def test_the_list_with_all_tags_comes_first(tmp_path: Path) -> None:
    with tarfile.open(_written(tmp_path)) as tar:
        first = tar.getmembers()[0]
        content = tar.extractfile(first)
        assert first.name == "repositories"
        assert content is not None
        listed = json.load(content)
    assert {repository: list(tags) for repository, tags in listed.items()} == {
        "example/one": ["1"],
        "example/two": ["2"],
    }


def test_every_layer_is_named_by_its_content(tmp_path: Path) -> None:
    with tarfile.open(_written(tmp_path)) as tar:
        for entry in json.loads(_read(tar, "manifest.json")):
            (layer,) = entry["Layers"]
            digest = hashlib.sha256(_read(tar, layer)).hexdigest()
            config = json.loads(_read(tar, entry["Config"]))
            assert layer == f"{digest}.tar"
            assert config["rootfs"]["diff_ids"] == [f"sha256:{digest}"]


def test_a_layer_holds_folders_files_and_links(tmp_path: Path) -> None:
    with tarfile.open(_written(tmp_path)) as tar:
        (layer,) = json.loads(_read(tar, "manifest.json"))[0]["Layers"]
        (tmp_path / "layer.tar").write_bytes(_read(tar, layer))
    with tarfile.open(tmp_path / "layer.tar") as tar:
        names = tar.getnames()
        assert names.index("usr/local") < names.index("usr/local/bin/program")
        assert tar.getmember("usr/local/bin/program").mode == 0o755
        assert tar.getmember("bin/alias").linkname == "program"
        assert tar.getmember("tmp").mode == 0o1777


def test_equal_content_gives_equal_archives(tmp_path: Path) -> None:
    first = _written(tmp_path).read_bytes()
    assert _written(tmp_path).read_bytes() == first


def _written(folder: Path) -> Path:
    program = folder / "program"
    program.write_bytes(b"content")
    target = folder / "images.tar"
    one = Image("example/one:1", {"/usr/local/bin/program": program}, {"/bin/alias": "program"})
    archive.write(target, [one, Image("example/two:2", {"/program": program})])
    return target


def _read(tar: tarfile.TarFile, name: str) -> bytes:
    content = tar.extractfile(name)
    assert content is not None
    return content.read()
