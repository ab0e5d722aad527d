"""What a person sees before signing: what is decided, about which plan. Pure."""

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from .planpage import header, steps
from .signing import Word
from .view import PlanView
from .words import plain


def page(view: PlanView, word: Word, user: str) -> Group:
    """The plan in short, and the word about it."""
    said = Table.grid(padding=(0, 2))
    said.add_column(style="dim", no_wrap=True)
    said.add_column(overflow="fold")
    said.add_row("Decision", Text(word.decision, style="bold"))
    said.add_row("About", plain(word.about))
    said.add_row("By", plain(user))
    if word.comment:
        said.add_row("Comment", plain(word.comment))
    for where in word.evidence:
        said.add_row("Evidence", plain(where))
    parts: list[RenderableType] = [header(view), Text(), Text("Steps", style="bold")]
    parts += [Padding(steps(view), (0, 0, 0, 2)), Text(), said, Text()]
    return Group(*parts)
