"""Markdown that people wrote as plain paragraphs: headings, list items, text. Pure.

Nothing of it becomes HTML: links, images and HTML inside it are shown as the text that they are.
"""

from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .wording import said

LIMIT = 400
"""Paragraphs that are shown."""
TEXT = 2_000
"""Characters of one."""

_PARSER = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A block of text."""

    kind: str
    """heading, item or text."""
    text: str


def paragraphs_of(text: str) -> tuple[Paragraph, ...]:
    """The blocks of a document, in order."""
    found, kinds = [], ["text"]
    for token in _PARSER.parse(text):
        if token.type in _KINDS:
            kinds.append(_KINDS[token.type])
        elif token.type in _ENDS:
            kinds.pop()
        elif token.type in ("inline", "fence", "code_block"):
            found.append(Paragraph(kinds[-1], said(_plain(token), TEXT)))
    return tuple(found[:LIMIT])


_KINDS = {"heading_open": "heading", "list_item_open": "item"}
_ENDS = {"heading_close", "list_item_close"}


def _plain(token: Token) -> str:
    """The words of a line, without what marks them."""
    if not token.children:
        return token.content
    return "".join(" " if one.type == "softbreak" else one.content for one in token.children)
