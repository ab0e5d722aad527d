"""DSSE, the Dead Simple Signing Envelope 1.0: a payload of any type with signatures beside it.

Read by `signed.exports`, written by the plugin; the signatures are `signed.keys`'.
What is read comes from anybody: its size is bounded by who reads it, and nothing in here raises
anything but `EnvelopeError`.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

SIGNATURES_LIMIT = 4


class EnvelopeError(ValueError):
    """It is no envelope; the message says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload and what vouches for it. Nothing in it is proved yet."""

    payload_type: str
    payload: bytes
    signatures: tuple[bytes, ...]


def signed_bytes(payload_type: str, payload: bytes) -> bytes:
    """What a signature is over (PAE): type and payload, so that neither passes for the other."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def write(payload_type: str, payload: bytes, signature: bytes, key_id: str) -> str:
    """An envelope with one signature, as one line of JSON."""
    said = {
        "payloadType": payload_type,
        "payload": base64.b64encode(payload).decode(),
        "signatures": [{"keyid": key_id, "sig": base64.b64encode(signature).decode()}],
    }
    return json.dumps(said, separators=(",", ":"))


def read(text: str) -> Envelope:
    """Read an envelope. Raises EnvelopeError."""
    said = _object(text)
    payload_type = said.get("payloadType")
    if not isinstance(payload_type, str) or not payload_type.isascii():
        raise EnvelopeError("it has no payloadType; a DSSE envelope is expected")
    signatures = said.get("signatures")
    if not isinstance(signatures, list) or not 0 < len(signatures) <= SIGNATURES_LIMIT:
        raise EnvelopeError(f"it has no list of one to {SIGNATURES_LIMIT} signatures")
    found = [one.get("sig") if isinstance(one, dict) else None for one in signatures]
    return Envelope(
        payload_type,
        _decoded(said.get("payload"), "payload"),
        tuple(_decoded(one, "signature") for one in found),
    )


def json_of(payload: bytes) -> dict[str, Any]:
    """The payload as a JSON object. Raises EnvelopeError."""
    try:
        return _object(payload.decode())
    except UnicodeDecodeError as error:
        raise EnvelopeError("its payload is not UTF-8") from error


def _object(text: str) -> dict[str, Any]:
    try:
        said = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise EnvelopeError("it is no JSON, or was cut off") from error
    if not isinstance(said, dict):
        raise EnvelopeError("it is no JSON object")
    return said


def _refuse(constant: str) -> None:
    raise ValueError(constant)


def _decoded(text: object, what: str) -> bytes:
    """Base64 in its one form, so that no other text stands for the same bytes."""
    try:
        raw = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except ValueError:  # not ASCII, or not base64
        raw = None
    if not raw or base64.b64encode(raw).decode() != text:
        raise EnvelopeError(f"its {what} is no base64")
    return raw
