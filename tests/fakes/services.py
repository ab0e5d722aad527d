"""Services that messages go to, on this host: a way to hosts of the internet, and a mailbox.

`Tunnel` is the HTTP proxy of a cluster: whatever host is asked for, a receiver here answers it,
so that a plugin of apprise sends the very request that its service would get.
"""

import asyncio
import base64
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.policy import default
from pathlib import Path

from tests.fakes.receiver import HOST


def certificate(folder: Path) -> ssl.SSLContext:
    """What a server says of itself to those who do not ask who has signed it."""
    key, own = folder / "services.key", folder / "services.crt"
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    files = ("-subj", "/CN=services", "-keyout", str(key), "-out", str(own))
    subprocess.run(["openssl", "req", "-x509", *curve, *files], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own, key)
    return context


@dataclass
class Tunnel:
    """An HTTP proxy that leads everybody to one port."""

    leads_to: int
    port: int = 0
    asked: list[str] = field(default_factory=list)
    """Hosts and ports that were asked for."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: CONNECT, and then whatever the two say to each other."""
        head = await reader.readuntil(b"\r\n\r\n")
        self.asked.append(head.split()[1].decode())
        try:
            inner_reader, inner = await asyncio.open_connection(HOST, self.leads_to)
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        await asyncio.gather(_pass_on(reader, inner), _pass_on(inner_reader, writer))
        await _closed(inner)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Until either of them has had enough."""
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
    writer.close()


async def _closed(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@dataclass
class Mailbox:
    """An SMTP server that keeps what it is given."""

    accepts: bool = True
    """Whether it believes who logs in."""
    port: int = 0
    logins: list[tuple[str, str]] = field(default_factory=list)
    mail: list[tuple[str, list[str], Message]] = field(default_factory=list)
    """Sender and recipients of the envelope, and what is in it."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, as far as RFC 5321 is needed."""
        sender, recipients = "", list[str]()
        writer.write(b"220 mail.example.com\r\n")
        while line := (await reader.readline()).decode().strip():
            verb, _, rest = line.partition(" ")
            answer = "250 fine"
            match verb.upper():
                case "EHLO":
                    answer = "250-mail.example.com\r\n250 AUTH PLAIN"
                case "AUTH":
                    _, user, word = base64.b64decode(rest.split()[1]).decode().split("\0")
                    self.logins.append((user, word))
                    answer = "235 welcome" if self.accepts else "535 5.7.8 authentication failed"
                case "MAIL":
                    sender = rest.partition("<")[2].partition(">")[0]
                case "RCPT":
                    recipients.append(rest.partition("<")[2].partition(">")[0])
                case "DATA":
                    writer.write(b"354 go on\r\n")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    told = message_from_bytes(text[:-3], policy=default)
                    self.mail.append((sender, recipients, told))
                case "QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                case _:
                    answer = "500 what?"
            writer.write(f"{answer}\r\n".encode())


@asynccontextmanager
async def served(service: Tunnel | Mailbox) -> AsyncIterator[None]:
    """Listen at a port of this host."""
    open_ones = set[asyncio.Task[None] | None]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        open_ones.add(asyncio.current_task())
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await service.serve(reader, writer)
        await _closed(writer)

    server = await asyncio.start_server(serve, HOST, 0)
    service.port = server.sockets[0].getsockname()[1]
    try:
        yield
    finally:
        server.close()
        await asyncio.gather(*filter(None, open_ones))
