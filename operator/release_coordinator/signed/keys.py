"""Keys of Ed25519 and ECDSA P-256 (over SHA-256) in PEM, as OpenSSL makes them.

Public keys of cosign are such keys too.

The only module that knows the library `cryptography`. It costs an operator some ten megabytes, so
those who need it import it when they need it.
"""

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

KINDS = "Ed25519 or ECDSA P-256"
_ALGORITHM = ECDSA(hashes.SHA256())


class UnusableKeyError(ValueError):
    """It is no key that can be used here; the message says why."""


class LockedKeyError(UnusableKeyError):
    """The private key is encrypted, and the password is missing or wrong."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that signatures are checked with."""

    key: Ed25519PublicKey | EllipticCurvePublicKey

    @classmethod
    def read(cls, pem: bytes) -> "PublicKey":
        """Read a PEM. Raises UnusableKeyError."""
        try:
            key = serialization.load_pem_public_key(pem)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise UnusableKeyError(f"it is no public key in PEM ({KINDS})") from error
        if isinstance(key, Ed25519PublicKey):
            return cls(key)
        if isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
            return cls(key)
        raise UnusableKeyError(f"it is a key of another kind; use {KINDS}")

    @property
    def id(self) -> str:
        """SHA-256 of the key in DER, for people to compare."""
        form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(self.key.public_bytes(*form)).hexdigest()

    def vouches(self, signature: bytes, data: bytes) -> bool:
        """Whether the holder of the private key has signed these bytes."""
        try:
            if isinstance(self.key, Ed25519PublicKey):
                self.key.verify(signature, data)
            else:
                self.key.verify(signature, data, _ALGORITHM)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key that signs."""

    key: Ed25519PrivateKey | EllipticCurvePrivateKey

    @classmethod
    def read(cls, pem: bytes, password: str | None = None) -> "PrivateKey":
        """Read a PEM. Raises UnusableKeyError."""
        secret = password.encode() if password and _is_encrypted(pem) else None
        try:
            key = serialization.load_pem_private_key(pem, secret)
        except TypeError as error:
            raise LockedKeyError("it is encrypted, and no password was given") from error
        except (ValueError, UnsupportedAlgorithm) as error:
            if secret is not None:
                raise LockedKeyError("it cannot be read with this password") from error
            raise UnusableKeyError(f"it is no private key in PEM ({KINDS})") from error
        if isinstance(key, Ed25519PrivateKey):
            return cls(key)
        if isinstance(key, EllipticCurvePrivateKey) and isinstance(key.curve, SECP256R1):
            return cls(key)
        raise UnusableKeyError(f"it is a key of another kind; use {KINDS}")

    @property
    def public(self) -> PublicKey:
        """The other half."""
        return PublicKey(self.key.public_key())

    def sign(self, data: bytes) -> bytes:
        """Sign these bytes."""
        if isinstance(self.key, Ed25519PrivateKey):
            return self.key.sign(data)
        return self.key.sign(data, _ALGORITHM)


def _is_encrypted(pem: bytes) -> bool:
    """Whether a password opens it; cosign encrypts its private keys in a form of its own."""
    return b"BEGIN ENCRYPTED PRIVATE KEY" in pem or b"Proc-Type: 4,ENCRYPTED" in pem
