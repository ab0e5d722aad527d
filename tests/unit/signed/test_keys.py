"""Keys as OpenSSL makes them, with the commands of the documentation."""

import subprocess
from pathlib import Path

import pytest
from tests.exports import ed25519_key, p256_key, private_pem, public_pem

from release_coordinator.api.policy import SigningKey
from release_coordinator.signed.keys import (
    LockedKeyError,
    PrivateKey,
    PublicKey,
    UnusableKeyError,
)


def openssl(*words: str) -> bytes:
    return subprocess.run(["openssl", *words], check=True, capture_output=True).stdout


@pytest.mark.parametrize(
    "kind",
    [
        ("-algorithm", "ed25519"),
        ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
    ],
)
def test_a_key_of_openssl_signs_and_its_public_half_fits_into_a_policy(
    kind: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "staging.pem"
    openssl("genpkey", *kind, "-out", str(file))
    public = openssl("pkey", "-in", str(file), "-pubout")

    private = PrivateKey.read(file.read_bytes())
    named = SigningKey(name="ci", public_key=public.decode())

    key = PublicKey.read(named.public_key.encode())
    assert key.vouches(private.sign(b"said"), b"said")
    assert not key.vouches(private.sign(b"said"), b"other")
    assert private.public.id == key.id


def test_a_key_id_is_the_digest_that_openssl_shows(tmp_path: Path) -> None:
    file = tmp_path / "staging.pem"
    openssl("genpkey", "-algorithm", "ed25519", "-out", str(file))
    der = tmp_path / "public.der"
    openssl("pkey", "-in", str(file), "-pubout", "-outform", "DER", "-out", str(der))

    shown = openssl("dgst", "-sha256", "-r", str(der)).split()[0].decode()

    assert PrivateKey.read(file.read_bytes()).public.id == shown


def test_an_encrypted_key_wants_its_password() -> None:
    pem = private_pem(ed25519_key(), b"correct horse")

    assert PrivateKey.read(pem, "correct horse").sign(b"said")
    with pytest.raises(LockedKeyError, match="no password was given"):
        PrivateKey.read(pem)
    with pytest.raises(LockedKeyError, match="with this password"):
        PrivateKey.read(pem, "wrong")


def test_a_password_that_a_key_does_not_need_does_no_harm() -> None:
    assert PrivateKey.read(private_pem(p256_key()), "unused").sign(b"said")


@pytest.mark.parametrize(
    "kind",
    [
        ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"),
        ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"),
        ("-algorithm", "x25519"),
    ],
)
def test_keys_of_other_kinds_are_refused_with_those_that_can_be_used(
    kind: tuple[str, ...], tmp_path: Path
) -> None:
    file = tmp_path / "other.pem"
    openssl("genpkey", *kind, "-out", str(file))

    with pytest.raises(UnusableKeyError, match="use Ed25519 or ECDSA P-256"):
        PrivateKey.read(file.read_bytes())
    with pytest.raises(UnusableKeyError, match="use Ed25519 or ECDSA P-256"):
        PublicKey.read(openssl("pkey", "-in", str(file), "-pubout"))


@pytest.mark.parametrize("pem", [b"", b"x", b"-----BEGIN PRIVATE KEY-----\n-----END"])
def test_what_is_no_key_is_refused(pem: bytes) -> None:
    with pytest.raises(UnusableKeyError, match="no private key in PEM"):
        PrivateKey.read(pem)
    with pytest.raises(UnusableKeyError, match="no public key in PEM"):
        PublicKey.read(pem)


@pytest.mark.parametrize("password", [None, "correct horse"])
def test_a_private_key_in_the_form_of_cosign_is_told_whatever_password_there_is(
    password: str | None,
) -> None:
    """Another password would not help."""
    pem = private_pem(p256_key(), b"correct horse")
    pem = pem.replace(b"ENCRYPTED PRIVATE KEY", b"ENCRYPTED SIGSTORE PRIVATE KEY")

    with pytest.raises(UnusableKeyError, match="no private key in PEM") as refused:
        PrivateKey.read(pem, password)
    assert not isinstance(refused.value, LockedKeyError)


def test_an_encrypted_key_in_the_old_form_of_openssl_wants_its_password(tmp_path: Path) -> None:
    file = tmp_path / "staging.pem"
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(file))
    pem = openssl("ec", "-in", str(file), "-aes256", "-passout", "pass:horse")

    assert PrivateKey.read(pem, "horse").sign(b"said")
    with pytest.raises(LockedKeyError, match="no password was given"):
        PrivateKey.read(pem)


def test_halves_are_not_taken_for_one_another() -> None:
    with pytest.raises(UnusableKeyError):
        PublicKey.read(private_pem(ed25519_key()))
    with pytest.raises(UnusableKeyError):
        PrivateKey.read(public_pem(ed25519_key()).encode())


def test_what_a_key_has_not_signed_is_no_signature_whatever_its_form() -> None:
    for key in (ed25519_key(), p256_key()):
        assert not key.public.vouches(b"", b"said")
        assert not key.public.vouches(b"x" * 64, b"said")
        assert not key.public.vouches(b"x" * 5000, b"said")
