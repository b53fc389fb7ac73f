"""Discovery: a Registrar announces an instance, a Resolver follows the instances of a service.

The settings decide: `Etcd` → etcd, `Target: k8s://…` → Kubernetes, `Endpoints` → these addresses, none of them → a
folder for the services of this machine. `MALLGEN_DISCOVERY=file:FOLDER` puts a folder in the place of etcd and
Kubernetes, which is how `mallgen dev` runs without them.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Protocol

from msgspec import field

from mallgen_runtime.process.conf import Conf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.known_keys import ETCD, Remark

OK = "ok"
_VARIABLE = "MALLGEN_DISCOVERY"


class EtcdConf(Conf, kw_only=True):
    """go-zero's `Etcd` block: the address of etcd, and the key that instances are registered under.

    When `id` is not 0, it replaces the lease in the key's name. `user` with `password`, and the TLS files, are for an
    etcd that asks for them. With `required`, a server that cannot register within 3 s does not start.
    """

    remarks: ClassVar[Mapping[str, Remark]] = ETCD
    hosts: list[str]
    key: str = ""
    id: int = 0
    user: str = ""
    password: str = field(name="pass", default="")
    cert_file: str = ""
    cert_key_file: str = ""
    ca_cert_file: str = field(name="cacert_file", default="")
    required: bool = False


class Registrar(Protocol):
    """Announces one running instance of a service."""

    @property
    def state(self) -> str:
        """`ok`, or in a few words why the instance cannot be found at present."""

    async def register(self, address: str) -> None:
        """Announce `host:port`, and keep it announced. Does not wait for a registry that cannot be reached, unless it
        is required: then ConfigError after at most 3 s."""

    async def deregister(self) -> None:
        """Withdraw the announcement; do nothing when there is none."""


class Resolver(Protocol):
    """Knows the instances of a service."""

    @property
    def state(self) -> str:
        """`ok`, or in a few words why the known addresses may be old."""

    @property
    def addresses(self) -> tuple[str, ...]:
        """The instances, each `host:port`, sorted; the last known ones when the registry cannot be reached."""

    async def start(self, changed: Callable[[], None]) -> None:
        """Look up the addresses, at most a second, then follow them: `changed` is called when they change."""

    async def close(self) -> None:
        """Stop following."""


def registrar(name: str, etcd: EtcdConf | None) -> Registrar:
    """Return the registrar for a server called `name`."""
    if etcd is not None and not shared_folder():
        from mallgen_runtime.discovery.etcd import EtcdRegistrar

        return EtcdRegistrar(etcd, etcd.key or name)
    from mallgen_runtime.discovery.folder import FolderRegistrar

    return FolderRegistrar(etcd.key if etcd is not None and etcd.key else name)


def resolver(key: str, etcd: EtcdConf | None, endpoints: Sequence[str], pods: str = "") -> Resolver:
    """Return the resolver for the service that is registered under `key`; `pods` is a target `k8s://…`."""
    if endpoints:
        from mallgen_runtime.discovery.static import StaticResolver

        return StaticResolver(endpoints)
    if pods and not shared_folder():
        from mallgen_runtime.discovery.kubernetes import KubernetesResolver

        return KubernetesResolver(pods)
    name = etcd.key if etcd is not None and etcd.key else key
    if etcd is not None and not shared_folder():
        from mallgen_runtime.discovery.etcd import EtcdResolver

        return EtcdResolver(etcd, name)
    from mallgen_runtime.discovery.folder import FolderResolver

    return FolderResolver(name)


def shared_folder() -> str:
    """Return the folder that `MALLGEN_DISCOVERY=file:FOLDER` names, or "". Raises ConfigError for another value."""
    given = os.environ.get(_VARIABLE, "")
    if given and not given.startswith("file:"):
        raise ConfigError(f"the environment variable {_VARIABLE} is {given!r}; write file:FOLDER, or unset it")
    return given.removeprefix("file:") if given.startswith("file:") else ""
