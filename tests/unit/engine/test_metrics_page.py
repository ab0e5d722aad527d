"""The page about metrics: its examples have no faults, and its table tells the presets' limits."""

from pathlib import Path
from typing import Any

import yaml

from release_coordinator.api.codec import parse_release
from release_coordinator.api.watch import Breach, Convention, Preset
from release_coordinator.engine import placeholders, presets, watchfaults

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"
SECTION = PAGE.read_text(encoding="utf-8").split("## Queries and presets\n")[1].split("\n## ")[0]


def examples() -> list[dict[str, Any]]:
    """Return the Releases of the section."""
    blocks = SECTION.split("```yaml\n")[1:]
    return [yaml.safe_load(block.partition("```")[0]) for block in blocks]


def rows(title: str) -> list[list[str]]:
    """Return the cells of a table below a heading, without its head."""
    lines = list(SECTION.split(f"### {title}\n")[1].split("\n### ")[0].splitlines())
    table = [line for line in lines if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def limit(breach: Breach) -> str:
    """Return a usual limit in the words of the page."""
    if breach.above is not None:
        return f"above {breach.above:g}"
    if breach.comparison is not None:
        return f"at most 1/{breach.comparison.min_effect:g} of the baseline, by comparison"
    ratio, floor = breach.ratio_to_baseline, breach.floor
    return f"more than {ratio:g} times the baseline, and above {floor:g}"


def test_its_releases_have_no_faults() -> None:
    for body in examples():
        release = parse_release(body)
        assert release.spec is not None, release.faults
        assert watchfaults.faults(release.spec) == []
    assert examples()


def test_it_tells_every_preset_and_its_usual_limit() -> None:
    told = {cells[0].strip("`"): cells[2] for cells in rows("Presets")}
    found = {preset: presets.asked(preset, presets.conventions(preset)[0]) for preset in Preset}
    assert told == {preset: limit(one.breach) for preset, one in found.items() if one}
    assert f"at least {presets.REQUESTS_PER_SECOND:g}\nrequests per second" in SECTION


def test_it_tells_every_convention() -> None:
    assert [cells[0].split("`")[1] for cells in rows("Conventions")] == list(Convention)


def test_it_tells_every_placeholder() -> None:
    told = placeholders.named("".join(cells[0] for cells in rows("Queries of your own")))
    assert told == set(placeholders.ALL)
