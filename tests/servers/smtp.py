"""A mail server of this process: it keeps what it takes, and can refuse an address, fall silent, or hang up."""

import asyncio
import ipaddress
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Postman:
    """``taken``: every mail, as bytes, with its recipients. ``refusals``: address → the answer to it."""

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[tuple[list[str], bytes]] = []
        self.refusals: dict[str, str] = {}
        self.silent = self.hangs_up = False
        self.asked = self.offered = 0

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken, as a mail program reads it."""
        return [message_from_bytes(data, policy=policy.default) for _, data in self.taken]  # type: ignore[misc]

    async def handle_RCPT(self, server: SMTP, _session: Any, envelope: Envelope, address: str, _options: Any) -> str:
        self.asked += 1
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Any, envelope: Envelope) -> str:
        self.offered += 1
        if self.silent:
            await asyncio.sleep(3600)
        if self.hangs_up:
            server.transport.close()
        self.taken.append((list(envelope.rcpt_tos), bytes(envelope.content or b"")))
        return "250 taken"


@contextmanager
def postman(kind: str = "aucun", authority: Path | None = None, password: str = "") -> Iterator[Postman]:
    """A server on a free port: ``kind`` as the settings name it; ``authority``: where its certificate goes."""
    handler, loop = Postman(), asyncio.new_event_loop()
    context = _context(authority) if authority else None

    def authenticate(_server: Any, _session: Any, _envelope: Any, _kind: str, given: Any) -> AuthResult:
        sound = isinstance(given, LoginPassword) and given.password == password.encode()
        return AuthResult(success=sound, handled=sound)

    def protocol() -> SMTP:
        guarded: dict[str, Any] = {"authenticator": authenticate} if password else {}
        if kind == "starttls":
            guarded |= {"tls_context": context, "require_starttls": True, "auth_required": bool(password)}
        else:
            guarded |= {"auth_require_tls": False}  # it does not know that it is inside a connection that is encrypted
        return SMTP(handler, loop=loop, hostname="test", **guarded)

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    async def begin() -> asyncio.Server:
        return await loop.create_server(protocol, "127.0.0.1", 0, ssl=context if kind == "tls" else None)

    async def end(server: asyncio.Server) -> None:
        server.close()
        rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await asyncio.sleep(0)

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result()
    handler.port = server.sockets[0].getsockname()[1]
    try:
        yield handler
    finally:
        asyncio.run_coroutine_threadsafe(end(server), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def _context(authority: Path) -> ssl.SSLContext:
    """A context with a certificate for 127.0.0.1 that ``authority`` vouches for: itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "dsf-test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    authority.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = authority.with_suffix(".cle")
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority, private)
    return context
