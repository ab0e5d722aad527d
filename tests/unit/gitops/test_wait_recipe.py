"""The recipe of docs/gitops/helm-and-flux.md for kubectl alone, with a scripted kubectl."""

import os
import subprocess
from pathlib import Path

import pytest
from tools.markdown import Page

PAGE = Page.read("docs/gitops/helm-and-flux.md")
KUBECTL = """\
#!/bin/sh
case "$*" in
  *condition=$TRUE*) exit 0 ;;
  *--timeout=0*) exit 1 ;;
  wait*) exec sleep 600 ;;
  *) echo "$*" ;;
esac
"""
"""The condition TRUE is, and nothing else ever will be."""


@pytest.mark.parametrize(("condition", "code"), [("Ready", 0), ("Stalled", 1)])
def test_whichever_condition_comes_first_decides(condition: str, code: int, tmp_path: Path) -> None:
    recipe = next(one.text for one in PAGE.blocks if "wait -n" in one.text)
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL, encoding="utf-8")
    kubectl.chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "TRUE": condition}

    done = subprocess.run(
        ("bash", "-eu", "-c", recipe),
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == code, done.stderr
    assert "get release bookshop" in done.stdout, "phase and message are told in either case"
