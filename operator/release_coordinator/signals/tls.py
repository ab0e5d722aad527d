"""TLS as a MetricSource wants it: its own authorities, a client certificate.

Called by `signals.links` once per set of certificates. Nothing of it is ever written to a disk:
OpenSSL reads client certificates from files only, so they are handed over in a file of the memory.
"""

import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from release_coordinator.signals.port import TLSMaterial


class BadTLS(Exception):  # noqa: N818 - a fact about a MetricSource
    """The certificates cannot be used; the message begins with a verb and quotes nothing."""


def context(material: TLSMaterial) -> ssl.SSLContext:
    """What connections are made with. Raises BadTLS."""
    try:
        made = ssl.create_default_context(cadata=material.ca or None)
    except (ssl.SSLError, ValueError):
        raise BadTLS(
            "has authorities in tls.ca that cannot be read; the platform team puts certificates "
            "in PEM into that Secret"
        ) from None
    if material.certificate:
        _show(made, material)
    return made


def _show(made: ssl.SSLContext, material: TLSMaterial) -> None:
    try:
        with _in_memory(f"{material.certificate}\n{material.private_key}\n") as path:
            # An encrypted key must fail, not ask for a password at the terminal.
            made.load_cert_chain(path, password="")
    except (ssl.SSLError, ValueError):
        raise BadTLS(
            "has a tls.certificate and tls.privateKey that cannot be read or do not belong "
            "together; the platform team puts them into their Secrets in PEM, without a password"
        ) from None


@contextmanager
def _in_memory(text: str) -> Iterator[str]:
    descriptor = os.memfd_create("tls")  # closed by exec
    try:
        os.write(descriptor, text.encode())
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)
