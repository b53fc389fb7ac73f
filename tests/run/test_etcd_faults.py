"""Faults of a real etcd: missing, killed, with its data lost, with passwords, and with certificates."""

import asyncio
import datetime
import ipaddress
import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mallgen_runtime.discovery import OK, EtcdConf
from mallgen_runtime.discovery.etcd import EtcdRegistrar
from mallgen_runtime.discovery.etcd import etcd_pb2 as pb
from mallgen_runtime.discovery.etcd.client import RANGE, EtcdClient
from mallgen_runtime.discovery.etcd.instances import Instances
from mallgen_runtime.process.errors import ConfigError
from tests import parts
from tests.parts import Etcd
from tests.pauses import Pauses
from tests.run.discovering import registered, resolving, run, silent_server, soon, until

pytestmark = pytest.mark.slow

KEY = "order.rpc"
Warned = Callable[[], list[str]]
Figure = Callable[[str, object], None]


@pytest.fixture
def warned(caplog: pytest.LogCaptureFixture) -> Warned:
    """Return a function that lists the warnings so far, and fails on a traceback among them."""

    def lines() -> list[str]:
        found = [record for record in caplog.records if record.levelno >= logging.WARNING]
        found = [record for record in found if record.name != "mallgen.queue.kafka"]  # of another test's broker
        assert not any(record.exc_info for record in found)
        return [record.getMessage() for record in found]

    return lines


@pytest.fixture
def off(tmp_path: Path) -> Iterator[Etcd]:
    """Return an etcd that is not started yet."""
    part = Etcd(tmp_path)
    yield part
    part.kill()


@pytest.mark.slow
def test_an_etcd_that_comes_late(
    off: Etcd, warned: Warned, monkeypatch: pytest.MonkeyPatch, record_property: Figure
) -> None:
    attempts = _connection_times(monkeypatch)

    async def work() -> None:
        conf = EtcdConf(hosts=[off.host])
        start = time.monotonic()
        async with resolving(conf, KEY) as seen, registered(conf, KEY, "10.0.0.1:80") as registrar:
            assert time.monotonic() - start < 0.5
            await asyncio.sleep(2)
            missing = f"etcd {off.host} cannot be reached"
            assert registrar.state == seen.resolver.state == missing
            line = f"{missing}; start it (etcd) or remove the Etcd block; still trying"
            assert warned() == [line, line], "one from the server, one from the client"
            assert 6 <= len(attempts) <= 20, "two that try, 0.1 s to 2 s between attempts"
            await asyncio.to_thread(off.start)
            took = await until(lambda: registrar.state == OK, 5, "registered after etcd has come")
            took = max(took, await until(lambda: seen.addresses == ("10.0.0.1:80",), 3, "found"))
            record_property("figure", f"etcd: registered and found {took:.2f} s after etcd served")
            assert seen.resolver.state == OK
            assert len(warned()) == 2

    run(work)


def test_a_server_that_leaves_while_etcd_is_gone_does_not_wait(off: Etcd) -> None:
    async def work() -> None:
        async with registered(EtcdConf(hosts=[off.host]), KEY, "10.0.0.1:80") as registrar:
            await asyncio.sleep(0.1)
            with Pauses() as pauses:
                start = time.monotonic()
                await registrar.deregister()
                await registrar.deregister()
                took = time.monotonic() - start
            assert took < 0.5 + pauses.longest
            await asyncio.to_thread(off.start)
            await registrar.register("10.0.0.1:80")
            await until(lambda: registrar.state == OK, 5, "registered")
            off.kill()
            with Pauses() as pauses:
                start = time.monotonic()
                await registrar.deregister()
                took = time.monotonic() - start
            assert took < 1.2 + pauses.longest

    run(work)


def test_required(off: Etcd, warned: Warned) -> None:
    async def work() -> None:
        refused = (
            f"etcd {off.host} cannot be reached, and Etcd.Required is set; start it (etcd) or remove the Etcd block"
        )
        await _fails(EtcdConf(hosts=[off.host], required=True), refused)
        with silent_server() as host:
            silent = f"etcd {host} does not answer, and Etcd.Required is set; check Etcd.Hosts"
            await _fails(EtcdConf(hosts=[host], required=True), silent)

    run(work)
    assert warned() == []


async def _fails(conf: EtcdConf, line: str) -> None:
    start = time.monotonic()
    with pytest.raises(ConfigError) as problem:
        await EtcdRegistrar(conf, KEY).register("10.0.0.1:80")
    assert time.monotonic() - start < 3.3
    assert str(problem.value) == line


def test_restart_with_its_data(off: Etcd, warned: Warned, record_property: Figure) -> None:
    async def work() -> None:
        conf = EtcdConf(hosts=[off.start().host])
        async with resolving(conf, KEY) as seen, registered(conf, KEY, "10.0.0.1:80") as registrar:
            await soon(lambda: bool(seen.addresses), "found")
            before = off.keys(f"{KEY}/")
            off.kill()
            await soon(lambda: seen.resolver.state.endswith("cannot be reached"), "noticed")
            await asyncio.sleep(2)
            assert seen.addresses == ("10.0.0.1:80",)
            assert any(line.endswith("1 known instances of order.rpc are kept") for line in warned())
            await asyncio.to_thread(off.start)
            off.put(f"{KEY}/1", b"10.0.0.2:80")
            took = await until(lambda: len(seen.addresses) == 2, 3, "the watch is resumed")
            record_property("figure", f"etcd: a new instance seen {took:.2f} s after etcd was back")
            await until(lambda: registrar.state == OK, 6, "the lease is renewed")
            assert {name: value for name, value in off.keys(f"{KEY}/").items() if name in before} == before
            assert seen.resolver.state == OK
            assert [len(found) for found in seen.sets] == [1, 2]

    run(work)


@pytest.mark.slow
def test_restart_without_its_data(off: Etcd, monkeypatch: pytest.MonkeyPatch, record_property: Figure) -> None:
    monkeypatch.setattr(Instances, "GRACE", 6.0)

    async def work() -> None:
        conf = EtcdConf(hosts=[off.start().host])
        off.put(f"{KEY}/1", b"10.0.0.9:80")
        async with (
            resolving(conf, KEY) as seen,
            registered(conf, KEY, "10.0.0.1:80"),
            registered(conf, KEY, "10.0.0.2:80"),
        ):
            await soon(lambda: len(seen.addresses) == 3, "found")
            before = off.keys(f"{KEY}/")
            off.kill()
            off.wipe()
            await asyncio.to_thread(off.start)
            took = await until(lambda: len(off.keys(f"{KEY}/")) == 2, 5, "registered again")
            record_property("figure", f"etcd: two instances registered again {took:.2f} s after an empty etcd was up")
            assert not set(off.keys(f"{KEY}/")) & set(before)
            off.put(f"{KEY}/2", b"10.0.0.3:80")
            await until(lambda: "10.0.0.3:80" in seen.addresses, 3, "the watch is resumed")
            await until(lambda: "10.0.0.9:80" not in seen.addresses, 8, "what does not come back is forgotten")
            assert seen.addresses == ("10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80")
            assert all({"10.0.0.1:80", "10.0.0.2:80"} <= set(found) for found in seen.sets[-2:]), "none was missing"

    run(work)


def test_a_restart_that_takes_the_revisions_back_is_noticed(off: Etcd) -> None:
    """A watch notices that a restarted etcd counts from 0 again; other libraries wait for the old revision for ever."""

    async def work() -> None:
        conf = EtcdConf(hosts=[off.start().host])
        for _ in range(50):
            off.put("other", b"x")
        async with resolving(conf, KEY) as seen:
            off.kill()
            off.wipe()
            await asyncio.to_thread(off.start)
            await until(lambda: seen.resolver.state.startswith("no instance"), 3, "looked again")
            off.put(f"{KEY}/1", b"10.0.0.1:80")
            await soon(lambda: seen.addresses == ("10.0.0.1:80",), "heard")

    run(work)


def _enable_passwords(part: Etcd) -> None:
    """Switch on passwords: root may do everything, mall may use the keys of order.rpc, guest nothing."""
    part.ask("auth/role/add", name="mall")
    end = f"{KEY}0".encode()
    part.ask(
        "auth/role/grant", name="mall", perm={"permType": "READWRITE", "key": _b64(f"{KEY}/"), "range_end": _b64(end)}
    )
    for user, role in (("root", "root"), ("mall", "mall"), ("guest", "")):
        part.ask("auth/user/add", name=user, password=f"{user}-pass")
        if role:
            part.ask("auth/user/grant", user=user, role=role)
    part.ask("auth/enable")


def _b64(value: str | bytes) -> str:
    return parts.coded(value.encode() if isinstance(value, str) else value)


def test_user_and_password(tmp_path: Path, warned: Warned) -> None:
    with parts.etcd(tmp_path, "--auth-token-ttl=1", "--bcrypt-cost=4") as part:
        _enable_passwords(part)
        conf = EtcdConf(hosts=[part.host], user="mall", password="mall-pass")

        async def work() -> None:
            async with resolving(conf, KEY) as seen, registered(conf, KEY, "10.0.0.1:80") as registrar:
                await soon(lambda: seen.addresses == ("10.0.0.1:80",), "found")
                client = seen.resolver._client
                await asyncio.sleep(3.5)  # no request renews the token, so it expires
                assert await _values(client) == [b"10.0.0.1:80"]
                part.kill()
                await asyncio.to_thread(part.start)  # a restart forgets all tokens
                async with registered(conf, KEY, "10.0.0.2:80"):
                    await until(lambda: len(seen.addresses) == 2, 5, "found after the restart")
                await until(lambda: registrar.state == OK, 6, "the lease is renewed")
            other = EtcdClient(conf)
            assert await _values(other) == []
            await other.close()

        run(work)
    assert not any("refuses" in line for line in warned())


async def _values(client: EtcdClient) -> list[bytes]:
    """Return the values of the service's keys."""
    found = await client.unary(RANGE, pb.RangeRequest(key=f"{KEY}/".encode(), range_end=f"{KEY}0".encode()))
    return [item.value for item in found.kvs]


@pytest.mark.parametrize(
    ("user", "password", "says"),
    [
        ("mall", "wrong", "refuses mall: authentication failed, invalid user ID or password"),
        ("nobody", "x", "refuses nobody: authentication failed, invalid user ID or password"),
        ("guest", "guest-pass", "refuses: permission denied"),
        ("", "", "refuses: user name is empty"),
    ],
)
def test_those_who_may_not(guarded: Etcd, warned: Warned, user: str, password: str, says: str) -> None:
    async def work() -> None:
        conf = EtcdConf(hosts=[guarded.host], user=user, password=password)
        async with resolving(conf, KEY) as seen, registered(conf, KEY, "10.0.0.1:80") as registrar:
            await asyncio.sleep(0.5)
            what = f"etcd {guarded.host} {says}"
            assert registrar.state == seen.resolver.state == what
            assert warned() == [f"{what}; check Etcd.User and Etcd.Pass; still trying"] * 2

    run(work)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Etcd]:
    """Start an etcd that asks for passwords."""
    with parts.etcd(tmp_path_factory.mktemp("guarded"), "--bcrypt-cost=4") as part:
        _enable_passwords(part)
        yield part


def test_a_password_that_nobody_asked_for(off: Etcd) -> None:
    async def work() -> None:
        conf = EtcdConf(hosts=[off.start().host], user="mall", password="mall-pass")
        async with registered(conf, KEY, "10.0.0.1:80") as registrar:
            await soon(lambda: registrar.state == OK, "registered")

    run(work)


class Files(NamedTuple):
    """The paths of a certificate and of its key."""

    cert: str
    key: str


class Authority:
    """A certificate authority for this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"authority {folder.name}")])
        self.files = self._written("ca", self._name, self._key, ca=True)

    def sign(self, name: str) -> Files:
        """Sign a certificate that serves both sides of a connection."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        return self._written(name, subject, ec.generate_private_key(ec.SECP256R1()), ca=False)

    def _written(self, name: str, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, ca: bool) -> Files:
        now = datetime.datetime.now(datetime.UTC)
        made = (
            x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .sign(self._key, hashes.SHA256())
        )
        files = Files(str(self._folder / f"{name}.pem"), str(self._folder / f"{name}-key.pem"))
        Path(files.cert).write_bytes(made.public_bytes(serialization.Encoding.PEM))
        coded = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        Path(files.key).write_bytes(coded)
        return files


def test_tls_with_client_certificates(tmp_path: Path, warned: Warned) -> None:
    folders = [tmp_path / name for name in ("etcd", "ours", "theirs")]
    for folder in folders:
        folder.mkdir()
    ours, theirs = Authority(folders[1]), Authority(folders[2])
    server, client, stranger = ours.sign("etcd"), ours.sign("order"), theirs.sign("stranger")
    tls = (f"--cert-file={server.cert}", f"--key-file={server.key}", "--client-cert-auth")
    with parts.etcd(folders[0], tls=(*tls, f"--trusted-ca-file={ours.files.cert}")) as part:
        known = EtcdConf(hosts=[part.host], ca_cert_file=ours.files.cert)
        known.cert_file, known.cert_key_file = client

        async def work() -> None:
            async with resolving(known, KEY) as seen, registered(known, KEY, "10.0.0.1:80"):
                await soon(lambda: seen.addresses == ("10.0.0.1:80",), "found")
            plain = EtcdConf(hosts=[part.host])
            unknown = EtcdConf(hosts=[part.host], ca_cert_file=ours.files.cert)
            unknown.cert_file, unknown.cert_key_file = stranger
            suspicious = EtcdConf(hosts=[f"https://{part.host}"], ca_cert_file=theirs.files.cert)
            for conf in (plain, unknown, suspicious):
                async with resolving(conf, KEY) as seen:
                    assert seen.resolver.state.startswith(f"etcd {part.host}"), seen.resolver.state

        run(work)
    hint = "check Etcd.CACertFile, CertFile and CertKeyFile; still trying"
    assert [line.removeprefix(f"etcd {part.host} ") for line in warned()] == [
        "closes the connection; check Etcd.Hosts; if it asks for TLS, name the Etcd.CACertFile; still trying",
        f"does not agree on TLS; {hint}",
        f"shows a certificate that is not signed by the one in Etcd.CACertFile; {hint}",
    ]


def _connection_times(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return a list to which the time of every attempt to connect is added."""
    found: list[float] = []
    real = EtcdClient._greeted

    async def greeted(self: EtcdClient, member: object) -> object:
        found.append(time.monotonic())
        return await real(self, member)  # type: ignore[arg-type]

    monkeypatch.setattr(EtcdClient, "_greeted", greeted)
    return found
