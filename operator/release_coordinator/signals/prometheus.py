"""Asks a Prometheus-compatible server for one number: the IO half of `signals.answer`.

Called while a phase watches. An outage of the source is an answer too: `query` never raises,
it says in `problem` what happened, where, and what to do.
"""

from http import HTTPStatus

import aiohttp
from yarl import URL

from release_coordinator.signals.answer import read_answer
from release_coordinator.signals.port import Sample
from release_coordinator.signals.session import Session, describe, read_capped, seconds

MAX_ANSWER = 1 << 20
"""Bytes of an answer that are read at most: one series needs less than a thousand."""


class PrometheusMetrics:
    """Implements `signals.port.Metrics`. Close it when the process ends."""

    def __init__(self, max_answer: int = MAX_ANSWER) -> None:
        """`max_answer` in bytes."""
        self._session = Session()
        self._max_answer = max_answer

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def query(self, url: str, promql: str, timeout: float) -> Sample:  # noqa: ASYNC109
        """Ask for one instant value at the server's own time; `timeout` in seconds, in all.

        `url` is the root of the API, before `/api/v1`; it may carry a path prefix and
        `user:password@`, which no message repeats.
        """
        try:
            source = URL(url)
            sample = await self._ask(source, promql, timeout)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Sample(None, _sentence(url, _advised(describe(error, timeout))))
        return sample if sample.value is not None else Sample(None, _sentence(url, sample.problem))

    async def _ask(self, source: URL, promql: str, timeout: float) -> Sample:  # noqa: ASYNC109
        async with self._session.get().post(
            source.with_query(None).with_fragment(None) / "api/v1/query",
            # The server gets our deadline: it need not work for a caller that has gone.
            data={"query": promql, "timeout": f"{timeout:.3f}"},
            timeout=seconds(timeout),
            allow_redirects=False,
        ) as response:
            body = await read_capped(response, self._max_answer)
            if body is None:
                return Sample(
                    None,
                    f"answered with more than {self._max_answer} bytes; "
                    "narrow the query to one series",
                )
            if response.status == HTTPStatus.OK and response.content_type != "application/json":
                return Sample(
                    None,
                    "answered with a page that is not JSON; "
                    "check that the address is the root of a Prometheus-compatible API",
                )
            return read_answer(response.status, body)


def _sentence(url: str, what: str) -> str:
    return f"Metric source {_shown(url)} {what}."


def _advised(what: str) -> str:
    return f"{what}; check its address, that it runs and that the operator can reach it"


def _shown(url: str) -> str:
    """The address without what might be secret in it."""
    try:
        return str(URL(url).with_user(None).with_query(None).with_fragment(None))
    except ValueError:
        return "(unreadable address)"
