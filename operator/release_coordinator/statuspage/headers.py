"""What every answer carries, and what becomes of addresses and methods that are not served.

Used by `statuspage.server`. The pages have no inline script or style, set no cookie, load nothing
from elsewhere and cannot be framed.
"""

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

from aiohttp import web

logger = logging.getLogger(__name__)

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "X-Robots-Tag": "noindex",
}
_READS = frozenset({"GET", "HEAD"})

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def secured(
    app: web.Application, not_found: Callable[[web.Request], web.Response]
) -> web.Application:
    """The same application, with the headers and with pages for what goes wrong."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.method not in _READS:
            raise web.HTTPMethodNotAllowed(request.method, _READS)
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return not_found(request)
        except web.HTTPException:
            raise
        except Exception:
            logger.exception("A page could not be made: %s", request.path)
            return web.Response(
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
                text="This page could not be made. The log of the status page says why.\n",
            )

    app.middlewares.append(guard)
    app.on_response_prepare.append(_protect)
    return app


async def _protect(_: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(SECURITY)
    response.headers["Server"] = ""  # whoever reads need not know what serves
