"""The ready pods of a Service, by its EndpointSlices (https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/)."""

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple

from msgspec import Struct

from mallgen_runtime.discovery.kubernetes.target import Target
from mallgen_runtime.process.address import joined

MOST_SLICES, MOST_PODS = 2_000, 20_000
_LONGEST_NAME, _LONGEST_PORT = 253, 15  # Kubernetes' own limits; others keep longer names from filling the memory


class TooManyPods(Exception):
    """A Service with more pods than a client will follow."""


class Metadata(Struct, rename="camel"):
    """The name of an object and the version of what was read."""

    name: str = ""
    resource_version: str = ""


class Conditions(Struct, rename="camel"):
    """The state of a pod; one that is not said to be ready is."""

    ready: bool | None = None


class SliceEndpoint(Struct, rename="camel"):
    """A pod; clients use the first of its addresses."""

    addresses: list[str] = []
    conditions: Conditions | None = None


class Port(Struct, rename="camel"):
    """A port of the pods, with the name that the Service gives it."""

    name: str | None = None
    port: int | None = None


class Slice(Struct, rename="camel"):
    """An EndpointSlice."""

    metadata: Metadata
    endpoints: list[SliceEndpoint] | None = None
    ports: list[Port] | None = None


class _Known(NamedTuple):
    """The pods of one slice by family of address, and its ports as messages show them."""

    v4: tuple[str, ...]
    v6: tuple[str, ...]
    pods: int
    ports: str


class Slices:
    """The slices of one Service. Raises TooManyPods."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._known: dict[str, _Known] = {}
        self._pods = 0

    @property
    def addresses(self) -> tuple[str, ...]:
        """Return `host:port` of every ready pod once, sorted; a pod with addresses of both families by its IPv4 one."""
        v4 = {address for known in self._known.values() for address in known.v4}
        return tuple(sorted(v4 or {address for known in self._known.values() for address in known.v6}))

    @property
    def problem(self) -> str:
        """Return why there is no address, "" when there is one."""
        if any(known.v4 or known.v6 for known in self._known.values()):
            return ""
        ports = sorted({known.ports for known in self._known.values() if known.ports})
        wanted = self._target.port
        if wanted and not wanted.isdecimal() and ports and all(wanted not in each.split() for each in ports):
            return f"the Service {self._target} has no port {wanted}; it has {ports[0][:200]}"
        return f"no pod of the Service {self._target} is ready"

    def look(self, found: Iterable[Slice]) -> None:
        """Take all slices that there are."""
        self._known, self._pods = {}, 0
        for each in found:
            self.put(each)

    def put(self, one: Slice) -> None:
        """Take a slice that is new or has changed."""
        name = one.metadata.name
        if len(name) > _LONGEST_NAME:
            return
        gone = self._known.get(name)
        pods = self._pods - (gone.pods if gone is not None else 0) + len(one.endpoints or ())
        if pods > MOST_PODS or (gone is None and len(self._known) >= MOST_SLICES):
            raise TooManyPods(f"the Service {self._target} has more than {MOST_PODS} pods in {MOST_SLICES} slices")
        self._known[name], self._pods = self._read(one), pods

    def remove(self, one: Slice) -> None:
        """Forget a slice."""
        gone = self._known.pop(one.metadata.name, None)
        self._pods -= gone.pods if gone is not None else 0

    def _read(self, one: Slice) -> _Known:
        ports = " ".join(f"{(port.name or 'unnamed')[:_LONGEST_PORT]} {port.port}" for port in (one.ports or ())[:20])
        number = self._port(one.ports or ())
        found: dict[int, list[str]] = {4: [], 6: []}
        for pod in one.endpoints or ():
            ready = pod.conditions is None or pod.conditions.ready is not False
            address = _numeric(pod.addresses[0]) if ready and pod.addresses else None
            if address is not None and number:
                found[address.version].append(joined(str(address), number))
        return _Known(tuple(found[4]), tuple(found[6]), len(one.endpoints or ()), ports if ports.isprintable() else "")

    def _port(self, ports: Iterable[Port]) -> int:
        """Return the number of the wanted port, 0 when the slice has none."""
        wanted = self._target.port
        if wanted.isdecimal():
            return int(wanted)
        found = next((port.port for port in ports if not wanted or port.name == wanted), None) or 0
        return found if 0 < found < 65536 else 0


def _numeric(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """Return an address, None for a name, which slices of pods do not have."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
