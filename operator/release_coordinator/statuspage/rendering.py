"""Views to HTML: the templates, every text of them escaped.

Used by `statuspage.server`. A template that names what is not there is an error, no empty place.
"""

from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from .views import charts

SIZE = {
    "width": charts.WIDTH,
    "height": charts.HEIGHT,
    "left": charts.LEFT,
    "right": charts.WIDTH - charts.RIGHT,
    "top": charts.TOP,
    "bottom": charts.HEIGHT - charts.BOTTOM,
}
"""Of a chart; its places are reckoned in the same numbers."""
STATIC = {
    "style.css": "text/css",
    "live.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
"""Files beside the pages, and what they are."""


@cache
def environment() -> Environment:
    """The templates of this package."""
    made = Environment(
        loader=PackageLoader("release_coordinator.statuspage"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.globals["size"] = SIZE
    return made


def page(template: str, **values: Any) -> str:
    """A page."""
    return environment().get_template(f"{template}.html").render(**values)


@cache
def static(name: str) -> bytes:
    """A file of `STATIC`."""
    folder = resources.files("release_coordinator.statuspage") / "static"
    return (folder / name).read_bytes()
