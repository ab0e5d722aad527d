"""Whether a text is an export of staging that a key vouches for; pure.

Asked by the operator (`evidence.exports`) and by the plugin (`kubectl release verify`). Anybody may
have written the text, so nothing is parsed further than the envelope before a key vouches for it,
and nothing in here raises.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

from pydantic import ValidationError

from release_coordinator.api.export import (
    ENVELOPE_LIMIT,
    PAYLOAD_TYPE,
    PREDICATE_TYPE,
    STATEMENT_TYPE,
    StagingExport,
)
from release_coordinator.api.faults import faults_of
from release_coordinator.engine import exporting
from release_coordinator.engine.exportfacts import ExportFact, ExportFault, TrustedKey
from release_coordinator.text import one_line

from . import dsse


@lru_cache(maxsize=8)
def proved(text: str, keys: tuple[TrustedKey, ...]) -> ExportFact:
    """The export in an envelope; the same few are asked about again and again."""
    if len(text) > ENVELOPE_LIMIT:
        return unusable(f"it is larger than {ENVELOPE_LIMIT // 1024} KiB")
    try:
        envelope = dsse.read(text)
        signer = _signer(envelope, keys)
        if isinstance(signer, ExportFact):
            return signer
        found = _content(envelope)
    except dsse.EnvelopeError as error:
        return unusable(str(error))
    return replace(found, key=signer) if found.export else found


def _signer(envelope: dsse.Envelope, keys: Sequence[TrustedKey]) -> str | ExportFact:
    """Name of the key that vouches for it."""
    from .keys import (  # noqa: PLC0415 - few operators need it
        PublicKey,
        UnusableKeyError,
    )

    signed = dsse.signed_bytes(envelope.payload_type, envelope.payload)
    broken = []
    for trusted in keys:
        try:
            key = PublicKey.read(trusted.pem.encode())
        except UnusableKeyError as error:
            broken.append(f"{trusted.name} cannot be used: {error}")
            continue
        if any(key.vouches(signature, signed) for signature in envelope.signatures):
            return trusted.name
    problem = "; ".join(broken)
    if len(broken) == len(keys):
        return ExportFact(fault=ExportFault.NO_KEY, problem=problem)
    tried = ", ".join(one.name for one in keys)
    problem = f"bears no signature of {tried}{f' ({problem})' if problem else ''}"
    return ExportFact(fault=ExportFault.UNTRUSTED, problem=problem)


def _content(envelope: dsse.Envelope) -> ExportFact:
    """What was signed, if it is an export."""
    if envelope.payload_type != PAYLOAD_TYPE:
        return unusable(
            f"what was signed is no in-toto Statement ({_short(envelope.payload_type)})"
        )
    said = dsse.json_of(envelope.payload)
    kinds = (said.get("_type"), said.get("predicateType"))
    if kinds != (STATEMENT_TYPE, PREDICATE_TYPE):
        return unusable(
            f"what was signed is no export that this operator knows ({_short(kinds[1])}); "
            "export with the plugin of its version"
        )
    try:
        export = StagingExport.model_validate(said.get("predicate"))
    except ValidationError as error:
        fault = faults_of(error, "predicate")[0]
        return unusable(
            f"{fault.path} {fault.problem}; if staging has a newer operator, this one has to be "
            "renewed first"
        )
    try:
        problem = exporting.fault(export)
    except (ValueError, RecursionError):  # half a character, or deeper than an API server takes
        problem = "a workload in its records is nothing that the operator there can have written"
    return unusable(problem) if problem else ExportFact(export)


def _short(text: object) -> str:
    return one_line(str(text), 64)


def unusable(problem: str) -> ExportFact:
    """It is no export; the words say what is wrong with it."""
    return ExportFact(fault=ExportFault.UNUSABLE, problem=problem)
