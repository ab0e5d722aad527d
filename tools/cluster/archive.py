"""Writes container images as docker archives, straight from files and without an engine."""

import hashlib
import io
import json
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """One image of one layer: `files` maps a path in the image to a file of this machine."""

    tag: str
    files: dict[str, Path]
    links: dict[str, str] = field(default_factory=dict)
    entrypoint: Sequence[str] = ()


def write(target: Path, images: Sequence[Image]) -> None:
    """Write images into one archive that `ctr images import` and kind understand."""
    manifest = []
    with tarfile.open(target, "w") as archive:
        # kind takes the tags from whichever of the two lists comes first, and of the manifest it
        # reads only the first entry: so this older list has to lead.
        _add_bytes(archive, "repositories", _json(repositories([one.tag for one in images])))
        for image in images:
            with TemporaryFile() as layer:
                digest = _write_layer(layer, image)
                _add_stream(archive, f"{digest}.tar", layer)
            config = _json(_config(image, digest))
            name = f"{hashlib.sha256(config).hexdigest()}.json"
            _add_bytes(archive, name, config)
            layers = [f"{digest}.tar"]
            manifest.append({"Config": name, "RepoTags": [image.tag], "Layers": layers})
        _add_bytes(archive, "manifest.json", _json(manifest))


def split_tag(reference: str) -> tuple[str, str]:
    """Split a reference into repository and tag; a port of a registry is no tag."""
    repository, colon, tag = reference.rpartition(":")
    if not colon or "/" in tag:
        return reference, "latest"
    return repository, tag


def repositories(references: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the content of the older list of tags; the ids in it are not used by readers."""
    listed: dict[str, dict[str, str]] = {}
    for reference in references:
        repository, tag = split_tag(reference)
        listed.setdefault(repository, {})[tag] = "0" * 64
    return listed


def _write_layer(layer: IO[bytes], image: Image) -> str:
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for folder in _folders([*image.files, *image.links]):
            tar.addfile(_entry(folder, tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755))
        for name, source in image.files.items():
            entry = _entry(name, tarfile.REGTYPE, 0o755)
            entry.size = source.stat().st_size
            with source.open("rb") as content:
                tar.addfile(entry, content)
        for name, destination in image.links.items():
            entry = _entry(name, tarfile.SYMTYPE, 0o777)
            entry.linkname = destination
            tar.addfile(entry)
    layer.seek(0)
    return hashlib.file_digest(layer, "sha256").hexdigest()  # type: ignore[arg-type]


def _folders(names: Sequence[str]) -> list[str]:
    parents = {str(parent) for name in names for parent in Path(name.lstrip("/")).parents}
    return sorted((parents | {"tmp"}) - {"."})


def _entry(name: str, kind: bytes, mode: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name.lstrip("/"))
    entry.type, entry.mode = kind, mode
    return entry


def _config(image: Image, digest: str) -> dict[str, object]:
    return {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": [_PATH], "Entrypoint": list(image.entrypoint)},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }


def _add_bytes(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    archive.addfile(entry, io.BytesIO(content))


def _add_stream(archive: tarfile.TarFile, name: str, content: IO[bytes]) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = content.seek(0, io.SEEK_END)
    content.seek(0)
    archive.addfile(entry, content)


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True).encode()
