"""Settings of Sphinx for the site; read by Sphinx, called by `tools.docsite`.

The sources are the root of the checkout, so that every link between Markdown files, and to files
of the repository, is the same on a Git host and on the site.
"""

from typing import Any

from tools.docsite import navigation

project = "Release Coordinator"
html_title = project
author = "the authors of Release Coordinator"
root_doc = navigation.ROOT_PAGE
extensions = ["myst_parser"]
include_patterns = list(navigation.PAGES)
exclude_patterns = list(navigation.NO_PAGES)

html_theme = "furo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_last_updated_fmt = None
pygments_style = "friendly"
pygments_dark_style = "monokai"
highlight_options = {"default": {"stripall": True}}

myst_heading_anchors = 6
myst_links_external_new_tab = False
smartquotes = False
"""What is written is what is shown: quotes belong to commands."""
nitpicky = True


def setup(app: Any) -> None:
    """Give each page that lists pages its table of contents."""
    app.connect("source-read", _with_contents)


def _with_contents(_: Any, page: str, source: list[str]) -> None:
    source[0] = navigation.with_contents(page, source[0])
