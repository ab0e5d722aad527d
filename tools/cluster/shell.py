"""Runs other programs: short ones for their output, long ones with a log file."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.cluster.paths import cache_dir

TAIL_LINES = 25
_QUESTION_SECONDS = 60.0
Part = str | Path
Command = Sequence[Part]


class CommandError(RuntimeError):
    """A program failed; the message carries its last words and where the rest is."""


def output(command: Command, env: Mapping[str, str] | None = None, stdin: str | None = None) -> str:
    """Return the standard output of a short command."""
    done = subprocess.run(
        [str(part) for part in command],
        env=_environment(env),
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise CommandError(_failure(command, done.returncode, done.stderr or done.stdout, None))
    return done.stdout


def succeeds(command: Command, env: Mapping[str, str] | None = None) -> bool:
    """Tell whether a short command exits with 0 soon; one that hangs is a no."""
    try:
        done = subprocess.run(
            [str(part) for part in command],
            env=_environment(env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=_QUESTION_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def logged(
    command: Command,
    log_name: str,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    stdin: str = "",
) -> None:
    """Run a long command with all its output in a log file of the cache."""
    log = cache_dir("logs") / f"{log_name}.log"
    with log.open("w", encoding="utf-8") as handle:
        done = subprocess.run(
            [str(part) for part in command],
            env=_environment(env),
            cwd=cwd,
            input=stdin,
            text=True,
            stdout=handle,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode != 0:
        text = log.read_text(encoding="utf-8", errors="replace")
        raise CommandError(_failure(command, done.returncode, text, log))


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    return {**os.environ, **(extra or {})}


def _failure(command: Command, code: int, text: str, log: Path | None) -> str:
    shown = " ".join(str(part) for part in command)[:300]
    tail = "\n".join(text.strip().splitlines()[-TAIL_LINES:])
    where = f"\nfull output: {log}" if log else ""
    return f"exit code {code}: {shown}\n{tail}{where}"
