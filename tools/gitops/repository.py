"""A Git repository on this disk, to which a test commits as a person or CI would."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.cluster import debian, shell
from tools.cluster.progress import Progress

Body = dict[str, Any]
Content = Body | Sequence[Body] | str
"""A manifest, several of them, or the text of a file."""

_PERSON = {
    "GIT_AUTHOR_NAME": "dana",
    "GIT_AUTHOR_EMAIL": "dana@example.com",
    "GIT_COMMITTER_NAME": "dana",
    "GIT_COMMITTER_EMAIL": "dana@example.com",
    # What the user has configured is none of our business.
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
}


@dataclass(frozen=True)
class Repository:
    """A repository with a work tree, on branch main."""

    folder: Path

    @classmethod
    def create(cls, folder: Path) -> "Repository":
        """Make an empty one."""
        debian.require({"git": "git"}, Progress())
        folder.mkdir(parents=True)
        made = cls(folder)
        made.git("init", "--quiet", "--initial-branch=main")
        return made

    @property
    def url(self) -> str:
        """Return its address for Argo CD; Flux takes no such addresses."""
        return self.folder.as_uri()

    def commit(self, message: str, files: Mapping[str, Content | None]) -> str:
        """Write files, remove those that are None, commit; return the revision."""
        for name, content in files.items():
            file = self.folder / name
            if content is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(_text(content), encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", f"--message={message}")
        return self.git("rev-parse", "HEAD").strip()

    def revert(self) -> str:
        """Take the last commit back by another one; return the revision."""
        self.git("revert", "--no-edit", "HEAD")
        return self.git("rev-parse", "HEAD").strip()

    def git(self, *arguments: str) -> str:
        """Return what git prints. Raises CommandError."""
        return shell.output(["git", "-C", self.folder, *arguments], _PERSON)


def _text(content: Content) -> str:
    """JSON is YAML, and so are several of them one after the other."""
    if isinstance(content, str):
        return content
    bodies = [content] if isinstance(content, Mapping) else content
    return "".join(f"---\n{json.dumps(body, indent=1)}\n" for body in bodies)
