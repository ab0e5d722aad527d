"""The commands of docs/gitops/ci.md, run as they stand there, with git and the plugin."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.fakes.story import following
from tests.unit.engine.test_reverts import bumped, told
from tools.markdown import ROOT, Page

from release_coordinator.api.codec import parse_release
from release_coordinator.engine import plan

PAGE = Page.read("docs/gitops/ci.md")
GOOD = """\
# Kept by CI; the comment stays.
apiVersion: release-coordinator.io/v1alpha1
kind: Release
metadata: {name: bookshop}
spec:
  version: "1.3.0"  # {"$imagepolicy": "flux-system:bookshop-backend:tag"}
  components:
    - name: backend
      workloadRef: {name: bookshop-backend}
      images:
        api: example/api:1.3.0  # {"$imagepolicy": "flux-system:bookshop-backend"}
  documents: {changelog: {configMap: bookshop-docs, key: CHANGELOG.md}}
"""
FILE = "apps/shop/release.yaml"


def block(info: str) -> str:
    """The first block of a language."""
    return next(one.text for one in PAGE.blocks if one.info == info)


class Checkout:
    """A clone of a repository, and `kubectl release` on the PATH."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._bin = folder / "clone", folder / "bin"
        self.origin = folder / "origin.git"
        self._bin.mkdir()
        kubectl = self._bin / "kubectl"
        program = "from release_coordinator.cli.main import main; main()"
        kubectl.write_text(f'#!/bin/sh\nshift\nexec {sys.executable} -c "{program}" "$@"\n')
        kubectl.chmod(0o755)
        self.run("git", "init", "--quiet", "--bare", "-b", "main", str(self.origin), cwd=folder)
        self.run("git", "clone", "--quiet", str(self.origin), str(self.folder), cwd=folder)
        self.run("git", "switch", "--quiet", "--create", "main")

    def run(self, *command: str, cwd: Path | None = None, stdin: str = "", **more: str) -> str:
        """Output of a command."""
        who = {"NAME": "bot", "EMAIL": "bot@example.com"}
        names = {f"GIT_{part}_{key}": who[key] for part in ("AUTHOR", "COMMITTER") for key in who}
        path = f"{self._bin}:{Path(sys.executable).parent}:{os.environ['PATH']}"
        env = {**os.environ, **names, "PATH": path, "GIT_CONFIG_GLOBAL": "/dev/null", **more}
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=env,
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def commit(self, text: str, subject: str) -> None:
        """Write the Release and push it."""
        (self.folder / FILE).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / FILE).write_text(text, encoding="utf-8")
        self.run("git", "add", FILE)
        self.run("git", "commit", "--quiet", "-m", subject)
        self.run("git", "push", "--quiet", "origin", "main")

    def release(self, branch: str = "main") -> Any:
        """The Release as the repository has it."""
        return yaml.safe_load(self.text(branch))

    def text(self, branch: str = "main") -> str:
        """The file as the repository has it."""
        return self.run("git", "show", f"{branch}:{FILE}", cwd=self.origin)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path)
    made.commit(GOOD, "bookshop 1.3.0")
    return made


def test_ci_bumps_version_and_images_by_one_commit(checkout: Checkout) -> None:
    image = f"example/api:1.4.0@sha256:{'a' * 64}"

    for _ in range(2):  # the job may be repeated
        checkout.run("sh", "-eu", "-c", block("sh"), VERSION="1.4.0", IMAGE=image)

    spec = checkout.release()["spec"]
    assert (spec["version"], spec["components"][0]["images"]) == ("1.4.0", {"api": image})
    log = checkout.run("git", "log", "--format=%s", cwd=checkout.origin).splitlines()
    assert log == ["bookshop 1.4.0", "bookshop 1.3.0"]
    changed = checkout.run("git", "show", "--numstat", "--format=", "main", cwd=checkout.origin)
    assert changed.split() == ["2", "2", FILE]
    assert checkout.text().count("$imagepolicy") == 2


def test_the_workflows_run_the_same_commands() -> None:
    lines = block("sh").strip().splitlines()
    workflows = [yaml.safe_load(one.text) for one in PAGE.blocks if one.info == "yaml foreign"]
    github = workflows[0]["jobs"]["release"]["steps"][-1]["run"].splitlines()
    gitlab = workflows[1]["release"]["script"]

    assert github[-len(lines) :] == lines
    assert gitlab[-len(lines) :] == lines


def test_whatever_pushes_in_a_pipeline_has_said_who_it_is_and_committed() -> None:
    """A fresh checkout has no author, and HEAD no branch."""
    pages = (PAGE, Page.read("docs/gitops/promotion.md"))
    blocks = [one.text for page in pages for one in page.blocks if one.info == "yaml foreign"]
    pushing = [text for text in blocks if "git push" in text]

    assert len(pushing) == 4
    for text in pushing:
        order = [text.index(word) for word in ("user.name", "git add", "git commit", "git push")]
        assert order == sorted(order)
        assert "gh pr create" not in text or text.index("gh pr create") > order[-1]


def bot(checkout: Checkout, revert: dict[str, Any], event: str = "RolledBack") -> None:
    """The bot of the docs gets an event."""
    data = {"event": event, "release": "bookshop", "namespace": "shop", "revert": revert}
    (checkout.folder / ".git" / "bot.py").write_text(block("python"), encoding="utf-8")
    checkout.run(sys.executable, ".git/bot.py", FILE, stdin=json.dumps(data))


def branches(checkout: Checkout) -> list[str]:
    listed = checkout.run("git", "branch", "--format=%(refname:short)", cwd=checkout.origin)
    return sorted(listed.split())


def as_text(body: Any) -> str:
    return yaml.safe_dump({**body, "metadata": {"name": "bookshop"}}, sort_keys=False)


def test_the_bot_reverts_what_the_event_says(checkout: Checkout) -> None:
    """Only version and images came: then it needs no commit to revert."""
    good, failed = told_bodies()
    checkout.commit(as_text(good), "bookshop 1.3.0 anew")
    before = checkout.release()
    checkout.commit(as_text(failed), "bookshop 1.4.0")
    checkout.commit(as_text(failed) + "# unrelated\n", "a comment")

    bot(checkout, told(failed, good).to_wire())

    assert branches(checkout) == ["main", "revert/bookshop-1.4.0"]
    assert checkout.release("revert/bookshop-1.4.0") == before
    assert digest(checkout.release("revert/bookshop-1.4.0")) == digest(before)
    subject = checkout.run("git", "log", "-1", "--format=%B", "revert/bookshop-1.4.0")
    assert subject.startswith("Revert bookshop to 1.3.0\n\nMetricBreach: latency is 9")


def test_the_bot_reverts_the_commit_where_more_came_with_the_version(checkout: Checkout) -> None:
    good = told_bodies()[0]
    failed = following("1.4.0")
    checkout.commit(as_text(good), "bookshop 1.3.0 anew")
    before = checkout.release()
    checkout.commit(as_text(failed), "bookshop 1.4.0")
    checkout.commit(as_text(failed) + "# unrelated\n", "a comment")
    revert = told(failed, good).to_wire()
    assert revert["whole"] is False

    bot(checkout, revert)

    assert checkout.release("revert/bookshop-1.4.0") == before
    assert checkout.text("revert/bookshop-1.4.0").endswith("# unrelated\n")


def test_the_bot_leaves_alone_what_somebody_has_fixed_since(checkout: Checkout) -> None:
    good, failed = told_bodies()
    checkout.commit(as_text(bumped("1.4.1")), "bookshop 1.4.1")

    bot(checkout, told(failed, good).to_wire())

    assert branches(checkout) == ["main"]


def test_the_bot_does_nothing_for_other_events(checkout: Checkout) -> None:
    good, failed = told_bodies()
    checkout.commit(as_text(failed), "bookshop 1.4.0")

    bot(checkout, told(failed, good).to_wire(), event="RollbackFailed")

    assert branches(checkout) == ["main"]


def test_the_markers_of_the_docs_are_what_flux_reads() -> None:
    """`{"$imagepolicy": "NAMESPACE:POLICY[:tag]"}` behind a scalar, as the whole comment."""
    page = (ROOT / "docs/gitops/ci.md").read_text(encoding="utf-8")
    found = re.findall(r"^ *[a-z]+: \S+ # (\{.*\})$", page, re.MULTILINE)

    said = [json.loads(one)["$imagepolicy"] for one in found]
    assert said == ["flux-system:bookshop-backend:tag", "flux-system:bookshop-backend"]


def told_bodies() -> tuple[Any, Any]:
    """The last version that was good, and the one that failed."""
    return bumped("1.3.0"), bumped("1.4.0")


def digest(body: Any) -> str:
    spec = parse_release(body).spec
    assert spec is not None
    return plan.spec_digest(spec)
