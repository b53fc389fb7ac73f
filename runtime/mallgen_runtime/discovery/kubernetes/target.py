"""Targets as go-zero writes them, `k8s://namespace/service:port`."""

import re
from typing import NamedTuple

from mallgen_runtime.process.errors import ConfigError

SCHEME = "k8s://"
_NAMESPACE = "default"  # go-zero's
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_PORT_NAME = re.compile(r"(?=[a-z0-9-]{1,15}\Z)[a-z0-9]+(-[a-z0-9]+)*")


class Target(NamedTuple):
    """A Service of Kubernetes. `port` is the pods' own as a number, or its name in the Service; "": its first port."""

    namespace: str
    service: str
    port: str = ""

    def __str__(self) -> str:
        return f"{self.namespace}/{self.service}"


def read_target(text: str) -> Target:
    """Return the Service that a target names. Raises ConfigError."""
    namespace, slash, rest = text.removeprefix(SCHEME).partition("/")
    service, colon, port = rest.partition(":")
    target = Target(namespace or _NAMESPACE, service, port)
    sound = slash and _LABEL.fullmatch(target.namespace) and _LABEL.fullmatch(service)
    if not sound or not text.startswith(SCHEME) or (colon and not _is_port(port)):
        shown = f"{text[:100]!r}"
        raise ConfigError(f"Target {shown}: write k8s://NAMESPACE/SERVICE:PORT, PORT as a number or as its name")
    return target


def _is_port(text: str) -> bool:
    if text.isdecimal():
        return text.isascii() and len(text) <= 5 and 0 < int(text) < 65536
    return _PORT_NAME.fullmatch(text) is not None
