"""Checks the `Etcd` block: hosts as gRPC targets, credentials."""

import ipaddress
import ssl
from typing import NamedTuple

import grpc

from mallgen_runtime.discovery import EtcdConf
from mallgen_runtime.process.address import split
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.masking import without_login


class Member(NamedTuple):
    """One member of the cluster: `host` as the settings name it, `target` as gRPC does."""

    host: str
    target: str


def members(conf: EtcdConf) -> tuple[Member, ...]:
    """Return the members. Raises ConfigError."""
    if not conf.hosts:
        raise ConfigError("Etcd.Hosts is empty")
    return tuple(_member(host) for host in conf.hosts)


def _member(given: str) -> Member:
    name = given.strip().partition("://")[2].rstrip("/") or given.strip()
    host, port = split(name)
    if not host or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65536 or "/" in name:
        raise ConfigError(f"Etcd.Hosts: {without_login(given)!r} is not host:port")
    try:
        return Member(name, f"ipv{ipaddress.ip_address(host).version}:{name}")
    except ValueError:
        return Member(name, f"dns:///{name}")


def credentials(conf: EtcdConf) -> grpc.ChannelCredentials | None:
    """Return credentials when a certificate is named or a host begins with https, else None. Raises ConfigError."""
    files = (conf.ca_cert_file, conf.cert_file, conf.cert_key_file)
    if not any(files) and not any(host.strip().startswith("https://") for host in conf.hosts):
        return None
    if bool(conf.cert_file) != bool(conf.cert_key_file):
        raise ConfigError("Etcd.CertFile and Etcd.CertKeyFile belong together; one of them is missing")
    _usable(conf)
    names = ("CACertFile", "CertFile", "CertKeyFile")
    root, own, key = (_read(path, name) for path, name in zip(files, names, strict=True))
    return grpc.ssl_channel_credentials(root, key, own)


def _usable(conf: EtcdConf) -> None:
    """Check the files with OpenSSL: gRPC would fail with the first connection and not say which file is bad."""
    context = ssl.create_default_context()
    if conf.ca_cert_file:
        _read(conf.ca_cert_file, "CACertFile")
        try:
            context.load_verify_locations(conf.ca_cert_file)
        except (ssl.SSLError, ValueError):
            raise ConfigError(f"Etcd.CACertFile: {conf.ca_cert_file} holds no certificate in PEM") from None
    if conf.cert_file:
        _read(conf.cert_file, "CertFile")
        _read(conf.cert_key_file, "CertKeyFile")
        try:
            context.load_cert_chain(conf.cert_file, conf.cert_key_file, password=lambda: "")
        except (ssl.SSLError, ValueError):
            wrong = f"{conf.cert_file} and {conf.cert_key_file}"
            raise ConfigError(f"Etcd.CertFile: {wrong} are no certificate and its unencrypted key in PEM") from None


def _read(path: str, name: str) -> bytes | None:
    if not path:
        return None
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as problem:
        raise ConfigError(f"Etcd.{name}: cannot read {path}: {problem.strerror}") from None
