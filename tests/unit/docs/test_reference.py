"""The generated pages leave nothing out: reasons, metrics, alerts, commands, decisions."""

import ast
import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from tests.unit.docs.words import PACKAGE
from tools import generate, helm
from tools.docsite.__main__ import foreign
from tools.markdown import ROOT
from tools.reference import (
    alertrules,
    commands,
    decisions,
    instruments,
    presets,
    rights,
    vocabulary,
)

from release_coordinator.api.conditions import Reason
from release_coordinator.api.watch import Breach, Convention, Preset
from release_coordinator.cli.main import app
from release_coordinator.engine import presets as usual

MAKERS = {"Counter", "Gauge", "Histogram", "Info", "Summary", "Enum"}
MAKERS |= {f"{name}MetricFamily" for name in MAKERS} | {"_counter", "_gauge", "_histogram"}


def test_every_reason_is_in_one_group_with_a_meaning() -> None:
    grouped = [reason for _, reasons in vocabulary.groups() for reason in reasons]

    assert sorted(grouped) == sorted(Reason)
    assert re.findall(r"^\| `\w+` \|  \|$", vocabulary.render(), re.MULTILINE) == []


def test_every_instrument_in_the_code_is_on_the_page() -> None:
    found = {name for file in PACKAGE.rglob("*.py") for name in _made_in(file)}
    shown = {re.sub(r"_(total|info)$", "", one.name) for one in instruments.instruments()}

    assert len(found) > 20
    assert {name for name in found if not any(one.endswith(name) for one in shown)} == set()


def _made_in(file: Path) -> Iterator[str]:
    """The names, or what of them is written out, of the instruments that a file makes."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=maker) | ast.Attribute(attr=maker), args=[name, *_]):
                if maker in MAKERS and (text := _written(name)):
                    yield text
            case _:
                pass


def _written(name: ast.expr) -> str:
    match name:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=[*_, ast.Constant(value=str(text))]):
            return text
        case _:
            return ""


def test_every_alert_has_a_row_and_its_expression() -> None:
    rules = yaml.safe_load((ROOT / generate.ALERTS).read_text(encoding="utf-8"))
    page = alertrules.render(rules)

    for name in alertrules.names(rules):
        assert f"| `{name}` |" in page
        assert f"\n# {name}\n" in page


def test_every_command_has_a_section_with_its_arguments_options_and_examples() -> None:
    page = commands.render()
    names = [name for name, _ in commands.commands()]

    shown = {one.name for one in app.registered_commands if not one.hidden}
    shown |= {one.name for one in app.registered_groups if not one.hidden}

    assert {name.split()[0] for name in names} == shown
    for name in names:
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert "`--help`" in section or "| `--" in section, name
        assert f"\nkubectl release {name}" in section, name
        assert "[bold]" not in section, name


def test_brackets_of_examples_stay_and_nothing_is_escaped() -> None:
    page = commands.render()

    assert 'pip install ".[charts]"' in page
    assert "\\[" not in page


def test_every_query_of_a_preset_is_on_the_page() -> None:
    page = " ".join(presets.render().split())

    for convention, preset in itertools.product(Convention, Preset):
        asked = usual.asked(preset, convention)
        if asked is None:
            continue
        # Latencies are written out once, with the quantile of one of them.
        query = re.sub(r"^histogram_quantile\([\d.]+", "histogram_quantile(0.95", asked.query)
        assert query in page
        assert asked.min_traffic is None or f"```text {asked.min_traffic.query} ```" in page


def test_a_limit_is_told_as_people_write_it() -> None:
    breach = Breach.model_validate({"above": 0.5, "comparison": {"minEffect": 2}})

    assert presets.limit(breach) == "`{above: 0.5, comparison: {minEffect: 2}}`"


def test_every_right_of_the_operator_is_on_the_page_with_what_it_is_for() -> None:
    bodies = list(yaml.safe_load_all((ROOT / generate.INSTALL).read_text(encoding="utf-8")))
    roles = [one for one in bodies if one["kind"] == "ClusterRole"]
    (operator,) = [one for one in roles if one["metadata"]["name"] == helm.NAME]
    page = rights.render(helm.CHART / "templates" / "_rules.tpl")

    for rule in operator["rules"]:
        names = ", ".join(f"`{name}`" for name in rule["resources"])
        assert f"| {names} | {', '.join(rule['verbs'])} |" in page
    assert re.findall(r"^\|.*\|  \|$", page, re.MULTILINE) == []


def test_decisions_are_listed_with_their_numbers(tmp_path: Path) -> None:
    for name, title in (("0000-template", "NNNN: x"), ("0002-b", "0002: B"), ("0001-a", "1. A")):
        (tmp_path / f"{name}.md").write_text(f"# {title}\n", encoding="utf-8")

    page = decisions.render(tmp_path)

    assert page.endswith("\n\n- [0001: A](0001-a.md)\n- [0002: B](0002-b.md)\n")


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ('<script src="_static/a.js"></script><a href="https://example.com">x</a>', 0),
        ('<link rel="stylesheet" href="../a.css"><link rel="canonical" href="https://x.org/">', 0),
        ('<script src="https://example.com/a.js"></script>', 1),
        ('<link href="//fonts.example.com/css" rel="stylesheet">', 1),
        ('<img alt="x" src="https://example.com/a.png">', 1),
    ],
)
def test_what_a_page_would_fetch_from_another_host_is_found(
    html: str, found: int, tmp_path: Path
) -> None:
    page = tmp_path / "index.html"
    page.write_text(html, encoding="utf-8")

    assert len(foreign(page)) == found
