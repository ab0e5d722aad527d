"""An explanation as a page: each thing that is missing, and what to copy. Pure."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .explanation import Explanation, Missing
from .words import plain, word


def page(found: Explanation) -> RenderableType:
    """Who must do what."""
    head = Table.grid(padding=(0, 2))
    head.add_column(style="dim", no_wrap=True)
    head.add_column(overflow="fold")
    head.add_row("Application", plain(f"{found.namespace}/{found.release}"))
    head.add_row("Phase", word(found.phase))
    for text in found.waived:
        head.add_row("Waived", plain(text))
    parts: list[RenderableType] = [head]
    if not found.missing:
        parts += [Text(), plain(f"Nothing is missing. {found.message}".rstrip())]
    for item in found.missing:
        parts += [Text(), *_item(item)]
    return Group(*parts)


def _item(item: Missing) -> list[RenderableType]:
    title = Text(item.name, style="bold").append("  ").append(word(item.state))
    if item.advisory:
        title.append(" (advisory: holds nothing up)", style="dim")
    title.append(f"  {item.owner}", style="default")
    parts: list[RenderableType] = [title, Padding(plain(item.message), (0, 0, 0, 2))]
    for remedy in item.remedies:
        parts.append(Padding(plain(f"{remedy.what}:"), (0, 0, 0, 2)))
        parts += [_copied(line) for line in remedy.text.splitlines()]
    return parts


def _copied(line: str) -> Text:
    """On one line however long, so that it can be copied."""
    indent = " " * (4 + len(line) - len(line.lstrip(" ")))
    text = f"{indent}{plain(line).plain}".rstrip()
    return Text(text, style="cyan", no_wrap=True, overflow="ignore")
