"""Writes `docs/reference/events.md`: the Events about a Release."""

from tools.reference.tables import cell, code, page, table

from release_coordinator.render.eventwords import TOLD

_INTRODUCTION = """\
# Events

`kubectl events --for release/NAME` shows what has just happened; the API server forgets Events
after an hour. What must not be forgotten stands in the status and in the `ReleaseRecord`. Each
piece of news is told once, whatever has crashed in between. Events come from
`release-coordinator.io/operator`; their reason and action are the word below."""
_REST = """\
An attempt that ends `Failed` is told as a warning with the reason of its failure, one of
[Reason](conditions.md#reason)."""


def render() -> str:
    """Return the whole page."""
    rows = [(code(reason), kind, cell(when)) for reason, (kind, when) in TOLD.items()]
    return page(_INTRODUCTION, table(("Reason", "Type", "When, and what it says"), rows), _REST)
