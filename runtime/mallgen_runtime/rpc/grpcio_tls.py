"""TLS of grpc.aio: credentials from the files of the settings."""

from typing import Any

import grpc

from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.tls import TlsFiles, client_tls
from mallgen_runtime.rpc.conf import RpcClientConf


def server_credentials(tls: TlsFiles) -> grpc.ServerCredentials:
    """Return credentials that are made again when the files change."""

    def made() -> grpc.ServerCertificateConfiguration:
        authorities = _read(tls.client_ca) if tls.client_ca else None
        return grpc.ssl_server_certificate_configuration([(_read(tls.key), _read(tls.cert))], authorities)

    def fetched() -> Any:  # None: nothing has changed
        return made() if tls.renew() else None

    return grpc.dynamic_ssl_server_credentials(made(), fetched, bool(tls.client_ca))


def channel_credentials(conf: RpcClientConf) -> grpc.ChannelCredentials:
    """Return the credentials of a client. Raises ConfigError for files that cannot be used."""
    client_tls(conf.ca_cert_file, conf.cert_file, conf.key_file, ["h2"])  # its errors say what is wrong
    authorities, key, cert = (
        _read(path) if path else None for path in (conf.ca_cert_file, conf.key_file, conf.cert_file)
    )
    return grpc.ssl_channel_credentials(authorities, key, cert)


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        raise ConfigError(f"{path} cannot be read: {problem}") from None
