"""What a page looks like, as text."""

import io

from rich.console import Console, RenderableType


def text_of(page: RenderableType, *, width: int = 110, terminal: bool = False) -> str:
    console = Console(
        file=io.StringIO(),
        width=width,
        highlight=False,
        force_terminal=terminal,
        color_system="standard" if terminal else None,
    )
    with console.capture() as captured:
        console.print(page, crop=False)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())
