"""Runs Helm on the project's chart, without the user's own Helm settings and plugins."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from tools.cluster import binaries, shell
from tools.cluster.paths import state_dir

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "helm" / "release-coordinator"
NAME = "release-coordinator"


def lint(chart: Path = CHART) -> str:
    """Check a chart as Helm sees it; warnings count."""
    return run("lint", "--strict", "--quiet", chart)


def template(
    values: Mapping[str, str] | None = None,
    chart: Path = CHART,
    namespace: str = NAME,
    *,
    crds: bool = False,
    apis: Sequence[str] = (),
) -> str:
    """Return the rendered chart; values are given as `--set` takes them.

    `apis` are kinds, like batch/v1/Job, that the API server has beyond those Helm counts on.
    """
    settings = [f"--set={key}={value}" for key, value in (values or {}).items()]
    extra = [*(["--include-crds"] if crds else []), *(f"--api-versions={one}" for one in apis)]
    return run("template", NAME, chart, f"--namespace={namespace}", *settings, *extra)


def run(*arguments: str | Path) -> str:
    """Return what Helm prints; raises CommandError with Helm's own words."""
    home = state_dir("helm")
    env = {f"HELM_{kind}_HOME": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
    return shell.output([binaries.path("helm"), *arguments], env)
