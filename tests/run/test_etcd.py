"""Registration and lookup on a real etcd: go-zero's keys and values, instances that come and go."""

import asyncio
import logging
import time
from typing import Any
from uuid import uuid4

import pytest

from mallgen_runtime.discovery import OK, EtcdConf
from mallgen_runtime.discovery.etcd import EtcdRegistrar, EtcdResolver
from mallgen_runtime.discovery.etcd.client import RANGE, Broken, EtcdClient
from mallgen_runtime.process.conf import parse_config
from mallgen_runtime.process.errors import ConfigError
from tests.parts import Etcd
from tests.run.discovering import registered, resolving, run, silent_server, soon, until


@pytest.fixture
def key() -> str:
    """Return a service key that no other test uses."""
    return f"order-{uuid4().hex[:8]}.rpc"


@pytest.fixture
def conf(etcd: Etcd) -> EtcdConf:
    """Return the settings of the shared etcd."""
    return EtcdConf(hosts=[etcd.host])


def test_an_instance_is_registered_as_go_zero_does_it(etcd: Etcd, conf: EtcdConf, key: str) -> None:
    async def work() -> None:
        async with registered(conf, key, "10.0.0.7:8080") as registrar:
            await soon(lambda: registrar.state == OK, "registered")
            [(name, value)] = etcd.keys(f"{key}/").items()
            lease = name.removeprefix(f"{key}/")
            assert lease.isdecimal()
            assert value == b"10.0.0.7:8080"
            assert etcd.lease_left(int(lease)) in (9, 10)
            asked = etcd.ask("lease/timetolive", ID=lease, keys=True)
            assert asked["grantedTTL"] == "10"
            assert len(asked["keys"]) == 1
        assert etcd.keys(f"{key}/") == {}
        assert etcd.lease_left(int(lease)) == -1

    run(work)


def test_a_fixed_id_takes_the_place_of_the_lease(etcd: Etcd, key: str) -> None:
    async def work() -> None:
        async with registered(EtcdConf(hosts=[etcd.host], id=7), key, "10.0.0.7:8080") as registrar:
            await soon(lambda: registrar.state == OK, "registered")
            assert etcd.keys(f"{key}/") == {f"{key}/7": b"10.0.0.7:8080"}

    run(work)


def test_two_instances_with_one_id_are_told(etcd: Etcd, key: str, caplog: pytest.LogCaptureFixture) -> None:
    conf = EtcdConf(hosts=[etcd.host], id=7)

    async def work() -> None:
        async with registered(conf, key, "10.0.0.7:8080") as one:
            await soon(lambda: one.state == OK, "registered")
            await asyncio.sleep(0.2)
            async with registered(conf, key, "10.0.0.8:8080") as two:
                await soon(lambda: two.state == OK, "registered")
                await soon(lambda: "give each instance its Etcd.ID" in caplog.text, "told")
                assert etcd.keys(f"{key}/") == {f"{key}/7": b"10.0.0.8:8080"}
            await soon(lambda: etcd.keys(f"{key}/") == {f"{key}/7": b"10.0.0.7:8080"}, "the first is back")

    run(work)


def test_instances_come_and_go(etcd: Etcd, conf: EtcdConf, key: str) -> None:
    async def work() -> None:
        async with registered(conf, key, "10.0.0.1:80"), registered(conf, key, "10.0.0.2:80") as two:
            await soon(lambda: len(etcd.keys(f"{key}/")) == 2, "registered")
            async with resolving(conf, key) as seen:
                assert seen.addresses == ("10.0.0.1:80", "10.0.0.2:80")
                assert seen.resolver.state == OK
                async with registered(conf, key, "10.0.0.3:80"):
                    await soon(lambda: len(seen.addresses) == 3, "the third is seen")
                start = time.monotonic()
                await soon(lambda: len(seen.addresses) == 2, "the third has left")
                assert time.monotonic() - start < 0.5
                await two.deregister()
                await soon(lambda: seen.addresses == ("10.0.0.1:80",), "the second has left")
            assert [len(found) for found in seen.sets] == [3, 2, 1]

    run(work)


def test_the_last_one_that_leaves_is_believed(etcd: Etcd, conf: EtcdConf, key: str) -> None:
    async def work() -> None:
        async with resolving(conf, key) as seen:
            assert seen.resolver.state == f"no instance of {key} is registered"
            async with registered(conf, key, "10.0.0.1:80"):
                await soon(lambda: seen.addresses == ("10.0.0.1:80",), "seen")
            await soon(lambda: seen.addresses == (), "left")

    run(work)


def test_what_go_zero_would_not_see_is_not_seen(etcd: Etcd, conf: EtcdConf, key: str) -> None:
    etcd.put(key, b"10.0.0.1:80")
    etcd.put(f"{key}2/1", b"10.0.0.2:80")
    etcd.put(f"{key}/anything", b"localhost:80")

    async def work() -> None:
        async with resolving(conf, key) as seen:
            assert seen.addresses == ("localhost:80",)
            etcd.put(f"{key}0", b"10.0.0.3:80")
            etcd.put(f"{key}/9041998834835941384", b"127.0.0.1:18081")
            await soon(lambda: seen.addresses == ("127.0.0.1:18081", "localhost:80"), "seen")
            etcd.put(f"{key}/anything", b"127.0.0.1:18081")
            await soon(lambda: seen.addresses == ("127.0.0.1:18081",), "moved")

    run(work)


GARBAGE = (
    b"",
    b"grpc://10.0.0.1:80",
    b'{"addr": "10.0.0.1:80"}',
    b"10.0.0.1",
    b":80",
    b"10.0.0.1:0",
    b"10.0.0.1:99999",
    b"10.0.0.1:80\n10.0.0.2:80",
    b"../../etc/passwd:80",
    b"\xff\xfe\x00:80",
    b"fe80::1:80",
    b"a" * 100_000 + b":80",
)


def test_garbage_is_ignored_with_one_warning_each(
    etcd: Etcd, conf: EtcdConf, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    for number, value in enumerate(GARBAGE):
        etcd.put(f"{key}/{number}", value)
    etcd.put(f"{key}/../../x", b"[fe80::1]:80")

    async def work() -> None:
        async with resolving(conf, key) as seen:
            assert seen.addresses == ("[fe80::1]:80",)
            etcd.put(f"{key}/0", GARBAGE[0])
            etcd.put(f"{key}/late", b"10.0.0.1:80")
            await soon(lambda: len(seen.addresses) == 2, "the good one is seen")
            etcd.put(f"{key}/late", b"nonsense")
            await soon(lambda: len(seen.addresses) == 1, "it has become garbage")

    run(work)
    lines = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) == len(GARBAGE) + 1
    assert all("is no host:port" in line and len(line) < 400 for line in lines)


def test_a_key_that_is_deleted_by_hand_is_put_again(etcd: Etcd, conf: EtcdConf, key: str) -> None:
    async def work() -> None:
        async with registered(conf, key, "10.0.0.7:8080") as registrar:
            await soon(lambda: registrar.state == OK, "registered")
            before = etcd.keys(f"{key}/")
            for _ in range(3):
                etcd.delete(next(iter(before)))
                await soon(lambda: etcd.keys(f"{key}/") == before, "put again")
        assert etcd.keys(f"{key}/") == {}

    run(work)


def test_a_lease_that_is_revoked_by_hand_is_replaced(etcd: Etcd, conf: EtcdConf, key: str) -> None:
    async def work() -> None:
        async with registered(conf, key, "10.0.0.7:8080") as registrar:
            await soon(lambda: registrar.state == OK, "registered")
            await asyncio.sleep(0.2)
            [before] = etcd.keys(f"{key}/")
            etcd.ask("lease/revoke", ID=before.rpartition("/")[2])
            await soon(lambda: list(etcd.keys(f"{key}/").values()) == [b"10.0.0.7:8080"], "registered again")
            assert list(etcd.keys(f"{key}/")) != [before]

    run(work)


def test_compaction_ends_a_watch_that_is_behind(etcd: Etcd, conf: EtcdConf, key: str) -> None:
    for number in range(5):
        etcd.put(f"{key}/1", b"10.0.0.%d:80" % number)
    now = int(etcd.ask("kv/range", key=b"x")["header"]["revision"])
    etcd.ask("kv/compaction", revision=now)

    async def work() -> None:
        client = EtcdClient(conf)
        with pytest.raises(Broken, match="compacted"):
            async for _ in client.watch(f"{key}/".encode(), f"{key}0".encode(), now - 4):
                raise AssertionError("there is nothing to see")
        await client.close()

    run(work)


def test_a_watch_for_what_etcd_has_forgotten_is_not_silent(etcd: Etcd, conf: EtcdConf, key: str) -> None:
    """A watch fails when etcd lost its data after the list was read: the awaited revision would take hours."""
    now = int(etcd.ask("kv/range", key=b"x")["header"]["revision"])

    async def work() -> None:
        client = EtcdClient(conf)
        with pytest.raises(Broken, match="lost what it knew"):
            async for _ in client.watch(f"{key}/".encode(), f"{key}0".encode(), now + 1000):
                raise AssertionError("there is nothing to see")
        await client.close()

    run(work)


def test_a_resolver_looks_again_after_a_compaction(
    etcd: Etcd, conf: EtcdConf, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    etcd.put(f"{key}/1", b"10.0.0.1:80")
    behind = [3]

    async def work() -> None:
        real = EtcdClient.unary

        async def unary(self: EtcdClient, rpc: Any, request: Any) -> Any:
            """Compact the revision of the first three replies before their watch begins."""
            reply: Any = await real(self, rpc, request)
            if rpc is RANGE and behind[0]:
                behind[0] -= 1
                etcd.put(f"{key}/2", b"10.0.0.2:80")
                etcd.put(f"{key}/2", b"10.0.0.2:80")
                etcd.ask("kv/compaction", revision=reply.header.revision + 2)
            return reply

        monkeypatch.setattr(EtcdClient, "unary", unary)
        async with resolving(conf, key) as seen:
            await soon(lambda: len(seen.addresses) == 2, "what was missed is seen")
            await soon(lambda: behind[0] == 0, "looked again")
            etcd.put(f"{key}/3", b"10.0.0.3:80")
            await soon(lambda: len(seen.addresses) == 3, "the watch works")
            assert seen.resolver.state == OK

    run(work)


def test_dead_hosts_are_passed_over(etcd: Etcd, key: str) -> None:
    dead = ["127.0.0.1:1", "127.0.0.1:2"]

    async def work() -> None:
        for hosts in ([*dead, etcd.host], [etcd.host, *dead], [f"http://{etcd.host}"]):
            conf = EtcdConf(hosts=hosts)
            async with registered(conf, key, "10.0.0.1:80"), resolving(conf, key) as seen:
                await until(lambda: seen.addresses == ("10.0.0.1:80",), 1, "found in spite of dead hosts")

    run(work)


def test_a_host_that_never_answers_costs_a_second(etcd: Etcd, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.randrange", lambda _: 0)  # begin with the first host

    async def work() -> None:
        with silent_server() as host:
            conf = EtcdConf(hosts=[host, etcd.host], required=True)
            start = time.monotonic()
            async with registered(conf, key, "10.0.0.1:80") as registrar:
                assert registrar.state == OK
                assert 0.9 < time.monotonic() - start < 1.6

    run(work)


def test_what_is_no_etcd_is_told(key: str) -> None:
    async def work() -> None:
        async def http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(http, "127.0.0.1", 0)
        host = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        async with resolving(EtcdConf(hosts=[host]), key) as seen:
            assert seen.resolver.state.startswith(f"etcd {host} cannot be reached"), seen.resolver.state
        server.close()

    run(work)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"hosts": []}, "Etcd.Hosts is empty"),
        ({"hosts": ["127.0.0.1"]}, "Etcd.Hosts: '127.0.0.1' is not host:port"),
        ({"hosts": ["127.0.0.1:x"]}, "Etcd.Hosts: '127.0.0.1:x' is not host:port"),
        ({"ca_cert_file": "/none"}, "Etcd.CACertFile: cannot read /none: No such file or directory"),
        ({"cert_file": "/none"}, "Etcd.CertFile and Etcd.CertKeyFile belong together; one of them is missing"),
        ({"ca_cert_file": __file__}, f"Etcd.CACertFile: {__file__} holds no certificate in PEM"),
        (
            {"cert_file": __file__, "cert_key_file": __file__},
            f"Etcd.CertFile: {__file__} and {__file__} are no certificate and its unencrypted key in PEM",
        ),
    ],
)
def test_settings_that_cannot_be_used(changes: dict[str, object], line: str) -> None:
    conf = EtcdConf(hosts=["127.0.0.1:2379"])
    for name, value in changes.items():
        setattr(conf, name, value)
    for kind in (EtcdRegistrar, EtcdResolver):
        with pytest.raises(ConfigError) as problem:
            kind(conf, "order.rpc")
        assert str(problem.value) == line


def test_the_keys_of_the_settings() -> None:
    text = "Hosts: [a:1, b:2]\nKey: order.rpc\nID: 3\nUser: u\nPass: p\nRequired: true\n"
    text += "CertFile: c\nCertKeyFile: k\nCACertFile: r\n"
    assert parse_config(EtcdConf, text, "x.yaml") == EtcdConf(
        hosts=["a:1", "b:2"],
        key="order.rpc",
        id=3,
        user="u",
        password="p",
        cert_file="c",
        cert_key_file="k",
        ca_cert_file="r",
        required=True,
    )
