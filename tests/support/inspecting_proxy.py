"""A proxy on this machine that opens every TLS connection, as those of companies do, with an authority of its own."""

from __future__ import annotations

import datetime as dt
import re
import select
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

PAGE = b"<html><h1>Blocked by the web gateway</h1></html>"


@dataclass(frozen=True)
class Authority:
    """A private certificate authority: its own certificate (PEM), and those that it makes for servers."""

    folder: Path
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls, folder: Path) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Acme Root")])
        made = (
            _builder(name, name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(_usage(signs=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        found = cls(folder, key, made)
        found.file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        return found

    @property
    def file(self) -> Path:
        return self.folder / "acme-root.pem"

    def server(self, host: str, *, expired: bool = False) -> ssl.SSLContext:
        """What a server called ``host`` shows to its clients."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        made = (
            _builder(name, self.certificate.subject, key, expired=expired)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), critical=False
            )
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / f"{host}{'-expired' if expired else ''}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + made.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context


def _builder(
    name: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, *, expired: bool = False
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    begun = now - dt.timedelta(days=3)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begun)
        .not_valid_after(begun + dt.timedelta(days=1) if expired else now + dt.timedelta(days=1))
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


@dataclass
class InspectingProxy:
    """Opens tunnels to ``backends`` (host -> address on this machine) and to ``files`` (host -> body).

    ``refusal`` is answered to every CONNECT instead; ``page`` is the status of the proxy's own page, which it shows
    instead of every server's answer. ``asked`` are the hosts of all CONNECTs.
    """

    authority: Authority
    backends: Mapping[str, str]
    files: Mapping[str, bytes] = field(default_factory=dict)
    refusal: int = 0
    page: int = 0
    expired: bool = False
    asked: list[str] = field(default_factory=list)
    url: str = ""
    _contexts: dict[str, ssl.SSLContext] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def serve(self, client: socket.socket) -> None:
        with suppress(OSError), closing(client):
            head = _head(client)
            host = head.split()[1].decode().rpartition(":")[0]
            self.asked.append(host)
            if self.refusal or not (host in self.backends or host in self.files):
                client.sendall(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % (self.refusal or 502))
                return
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            with closing(self._context(host).wrap_socket(client, server_side=True)) as secure:
                self._answer(secure, host)

    def _context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                self._contexts[host] = self.authority.server(host, expired=self.expired)
            return self._contexts[host]

    def _answer(self, secure: ssl.SSLSocket, host: str) -> None:
        if self.page or host in self.files:
            _request(secure)
            body = PAGE if self.page else self.files[host]
            kind = b"text/html" if self.page else b"text/csv"
            secure.sendall(
                b"HTTP/1.1 %d Answer\r\nContent-Type: %s\r\nContent-Length: %d\r\nConnection: close\r\n"
                b"Last-Modified: Sun, 22 Nov 2026 20:00:00 GMT\r\n\r\n"
                % (self.page or 200, kind, len(body))
                + body
            )
            return
        parts = urlsplit(self.backends[host])
        with closing(socket.create_connection((parts.hostname or "", parts.port or 0))) as backend:
            _piped(secure, backend)


def _request(client: socket.socket) -> None:
    """Read a request whole: closing a connection with something unread would take the answer away from its client."""
    head, _, body = _head(client).partition(b"\r\n\r\n")
    found = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
    missing = (int(found[1]) if found else 0) - len(body)
    while missing > 0 and (read := client.recv(65536)):
        missing -= len(read)


def _head(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data and (read := client.recv(65536)):
        data += read
    return data


def _piped(one: ssl.SSLSocket, other: socket.socket) -> None:
    while True:
        ready = [one] if one.pending() else select.select([one, other], [], [])[0]
        for side in ready:
            data = side.recv(65536)
            if not data:
                return
            (other if side is one else one).sendall(data)


@contextmanager
def running(proxy: InspectingProxy) -> Iterator[InspectingProxy]:
    """The proxy on a free port of this machine."""
    listener = socket.create_server(("127.0.0.1", 0))
    proxy.url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=proxy.serve, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(timeout=120)
