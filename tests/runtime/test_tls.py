"""TLS of HTTP and RPC servers: certificates of clients, files that change, handshakes that fail, both transports."""

import asyncio
import contextlib
import os
import shutil
import socket
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization

from mallgen_runtime import App, ConfigError, Context, Response, RestConf, Route, ServiceBase
from mallgen_runtime.http.connection import HttpConnection
from mallgen_runtime.http.tracker import ConnectionTracker
from mallgen_runtime.process import address, tls
from mallgen_runtime.process.errors import RpcError
from mallgen_runtime.process.tls import TlsFiles, client_tls, server_tls
from mallgen_runtime.rpc.conf import RpcClientConf, RpcServerConf
from mallgen_runtime.rpc.h2.health import CHECK
from mallgen_runtime.rpc.transport import connection_to, server_for
from tests.certificates import Authority
from tests.ports import free_port


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("tls")
    authority, other = Authority(made), Authority(made, "other")
    authority.issue("server", "localhost", "127.0.0.1")
    authority.issue("second", "localhost", "127.0.0.1")
    authority.issue("client")
    other.issue("stranger")
    return made


def files(folder: Path, *, mutual: bool = False) -> TlsFiles:
    cert, key = str(folder / "server.pem"), str(folder / "server.key")
    found = server_tls(cert, key, _ca(folder, mutual), ["http/1.1"])
    assert found is not None
    return found


def _ca(folder: Path, mutual: bool) -> str:
    return str(folder / "authority.pem") if mutual else ""


def client(folder: Path, name: str = "") -> ssl.SSLContext:
    own = (str(folder / f"{name}.pem"), str(folder / f"{name}.key")) if name else ("", "")
    return client_tls(str(folder / "authority.pem"), *own, ["http/1.1"])


async def scheme(ctx: Context, svc: object) -> Response:
    return Response(ctx.scope["scheme"].encode() + b"x" * 200_000)


@asynccontextmanager
async def serving(found: TlsFiles) -> AsyncIterator[int]:
    config = RestConf(name="t", port=0)
    app = App(config, ServiceBase(config), [Route("GET", "/", scheme)])
    loop = asyncio.get_running_loop()
    tracker = ConnectionTracker(loop)
    server = await loop.create_server(
        lambda: HttpConnection(app, tracker), "127.0.0.1", 0, ssl=found.context, ssl_handshake_timeout=1.0
    )
    yield server.sockets[0].getsockname()[1]
    server.close()


async def get(port: int, context: ssl.SSLContext) -> tuple[bytes, Any]:
    """Return the body of an answer, and the server's certificate."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        return answer.partition(b"\r\n\r\n")[2], writer.get_extra_info("peercert")
    finally:
        writer.close()


def test_a_server_speaks_tls(folder: Path) -> None:
    async def talk() -> None:
        async with serving(files(folder)) as port:
            body, _ = await get(port, client(folder))
            assert body == b"https" + b"x" * 200_000
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=client(folder))
            for _ in range(3):  # one connection is kept for several requests
                writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                assert b"content-length: 200005" in await reader.readuntil(b"\r\n\r\n")
                assert (await reader.readexactly(200_005)).startswith(b"https")
            writer.close()
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"200" not in await reader.read(100)
            writer.close()
            silent = await asyncio.open_connection("127.0.0.1", port)
            assert await asyncio.wait_for(silent[0].read(), 5) == b""  # a handshake that does not come ends
            silent[1].close()
            stranger = client_tls("", "", "", ["http/1.1"])
            with pytest.raises(ssl.SSLCertVerificationError):
                await get(port, stranger)

    asyncio.run(talk())


def test_clients_show_a_certificate(folder: Path) -> None:
    async def talk() -> None:
        async with serving(files(folder, mutual=True)) as port:
            assert (await get(port, client(folder, "client")))[0].startswith(b"https")
            for name in ("", "stranger"):
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    body, _ = await get(port, client(folder, name))
                    raise ConnectionError if not body else AssertionError(name)

    asyncio.run(talk())


def test_files_are_read_again(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tls, "_LOOK_SECONDS", 0.0)
    for name in ("server.pem", "server.key", "authority.pem"):
        shutil.copy(folder / name, tmp_path / name)

    async def subject(port: int, name: str = "client") -> str:
        _, certificate = await get(port, client(folder, name))
        return str(dict(part[0] for part in certificate["subject"])["commonName"])

    async def talk() -> None:
        async with serving(files(tmp_path, mutual=True)) as port:
            assert await subject(port) == "server"
            (tmp_path / "server.pem").write_bytes((folder / "second.pem").read_bytes())
            assert await subject(port) == "server"  # the key is not there yet
            (tmp_path / "server.key").write_bytes((folder / "second.key").read_bytes())
            assert await subject(port) == "second"
            (tmp_path / "authority.pem").write_bytes((folder / "other.pem").read_bytes())
            assert await subject(port, "stranger") == "second"
            with pytest.raises((ssl.SSLError, ConnectionError)):
                body, _ = await get(port, client(folder, "client"))
                raise ConnectionError if not body else AssertionError("the authority before is trusted")
            os.unlink(tmp_path / "server.pem")
            assert await subject(port, "stranger") == "second"

    asyncio.run(talk())


def test_no_key_asks_for_a_pass_phrase(folder: Path, tmp_path: Path) -> None:
    """OpenSSL would ask on the terminal, and the service would wait for ever."""
    plain = serialization.load_pem_private_key((folder / "server.key").read_bytes(), None)
    locked = serialization.BestAvailableEncryption(b"phrase")
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    (tmp_path / "locked.key").write_bytes(plain.private_bytes(*form, locked))
    cert, key = str(folder / "server.pem"), str(tmp_path / "locked.key")
    with pytest.raises(ConfigError, match="the key asks for a pass phrase"):
        server_tls(cert, key, "", ["h2"])
    with pytest.raises(ConfigError, match="the key asks for a pass phrase"):
        client_tls("", cert, key, ["h2"])


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("server.pem", "", ""), "KeyFile is not set"),
        (("", "server.key", ""), "CertFile is not set"),
        (("", "", "authority.pem"), "CertFile is not set"),
        (("server.pem", "client.key", ""), "cannot be used"),
        (("none.pem", "server.key", ""), "No such file"),
        (("server.pem", "server.key", "server.key"), "cannot be used"),
    ],
)
def test_files_that_cannot_work_are_refused_at_start(folder: Path, names: tuple[str, ...], message: str) -> None:
    cert, key, ca = (str(folder / name) if name else "" for name in names)
    with pytest.raises(ConfigError, match=message):
        server_tls(cert, key, ca, ["h2"])


async def check(port: int, folder: Path, own: str, transport: str, server_name: str = "", wait: float = 0.3) -> bytes:
    """Ask the health of an RPC server over TLS."""
    cert = (str(folder / f"{own}.pem"), str(folder / f"{own}.key")) if own else ("", "")
    conf = RpcClientConf(
        endpoints=[f"localhost:{port}"],
        transport=transport,
        tls=True,
        ca_cert_file=str(folder / "authority.pem"),
        server_name=server_name,
        cert_file=cert[0],
        key_file=cert[1],
    )
    connection = await connection_to((f"localhost:{port}",), conf)
    try:
        assert await connection.ready(wait), "not reached"
        return await connection.unary(CHECK, b"", 2.0, ())
    finally:
        await connection.close()


@pytest.mark.parametrize(("server", "caller"), [("http2", "http2"), ("grpc", "grpc"), ("http2", "grpc")])
def test_rpc_over_tls(folder: Path, server: str, caller: str) -> None:
    async def talk() -> None:
        conf = RpcServerConf(
            name="t",
            listen_on=f"127.0.0.1:{free_port()}",
            transport=server,
            cert_file=str(folder / "server.pem"),
            key_file=str(folder / "server.key"),
            client_ca_file=str(folder / "authority.pem"),
        )
        running = server_for(conf, SimpleNamespace(services=[], bound=None, answer=None))  # type: ignore[arg-type]
        port = running.listen()
        await running.start()
        assert await check(port, folder, "client", caller, wait=5.0) == b"\x08\x01"
        with pytest.raises((AssertionError, RpcError)):
            await check(port, folder, "stranger", caller)
        with pytest.raises((AssertionError, RpcError)):
            await check(port, folder, "client", caller, server_name="other.example")
        await running.stop(0.1)

    asyncio.run(talk())


def test_a_client_whose_files_cannot_work_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="KeyFile is not set"):
        client_tls("", str(folder / "client.pem"), "", ["h2"])
    with pytest.raises(ConfigError, match="No such file"):
        client_tls(str(folder / "none.pem"), "", "", ["h2"])


def test_no_files_are_no_tls() -> None:
    assert server_tls("", "", "", ["h2"]) is None


def test_who_says_nothing_keeps_no_service_from_ending(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients that have connected and begin no handshake, each of which would be waited for."""
    monkeypatch.setattr(address, "_LAST_HANDSHAKES", 0.2)

    async def run() -> float:
        bound = address.opened("127.0.0.1:0")
        port = bound.getsockname()[1]
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(3)]
        began = time.monotonic()
        async with asyncio.timeout(5):
            await address.close_door(bound, lambda: None, asyncio.Protocol, tls=files(folder).context)
        taken = time.monotonic() - began
        await asyncio.sleep(0.05)
        for one in silent:
            one.settimeout(1)
            with one, contextlib.suppress(ConnectionResetError):
                assert one.recv(1) == b""
        return taken

    assert asyncio.run(run()) < 2


@pytest.mark.slow
def test_an_rpc_server_waits_for_handshakes_that_have_begun(folder: Path) -> None:
    def shake(plain: socket.socket) -> bytes:
        context = client_tls(str(folder / "authority.pem"), "", "", ["h2"])
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as secure:
            return secure.recv(100)

    async def run() -> bytes:
        cert, key = str(folder / "server.pem"), str(folder / "server.key")
        conf = RpcServerConf(name="t", listen_on="127.0.0.1:0", transport="http2", cert_file=cert, key_file=key)
        running = server_for(conf, SimpleNamespace(services=[], bound=None, answer=None))  # type: ignore[arg-type]
        port = running.listen()
        await running.start()
        plain = socket.create_connection(("127.0.0.1", port), timeout=5)
        await asyncio.sleep(0.1)
        stopping = asyncio.create_task(running.stop(1.0))
        await asyncio.sleep(0.5)
        assert not stopping.done()
        found = await asyncio.to_thread(shake, plain)
        await stopping
        return found

    assert asyncio.run(run())[3] == 4, "the server's SETTINGS"
