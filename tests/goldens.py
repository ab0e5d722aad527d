"""Golden files: text that people read or rely on, kept beside the test that makes it.

`UPDATE_GOLDEN=1` rewrites them, and is the only way to.
"""

import os
from pathlib import Path


def check(file: Path, text: str) -> None:
    """Compare a text with its golden file, or rewrite the file when asked to."""
    if os.environ.get("UPDATE_GOLDEN") == "1":
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    expected = file.read_text(encoding="utf-8") if file.exists() else ""
    assert text == expected, f"{file.name} differs; if that is meant: UPDATE_GOLDEN=1"
