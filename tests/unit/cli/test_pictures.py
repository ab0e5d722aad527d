"""The pictures of a terminal in the docs are what the plugin shows; UPDATE_GOLDEN=1 draws them."""

import io
from pathlib import Path

import pytest
from rich.console import Console, RenderableType
from tests import goldens
from tests.unit.cli import releases
from tests.unit.cli.test_listing import every

from release_coordinator.api.conditions import Phase
from release_coordinator.cli.layout import layout
from release_coordinator.cli.listing import page

IMAGES = Path(__file__).resolve().parents[3] / "docs" / "images"
EVERY = releases.STATES | releases.ON_THE_WAY
FONT = "font-family: ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace;"
FORMAT = f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {{width}} {{height}}">
<style>
.{{unique_id}}-matrix {{{{ {FONT} font-size: {{char_height}}px; line-height: {{line_height}}px; }}}}
.{{unique_id}}-title {{{{ {FONT} font-size: 18px; font-weight: bold; }}}}
{{styles}}
</style>
<defs>
<clipPath id="{{unique_id}}-clip-terminal">
<rect x="0" y="0" width="{{terminal_width}}" height="{{terminal_height}}"/>
</clipPath>
{{lines}}
</defs>
{{chrome}}
<g transform="translate({{terminal_x}}, {{terminal_y}})"
 clip-path="url(#{{unique_id}}-clip-terminal)">
{{backgrounds}}
<g class="{{unique_id}}-matrix">
{{matrix}}
</g>
</g>
</svg>
"""
"""As rich has it, with the reader's own fonts: a picture asks nobody for anything."""


def picture(shown: RenderableType, title: str, width: int) -> str:
    console = Console(
        file=io.StringIO(),
        record=True,
        width=width,
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
    )
    console.print(shown, crop=False)
    drawn = console.export_svg(title=title, code_format=FORMAT, unique_id="terminal")
    return "".join(f"{line.rstrip()}\n" for line in drawn.splitlines() if line.strip())


@pytest.mark.parametrize("state", EVERY)
def test_the_picture_of_each_state_is_what_the_plugin_shows(state: str) -> None:
    shown = layout(EVERY[state](), releases.NOW, live=True)

    title = "kubectl release status bookshop --watch"
    goldens.check(IMAGES / f"status-{state}.svg", picture(shown, title, 110))


def test_there_is_a_picture_of_each_phase() -> None:
    shown = {make().status.phase for make in EVERY.values()}

    # Nothing was looked at yet; of what another plan has replaced the other one is shown.
    assert set(Phase) - shown <= {Phase.PENDING, Phase.SUPERSEDED}


def test_the_picture_of_the_list_is_what_the_plugin_shows() -> None:
    drawn = picture(page(every(), releases.NOW), "kubectl release list", 110)

    goldens.check(IMAGES / "list.svg", drawn)
    assert "http" not in drawn.replace("http://www.w3.org/2000/svg", "")
