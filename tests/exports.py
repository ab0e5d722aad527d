"""Exports of staging as `kubectl release export` makes them, and the keys that sign them."""

import json
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from tests.unit.engine.logs import Log

from release_coordinator.api.export import PAYLOAD_TYPE, StagingExport
from release_coordinator.api.record import RecordSpec
from release_coordinator.engine.exportfacts import TrustedKey
from release_coordinator.engine.exporting import export_of, statement_of
from release_coordinator.render.export import config_map
from release_coordinator.signed import dsse
from release_coordinator.signed.keys import PrivateKey

STAGING = "shop-staging"
PATIENCE = timedelta(hours=1)


def ed25519_key() -> PrivateKey:
    """A new key of the kind that the documentation makes."""
    return PrivateKey(ed25519.Ed25519PrivateKey.generate())


def p256_key() -> PrivateKey:
    """A new key of the kind that cosign makes."""
    return PrivateKey(ec.generate_private_key(ec.SECP256R1()))


KEY = ed25519_key()
OTHER = ed25519_key()


def private_pem(key: PrivateKey, password: bytes = b"") -> bytes:
    """The file that a pipeline keeps."""
    how = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    return key.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, how)


def public_pem(key: PrivateKey) -> str:
    """What the policy names."""
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return key.key.public_key().public_bytes(*form).decode()


def trusted(key: PrivateKey = KEY, name: str = "ci") -> TrustedKey:
    """A key of the policy, as the engine asks for it."""
    return TrustedKey(name, public_pem(key))


def policy(*keys: PrivateKey, **exported: Any) -> dict[str, Any]:
    """The part of a policy that names staging in another cluster."""
    named = [
        {"name": f"ci-{number}", "publicKey": public_pem(key)}
        for number, key in enumerate(keys or (KEY,), 1)
    ]
    return {"staging": {"namespace": STAGING, "exported": {"keys": named, **exported}}}


def chained(*records: RecordSpec) -> list[RecordSpec]:
    """The records of a Release as the operator chains them, oldest first."""
    log = Log()
    for one in records:
        log.write(one)
    return list(log.records.values())


def made(*records: RecordSpec, at: datetime | None = None, **more: Any) -> StagingExport:
    """An export of these records, an hour after the last one if nothing else is said."""
    log = chained(*records)
    moment = at or log[-1].ended_at + PATIENCE
    export = export_of(STAGING, log, log[-1].version, moment)
    return export.model_copy(update=more)


def payload(export: StagingExport) -> bytes:
    """What is signed."""
    return json.dumps(statement_of(export)).encode()


def sealed(export: StagingExport, key: PrivateKey = KEY) -> str:
    """The envelope."""
    return enveloped(payload(export), key)


def enveloped(content: bytes, key: PrivateKey = KEY, kind: str = PAYLOAD_TYPE) -> str:
    """Anything, signed."""
    signature = key.sign(dsse.signed_bytes(kind, content))
    return dsse.write(kind, content, signature, key.public.id)


def carried(envelope: str, release: str = "bookshop", namespace: str = "shop") -> dict[str, Any]:
    """The ConfigMap in production."""
    body = config_map(release, envelope)
    body["metadata"]["namespace"] = namespace
    return body
