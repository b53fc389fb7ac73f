"""Finds a client's address behind proxies: X-Forwarded-For is believed of the proxies in the settings only."""

import ipaddress
from collections.abc import Iterable, Sequence

from mallgen_runtime.process.errors import ConfigError

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class TrustedProxies:
    """Addresses and networks (`10.0.0.0/8`) of proxies. Raises ConfigError for what is neither."""

    def __init__(self, named: Sequence[str]) -> None:
        self._networks = tuple(map(_network, named))

    def __bool__(self) -> bool:
        return bool(self._networks)

    def client(self, peer: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Return the client's address: of the peer and X-Forwarded-For, read from the right, the first that is not a
        trusted proxy. Entries left of it are only a claim of that address."""
        found = _address(peer)
        if found is None or not self._trusts(found):
            return peer
        values = [value for name, value in headers if name == b"x-forwarded-for"]
        for entry in reversed(b",".join(values).split(b",")):
            address = _address(_without_port(entry.decode("latin-1").strip()))
            if address is None:
                break
            found = address
            if not self._trusts(address):
                break
        return str(found)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self._networks)


def _network(text: str) -> Network:
    try:
        return ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        problem = f"TrustedProxies: {text!r} is neither an address nor a network; write 10.0.0.7 or 10.0.0.0/8"
        raise ConfigError(problem) from None


def _address(text: str) -> Address | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _without_port(text: str) -> str:
    """`1.2.3.4:5678` and `[::1]:5678` as some proxies write them."""
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0] if text.count(":") == 1 else text
