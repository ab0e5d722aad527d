"""What a request to the API server is about, from its method and URL alone."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

_PATH = re.compile(
    r"/(?:api|apis/[^/]+)/[^/]+(?:/namespaces/(?P<namespace>[^/]+))?"
    r"/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+))?(?:/(?P<part>[^/]+))?/?"
)
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
ELECTION = "release-coordinator"
"""Name of the Lease of the election; other Leases are locks, whose writes count."""
BESIDE = {"events", "metricsources"}
"""What is told beside the course of a Release: Events, and whether metric sources answer."""
_WORDS = {"POST": "create", "PUT": "replace", "PATCH": "patch", "DELETE": "delete"}


@dataclass(frozen=True)
class Asked:
    """One request."""

    method: str
    plural: str
    name: str = ""
    part: str = ""
    """The subresource, for example `status`."""
    watch: bool = False
    dry: bool = False

    @property
    def counted(self) -> bool:
        """Whether this is a write that a plan can hit."""
        told = self.plural in BESIDE or (self.plural, self.name) == ("leases", ELECTION)
        return self.method in WRITES and not self.dry and not told

    @property
    def listing(self) -> bool:
        """Whether the answer is a list of objects."""
        return self.method == "GET" and bool(self.plural) and not self.name and not self.watch

    def __str__(self) -> str:
        """For people: `patch jobs bookshop-1-x`."""
        path = "/".join(part for part in (self.plural, self.part) if part)
        return f"{_WORDS.get(self.method, 'read')} {path} {self.name}".rstrip()


def named(what: Asked, body: bytes | None) -> Asked:
    """The same with the name of what is to be created, which is in the body alone."""
    if what.method != "POST" or not body:
        return what
    try:
        metadata = json.loads(body)["metadata"]
    except (ValueError, KeyError, TypeError):
        return what
    return replace(what, name=str(metadata.get("name", "")))


def asked(method: str, path: str, query: Mapping[str, str]) -> Asked:
    """Return what a request is about; of paths without a kind only the method is known."""
    found = _PATH.fullmatch(path)
    if found is None or found["plural"] == "namespaces":
        return Asked(method, "")
    return Asked(
        method,
        found["plural"],
        found["name"] or "",
        found["part"] or "",
        watch=query.get("watch", "") in {"1", "true"},
        dry="dryRun" in query,
    )
