"""Builds the site into `build/site`, strictly: a link or anchor that leads nowhere is an error.

`make docs` calls it with the Python of the developers; Sphinx lives in an environment of its own,
made from `requirements/docs.txt` and kept until that file changes.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements" / "docs.txt"
VENV = ROOT / "build" / "site-env"
READY = VENV / "ready.txt"
SITE = ROOT / "build" / "site"
DOCTREES = ROOT / "build" / "site-doctrees"
FRONT = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Release Coordinator</title>
<meta http-equiv="refresh" content="0; url=docs/index.html">
<a href="docs/index.html">Release Coordinator</a>
</html>
"""
_FETCHED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["'](?:https?:)?//[^"']*"""
    r"""|<link\b(?=[^>]*\brel=["'](?:stylesheet|preload|icon|preconnect))"""
    r"""[^>]*\bhref=["'](?:https?:)?//[^"']*"""
)


def main() -> int:
    """Build; 0 if nothing is wrong with the pages."""
    _prepare()
    python = VENV / "bin" / "python"
    settings = ("-c", str(ROOT / "tools" / "docsite"), "-d", str(DOCTREES))
    strict = ("-W", "--keep-going", "--quiet", "-j", "auto")
    command = [str(python), "-m", "sphinx", *strict, *settings, str(ROOT), str(SITE)]
    if subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode:
        print("error: the site has broken pages, see above", file=sys.stderr)
        return 1
    (SITE / "index.html").write_text(FRONT, encoding="utf-8")
    found = [line for page in sorted(SITE.rglob("*.html")) for line in foreign(page)]
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    if not found:
        print(SITE / "index.html")
    return 1 if found else 0


def foreign(page: Path) -> list[str]:
    """Return what a page would fetch from another host: a reader may have no network."""
    text = page.read_text(encoding="utf-8")
    return [f"{page} fetches from elsewhere: {match[0]}" for match in _FETCHED.finditer(text)]


def _prepare() -> None:
    """Make the environment, unless it is there and of these requirements."""
    wanted = REQUIREMENTS.read_text(encoding="utf-8")
    if READY.is_file() and READY.read_text(encoding="utf-8") == wanted:
        return
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(VENV)], check=True)
    pip = (str(VENV / "bin" / "pip"), "--quiet", "--disable-pip-version-check", "install")
    requirements = ("--require-hashes", "--requirement", str(REQUIREMENTS))
    subprocess.run([*pip, *requirements], stdin=subprocess.DEVNULL, check=True)
    READY.write_text(wanted, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
