"""Packs the plugin for people without pip: an archive, and a manifest for krew; `make plugin`.

    locked wheels + our own wheel -> lib/ -> kubectl-release-VERSION-linux-ARCH.tar.gz
                                                          its sha256 -> release.yaml

The archive needs nothing but a Python of the version its wheels are made for. The same sources
give the same bytes, so that anybody can check the sum.
"""

import argparse
import gzip
import hashlib
import io
import platform
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from tools.cluster import shell
from tools.cluster.progress import Progress
from tools.image import PYTHON_VERSION, wheelhouse

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "dist" / "plugin"
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
SKIPPED = (".data/", "/tests/", "/test/", "release_coordinator/py.typed")
MAIN, COMPLETE = "kubectl-release", "kubectl_complete-release"
LAUNCHER = f"""\
#!/bin/sh
# Finds the Python that lib/ is made for, wherever this is linked from.
here=$(dirname -- "$(readlink -f -- "$0")")
for python in "$KUBECTL_RELEASE_PYTHON" python{PYTHON_VERSION} python3; do
    [ -n "$python" ] || continue
    if "$python" -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != "{PYTHON_VERSION}")' \\
        2>/dev/null; then
        PYTHONPATH="$here/lib" PYTHONDONTWRITEBYTECODE=1 exec "$python" -P -m \\
            release_coordinator.cli.main "$@"
    fi
done
echo "error: kubectl release needs Python {PYTHON_VERSION}: install it, or name it in" >&2
echo "KUBECTL_RELEASE_PYTHON; with another version use: pip install release-coordinator" >&2
exit 3
"""
COMPLETION = f"""\
#!/bin/sh
# kubectl runs this program for: kubectl release <TAB>
exec "$(dirname -- "$(readlink -f -- "$0")")/{MAIN}" __complete "$@"
"""
CAVEATS = f"""\
It needs Python {PYTHON_VERSION}. For kubectl release <TAB> put {COMPLETE} on the PATH:
  kubectl release completion kubectl > ~/bin/{COMPLETE} && chmod +x ~/bin/{COMPLETE}
"""


def main() -> int:
    """Write archive and manifest, and say where."""
    parser = argparse.ArgumentParser(prog="tools.plugin", description=__doc__)
    parser.add_argument("--uri", help="where the archive will be; else the file itself")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for both")
    options = parser.parse_args()
    archive = pack(options.out, Progress())
    uri = options.uri or archive.as_uri()
    file = options.out / "release.yaml"
    text = yaml.safe_dump(manifest(archive, uri), sort_keys=False)
    file.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{archive}\n{file}\n")
    return 0


def pack(out: Path, progress: Progress) -> Path:
    """Write the archive into a folder and return its path."""
    out.mkdir(parents=True, exist_ok=True)
    archive = out / f"{MAIN}-{version()}-linux-{architecture()}.tar.gz"
    with tempfile.TemporaryDirectory() as scratch:
        own = Path(scratch)
        command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
        shell.logged([*command, "--directory", str(own)], "wheel-plugin", cwd=ROOT)
        wheels = sorted([*wheelhouse(progress).glob("*.whl"), *own.glob("*.whl")])
        with progress.step("pack the plugin"):
            archive.write_bytes(packed(dict(files(wheels))))
    return archive


def files(wheels: list[Path]) -> Iterator[tuple[str, bytes]]:
    """Every file of the archive, by its path in it."""
    yield MAIN, LAUNCHER.encode()
    yield COMPLETE, COMPLETION.encode()
    yield "LICENSE", (ROOT / "LICENSE").read_bytes()
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as content:
            for name in content.namelist():
                if not name.endswith("/") and not any(part in name for part in SKIPPED):
                    yield f"lib/{name}", content.read(name)


def packed(content: dict[str, bytes]) -> bytes:
    """A tar.gz that has no times, owners or order of its own."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name in sorted(content):
            entry = tarfile.TarInfo(name)
            entry.size = len(content[name])
            entry.mode = 0o755 if name in {MAIN, COMPLETE} else 0o644
            archive.addfile(entry, io.BytesIO(content[name]))
    return gzip.compress(plain.getvalue(), compresslevel=6, mtime=0)


def manifest(archive: Path, uri: str) -> dict[str, Any]:
    """What krew needs to know of the plugin."""
    selector = {"matchLabels": {"os": "linux", "arch": architecture()}}
    return {
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2",
        "kind": "Plugin",
        "metadata": {"name": "release"},
        "spec": {
            "version": f"v{version()}",
            "shortDescription": "Follow, sign off and steer releases of Release Coordinator",
            "description": (
                "Shows where a release is, what it waits for and who must act; lets people sign "
                "it off, hold it and take it back; checks release files before they are applied."
            ),
            "caveats": CAVEATS,
            "platforms": [
                {
                    "selector": selector,
                    "uri": uri,
                    "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
                    "bin": MAIN,
                    "files": [{"from": "*", "to": "."}],
                }
            ],
        },
    }


def version() -> str:
    """That of the package."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: str = project["project"]["version"]
    return found


def architecture() -> str:
    """As krew and Go call it."""
    return ARCHITECTURES.get(platform.machine(), platform.machine())


if __name__ == "__main__":
    sys.exit(main())
