"""Discovery by etcd with go-zero's keys, `<Key>/<lease>` → `host:port`: services in Go and Python find each other.

`EtcdClient` speaks to etcd, `EtcdRegistrar` announces an instance, `EtcdResolver` follows the instances of a service.
"""

from mallgen_runtime.discovery.etcd.registrar import EtcdRegistrar
from mallgen_runtime.discovery.etcd.resolver import EtcdResolver

__all__ = ["EtcdRegistrar", "EtcdResolver"]
