"""TLS, mutual everywhere: a folder with `ca.crt`, `tls.crt` and `tls.key` (as cert-manager mounts them), or none for plaintext.

PostgreSQL is told by its URL (`sslmode=verify-full&sslrootcert=…&sslcert=…&sslkey=…`). Certificates are read when a process
starts; a rotation is a rolling restart.
"""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
from temporalio.service import TLSConfig

CA, CERTIFICATE, KEY = "ca.crt", "tls.crt", "tls.key"
# What a peer's certificate says in gRPC's authentication context.
_NAMES = "x509_subject_alternative_name"


@dataclass(frozen=True)
class Transport:
    """How connections of one kind are made; without a folder they are plaintext."""

    folder: Path | None

    def _read(self, name: str) -> bytes:
        assert self.folder is not None
        return (self.folder / name).read_bytes()

    def listen(self, server: grpc.aio.Server, address: str) -> int:
        """Open a server's door; with TLS, whoever comes must show a certificate of our authority."""
        if self.folder is None:
            return server.add_insecure_port(address)
        pair = [(self._read(KEY), self._read(CERTIFICATE))]
        return server.add_secure_port(address, grpc.ssl_server_credentials(pair, self._read(CA), require_client_auth=True))

    def channel(self, address: str, options: Sequence[tuple[str, Any]] = ()) -> grpc.aio.Channel:
        """A channel to a peer; with TLS, its certificate must name the address's host."""
        if self.folder is None:
            return grpc.aio.insecure_channel(address, options=options)
        credentials = grpc.ssl_channel_credentials(self._read(CA), self._read(KEY), self._read(CERTIFICATE))
        return grpc.aio.secure_channel(address, credentials, options=options)

    def kafka(self) -> Mapping[str, Any]:
        """What aiokafka's clients are told."""
        if self.folder is None:
            return {"security_protocol": "PLAINTEXT"}
        context = ssl.create_default_context(cafile=str(self.folder / CA))
        context.load_cert_chain(self.folder / CERTIFICATE, self.folder / KEY)
        return {"security_protocol": "SSL", "ssl_context": context}

    def temporal(self) -> TLSConfig | bool:
        """What Temporal's client is told."""
        if self.folder is None:
            return False
        return TLSConfig(server_root_ca_cert=self._read(CA), client_cert=self._read(CERTIFICATE), client_private_key=self._read(KEY))


PLAINTEXT = Transport(None)


def is_shown_by(issuer: str, context: Mapping[str, Sequence[bytes]]) -> bool:
    """Whether a peer's certificate is the issuer's own: one of its names is `<issuer>` or begins with `<issuer>.`.

    True on a plaintext connection, where there is no certificate to compare. A stolen token is of no use to another service.
    """
    if b"ssl" not in context.get("transport_security_type", ()):
        return True
    return any(name.decode().split(".")[0] == issuer for name in context.get(_NAMES, ()))
