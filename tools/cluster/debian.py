"""Gets Debian packages: installed when harmless, unpacked into the cache when they bring services.

Only apt's own configured sources are used, so no mirror is ever named here.
"""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from tools.cluster import shell
from tools.cluster.paths import cache_dir, cached, digest, locked, state_dir
from tools.cluster.progress import Progress


class MissingPackagesError(RuntimeError):
    """Packages are missing and cannot be installed by this user."""


def require(programs: dict[str, str], progress: Progress) -> None:
    """Make sure that programs exist; `programs` maps a program or library to its package."""
    missing = sorted({package for name, package in programs.items() if not _present(name)})
    if not missing:
        return
    names = " ".join(missing)
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise MissingPackagesError(f"please install as root: apt-get install {names}")
    with progress.step(f"apt-get install {names}"), locked("apt"):
        _update_once()
        # Something else on a fresh machine may be installing at this moment.
        command = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "install", "-y"]
        command += ["--no-install-recommends", *missing]
        shell.logged(command, "apt-install", {"DEBIAN_FRONTEND": "noninteractive"})


def unpacked(packages: Sequence[str], progress: Progress) -> Path:
    """Return a folder with the files of packages, unpacked without their install scripts.

    Install scripts would start system services next to the private ones.
    """

    def build(target: Path) -> None:
        with progress.step(f"unpack {' '.join(packages)}"), locked("apt"):
            _update_once()
            target.mkdir()
            debs = target / "debs"
            debs.mkdir(mode=0o755)
            shell.logged(["apt-get", "download", *packages], "apt-download", cwd=debs)
            for deb in sorted(debs.glob("*.deb")):
                shell.output(["dpkg", "-x", deb, target])
            shutil.rmtree(debs)

    return cached(cache_dir("debian"), digest(codename(), *packages), build)


def codename() -> str:
    """Return the release name of this Debian, for example bookworm."""
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise RuntimeError("/etc/os-release has no VERSION_CODENAME; this path needs Debian")


def source_files() -> list[Path]:
    """Return apt's own source files that carry this Debian release, without third parties."""
    apt = Path("/etc/apt")
    candidates = [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]
    kinds = {".list", ".sources"}
    files = [file for file in candidates if file.is_file() and file.suffix in kinds]
    return [file for file in files if codename() in file.read_text(encoding="utf-8")]


def _present(name: str) -> bool:
    if ".so" in name:
        return any(Path("/usr/lib").glob(f"*-linux-gnu*/{name}"))
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin") is not None


def _update_once() -> None:
    """Refresh apt's lists once per boot: a fresh machine has none, and an update costs seconds."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    mark = state_dir("locks") / "apt-updated"
    if mark.exists() and mark.read_text(encoding="utf-8") == boot:
        return
    shell.logged(["apt-get", "update"], "apt-update")
    mark.write_text(boot, encoding="utf-8")
