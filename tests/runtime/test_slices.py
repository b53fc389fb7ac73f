"""The slices of a Service beside a plain model of them."""

import ipaddress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mallgen_runtime.discovery.kubernetes.slices import MOST_PODS, Slice, Slices, TooManyPods
from mallgen_runtime.discovery.kubernetes.target import Target

Pods = list[tuple[str, bool | None]]
Ports = list[tuple[str | None, int | None]]
NAMES = st.sampled_from(["a", "b", "c"])
ADDRESSES = st.sampled_from(["10.0.0.1", "10.0.0.2", "10.0.0.3", "fd00::1", "fd00:0:0::2", "a-name", "", "10.0.0.256"])
READY = st.sampled_from([True, False, None])
PODS = st.lists(st.tuples(ADDRESSES, READY), max_size=4)
PORT_NAMES = st.sampled_from(["grpc", "dev", None])
PORTS = st.lists(st.tuples(PORT_NAMES, st.integers(-1, 65540) | st.none()), max_size=3)
CHANGES = st.lists(st.tuples(NAMES, PODS | st.none(), PORTS), max_size=12)
TARGETS = st.sampled_from([Target("n", "s", "grpc"), Target("n", "s", "9"), Target("n", "s")])


@given(TARGETS, CHANGES)
def test_addresses_are_those_of_a_plain_model(target: Target, changes: list[tuple[str, Pods | None, Ports]]) -> None:
    slices, model = Slices(target), dict[str, set[str]]()
    for name, pods, ports in changes:
        made = msgspec.convert(_slice(name, pods or [], ports), Slice)
        if pods is None:
            slices.remove(made)
            model.pop(name, None)
        else:
            slices.put(made)
            model[name] = _expected(target, pods, ports)
        found = {address for each in model.values() for address in each}
        four = {address for address in found if not address.startswith("[")}
        assert slices.addresses == tuple(sorted(four or found))
        assert bool(slices.problem) == (not found)


def _slice(name: str, pods: Pods, ports: Ports) -> object:
    return {
        "metadata": {"name": name, "resourceVersion": "1", "labels": {}},
        "endpoints": [{"addresses": [address], "conditions": {"ready": ready}} for address, ready in pods],
        "ports": [{"name": port, "port": number} for port, number in ports],
    }


def _expected(target: Target, pods: Pods, ports: Ports) -> set[str]:
    wanted = [number or 0 for name, number in ports if target.port in ("", name)]
    number = int(target.port) if target.port.isdecimal() else (wanted or [0])[0]
    if not 0 < number < 65536:
        return set()
    found = set()
    for address, ready in pods:
        if ready is not False and address not in ("a-name", "", "10.0.0.256"):
            shown = str(ipaddress.ip_address(address))
            found.add(f"[{shown}]:{number}" if ":" in shown else f"{shown}:{number}")
    return found


def test_pods_are_counted_over_all_slices() -> None:
    """A slice that changes replaces what it had, and one that is removed counts no more."""
    slices = Slices(Target("n", "s", "9"))
    half: Pods = [("10.0.0.1", True)] * (MOST_PODS // 2)
    for name in ("a", "b", "a", "b"):
        slices.put(msgspec.convert(_slice(name, half, []), Slice))
    one = msgspec.convert(_slice("c", [("10.0.0.2", True)], []), Slice)
    with pytest.raises(TooManyPods):
        slices.put(one)
    slices.remove(msgspec.convert(_slice("a", [], []), Slice))
    slices.put(one)
    assert slices.addresses == ("10.0.0.1:9", "10.0.0.2:9")


def test_a_slice_that_is_too_much_takes_no_known_pod_away() -> None:
    slices = Slices(Target("n", "s", "9"))
    slices.put(msgspec.convert(_slice("a", [("10.0.0.1", True)], []), Slice))
    with pytest.raises(TooManyPods):
        slices.put(msgspec.convert(_slice("a", [("10.0.0.2", True)] * (MOST_PODS + 1), []), Slice))
    assert slices.addresses == ("10.0.0.1:9",)


def test_what_is_kept_of_a_slice_is_bounded() -> None:
    slices = Slices(Target("n", "s", "grpc"))
    slices.put(msgspec.convert(_slice("a" * 254, [("10.0.0.1", True)], []), Slice))
    assert slices.addresses == ()
    for name in ("p" * 100_000, "a\nb"):
        slices.put(msgspec.convert(_slice("a", [("10.0.0.1", True)], [(name, 1)]), Slice))
        assert len(slices.problem) < 200
        assert slices.problem.isprintable()
