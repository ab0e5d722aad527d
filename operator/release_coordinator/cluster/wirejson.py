"""JSON as the API server itself would write it: sorted, compact, UTF-8, HTML-safe.

For most kinds the form does not matter. A ControllerRevision, however, keeps the bytes of its
immutable `data`, and the server compares bytes: were they in another form, every later patch,
even of a label or by the garbage collector, would fail as a change of `data` (measured).
"""

import json

from release_coordinator.cluster.port import Body

_ESCAPED = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}
"""Go's encoder escapes these; in valid JSON they occur only inside of strings."""


def encode(body: Body) -> bytes:
    """Return the canonical bytes of a body."""
    text = json.dumps(body, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.translate(_ESCAPED).encode()
