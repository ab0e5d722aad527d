"""A machine that lacks something is told what to install, in one sentence."""

import importlib.util
import sys

import pytest
from tools import bootstrap


def test_this_machine_has_what_is_needed() -> None:
    assert bootstrap.obstacle() is None


def test_an_old_python_is_told_how_to_name_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))

    problem = bootstrap.obstacle()

    assert problem is not None
    assert "Python 3.11 or newer is needed" in problem
    assert "make PYTHON=" in problem


def test_a_python_without_venv_is_told_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    problem = bootstrap.obstacle()

    assert problem is not None
    assert "apt-get install python3-venv" in problem
