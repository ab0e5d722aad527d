"""The Secrets that MetricSources and Channels name: all whose content the operator uses itself.

Used by `evidence.metricsources` and `controllers.delivery`. They are read in the operator's own
namespace, one key at a time, when they are needed and the last reading is a minute old. What is
read goes into requests to the source or channel and nowhere else: no message quotes it.
"""

import asyncio
import base64
import time
from collections.abc import Callable
from dataclasses import dataclass

from release_coordinator.api.metricsource import SecretKey
from release_coordinator.cluster.port import SECRET, Cluster, Ref
from release_coordinator.errors import Denied, NotFound, Transient

KEPT_SECONDS = 60.0
"""Until a key is read again; a changed password is used after that at the latest."""


class NoSecret(Exception):  # noqa: N818 - a fact about who names it
    """A key is not to be had; the message says why and who mends it."""


@dataclass(frozen=True, slots=True)
class _Read:
    value: str
    problem: str
    until: float


class SourceSecrets:
    """Keys of Secrets in the operator's namespace."""

    def __init__(
        self,
        cluster: Cluster | None = None,
        namespace: str = "",
        now: Callable[[], float] = time.monotonic,
        *,
        listed: str = "metricSources.secrets",
    ) -> None:
        """`namespace` is the operator's own; without it there are no Secrets.

        `listed` is the value of the chart that names them.
        """
        self._listed = listed
        self._cluster = cluster
        self._namespace = namespace
        self._now = now
        self._known: dict[SecretKey, _Read] = {}
        self._reading = asyncio.Lock()

    async def value(self, key: SecretKey) -> str:
        """The text of a key. Raises NoSecret, and Transient if it was never read."""
        async with self._reading:
            read = self._known.get(key)
            if read is None or read.until <= self._now():
                read = self._known[key] = await self._read_again(key, read)
        if read.problem:
            raise NoSecret(read.problem)
        return read.value

    def keep_only(self, keys: frozenset[SecretKey]) -> None:
        """Forget all others: nobody names them any more."""
        self._known = {key: read for key, read in self._known.items() if key in keys}

    async def _read_again(self, key: SecretKey, last: _Read | None) -> _Read:
        until = self._now() + KEPT_SECONDS
        try:
            return _Read(await self._read(key), "", until)
        except NoSecret as error:
            return _Read("", str(error), until)
        except Transient:
            if last is None or last.problem:
                raise
            return last  # the API server is away: what was right a minute ago may still be

    async def _read(self, key: SecretKey) -> str:
        where = f"Secret {key.name} in namespace {self._namespace}"
        if self._cluster is None or not self._namespace:
            raise NoSecret(
                f"Secret {key.name} cannot be read: the operator does not know its own namespace; "
                "the platform team sets RELEASE_COORDINATOR_LEASE_NAMESPACE"
            )
        try:
            body = await self._cluster.get(Ref(SECRET, self._namespace, key.name))
        except NotFound:
            raise NoSecret(f"there is no {where}; the platform team creates it") from None
        except Denied:
            raise NoSecret(
                f"the operator may not read {where}; the platform team adds its name to "
                f"{self._listed} of the chart"
            ) from None
        encoded = (body.get("data") or {}).get(key.key)
        if encoded is None:
            raise NoSecret(f"{where} has no key {key.key}; the platform team adds it")
        try:
            return base64.b64decode(encoded, validate=True).decode()
        except ValueError:
            raise NoSecret(
                f"key {key.key} of {where} is no text in UTF-8; the platform team corrects it"
            ) from None
