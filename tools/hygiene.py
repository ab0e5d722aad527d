"""What must not be in any file of the project, whatever the tests say.

- The host of a package index, a module proxy or a mirror: everything has to work behind any
  mirror, so a name belongs into the machine's configuration. The hosts are asked from the tools
  that know them; writing them down here would break the rule.
- `operator/__init__.py`: it would shadow the module `operator` of the standard library, and then
  not even `import collections` works from the root of the checkout.
- The path of the checkout itself: it means nothing on another machine.
"""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
APT = Path("/etc/apt")
_HOST = re.compile(
    r"https?://(?:[^\s/@]*@)?([a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,})", re.IGNORECASE
)
_ASK_PIP = "import pip._internal.models.index as i; print(i.PyPI.url, i.PyPI.file_storage_domain)"


def main() -> int:
    """Print every finding."""
    files = tracked()
    found = [*named_hosts(files, index_hosts()), *own_path(files), *shadowing()]
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    return 1 if found else 0


def tracked() -> list[Path]:
    """Return the files that are committed or would be, without those that are ignored."""
    # A container often runs as another user than the one who cloned; reading names is harmless.
    git = ["git", "-c", f"safe.directory={ROOT}"]
    command = [*git, "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    paths = (ROOT / name for name in done.stdout.split("\0") if name)
    return [path for path in paths if path.is_file()]


def index_hosts() -> set[str]:
    """Return the hosts from which this machine's package tools would fetch."""
    answers = [
        said([sys.executable, "-c", _ASK_PIP]),
        said([sys.executable, "-m", "pip", "config", "list"]),
        said(["go", "env", "GOPROXY", "GOSUMDB"]),
        *(file.read_text(encoding="utf-8", errors="replace") for file in apt_sources()),
    ]
    # What pip tells of its storage and Go of its checksum base are bare names.
    bare = " ".join(answers[:1] + answers[2:3])
    text = "\n".join(answers) + "".join(f" https://{word}" for word in bare.split())
    return {host.lower() for host in _HOST.findall(text)}


def apt_sources() -> list[Path]:
    """Return apt's source files."""
    folder = APT / "sources.list.d"
    return [file for file in (APT / "sources.list", *folder.glob("*")) if file.is_file()]


def said(command: list[str]) -> str:
    """Return what a tool prints; a tool that is not there says nothing."""
    if not shutil.which(command[0]):
        return ""
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def named_hosts(files: Iterable[Path], hosts: set[str]) -> list[str]:
    """Return the lines that name a host."""
    if not hosts:
        return []
    return mentions(files, rf"(?<![\w.-])(?:{'|'.join(map(re.escape, sorted(hosts)))})(?![\w-])")


def own_path(files: Iterable[Path]) -> list[str]:
    """Return the lines that name this checkout; a checkout near the root has too common a name."""
    if len(ROOT.parts) <= 2:  # noqa: PLR2004 - the root and one folder
        return []
    return mentions(files, rf"(?<![\w.-]){re.escape(str(ROOT))}(?![\w-])")


def mentions(files: Iterable[Path], pattern: str) -> list[str]:
    """Return `file:line: text` for every line that matches."""
    expression = re.compile(pattern, re.IGNORECASE)
    return [
        f"{file.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for file in files
        for number, line in enumerate(_lines(file), start=1)
        if expression.search(line)
    ]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        return []


def shadowing() -> list[str]:
    """Return a complaint when the source root became a package."""
    file = ROOT / "operator" / "__init__.py"
    return [f"{file.relative_to(ROOT)}: shadows the standard library"] if file.exists() else []


if __name__ == "__main__":
    sys.exit(main())
