"""TLS of servers and clients: certificates of files, read again when the files change."""

import logging
import os
import ssl
import time
from collections.abc import Sequence

from mallgen_runtime.process.errors import ConfigError

_LOG = logging.getLogger("mallgen.service")
_LOOK_SECONDS = 1.0
Stamps = tuple[tuple[int, int] | None, ...]


class TlsFiles:
    """The certificate of a server, its key, and the authorities whose client certificates it asks for.

    `client_ca` "": clients need no certificate. The files are looked at when a client comes, once a second at most;
    while new ones cannot be used, the ones before stay. Raises ConfigError for files that cannot be used at the start.
    """

    def __init__(self, cert: str, key: str, client_ca: str, protocols: Sequence[str]) -> None:
        if not cert or not key:
            raise ConfigError(f"{'KeyFile' if cert else 'CertFile'} is not set: TLS needs both CertFile and KeyFile")
        self.cert, self.key, self.client_ca = cert, key, client_ca
        self._protocols = list(protocols)
        self._stamps = self._stamped()
        self._looked = time.monotonic()
        try:
            self._newest = self._made()
        except (OSError, ValueError) as problem:
            raise ConfigError(f"the TLS files cannot be used ({', '.join(self.files)}): {problem}") from None
        self.context = self._made()
        self.context.sni_callback = self._choose

    @property
    def files(self) -> list[str]:
        """The files that are read."""
        return [path for path in (self.cert, self.key, self.client_ca) if path]

    def renew(self) -> bool:
        """Read the files again if they have changed since; return whether there are new ones in use."""
        now = time.monotonic()
        if now - self._looked < _LOOK_SECONDS:
            return False
        self._looked = now
        stamps = self._stamped()
        if stamps == self._stamps:
            return False
        try:
            self._newest = self._made()
        except (OSError, ValueError) as problem:
            _LOG.error("the TLS files cannot be used (%s): %s; those before stay", ", ".join(self.files), problem)
            return False
        self._stamps = stamps
        _LOG.info("the TLS files were read again: %s", ", ".join(self.files))
        return True

    def _choose(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        """Take the newest files for a handshake."""
        self.renew()
        connection.context = self._newest

    def _made(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(self._protocols)
        context.load_cert_chain(self.cert, self.key, _no_phrase)
        if self.client_ca:
            context.load_verify_locations(self.client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _stamped(self) -> Stamps:
        return tuple(_stamp(path) for path in self.files)


def server_tls(cert: str, key: str, client_ca: str, protocols: Sequence[str]) -> TlsFiles | None:
    """Return the files of a server, None for one without TLS. Raises ConfigError."""
    return TlsFiles(cert, key, client_ca, protocols) if cert or key or client_ca else None


def client_tls(ca: str, cert: str, key: str, protocols: Sequence[str]) -> ssl.SSLContext:
    """Return the context of a client that trusts `ca`, "": the system's authorities. Raises ConfigError."""
    if bool(cert) != bool(key):
        raise ConfigError(f"{'KeyFile' if cert else 'CertFile'} is not set: a client's certificate needs both")
    try:
        context = ssl.create_default_context(cafile=ca or None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(list(protocols))
        if cert:
            context.load_cert_chain(cert, key, _no_phrase)
    except (OSError, ValueError) as problem:
        raise ConfigError(
            f"the TLS files cannot be used ({', '.join(filter(None, (ca, cert, key)))}): {problem}"
        ) from None
    return context


def _no_phrase() -> str:
    """Refuse an encrypted key, for which OpenSSL would ask on the terminal and wait."""
    raise ValueError("the key asks for a pass phrase; write it without one, as `openssl pkey` does")


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
