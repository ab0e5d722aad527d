"""Follows a Release on a screen to its end or stop. Used by `commands.status` and `.watch`."""

from release_coordinator.api.codec import parse_release

from .screen import Screen
from .source import Source
from .verdict import ExitCode, verdict_of


async def follow(source: Source, screen: Screen) -> ExitCode:
    """Show every state until one is an end or a stop; then the last one, whole."""
    code = None
    with screen.watching():
        async for body in source.states(screen.lost):
            screen.news(body)
            code = verdict_of(parse_release(body))
            if code is not None:
                break
    screen.last()
    return ExitCode.UNANSWERED if code is None else code
