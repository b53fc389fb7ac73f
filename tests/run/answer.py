"""Serves generated packages on sockets of one process and calls every RPC by the generated clients.

`python -m tests.run.answer FOLDER…`, each with one package and its logic. Prints the number of calls.
With `--at PORT` before a folder, its service runs elsewhere and is only called.
"""

import asyncio
import importlib
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from google.protobuf.message_factory import GetMessageClass

from mallgen.python import names
from mallgen_runtime.process.conf import LogConf
from mallgen_runtime.rpc import RpcClientConf, connect
from mallgen_runtime.rpc.transport import RpcServer, server_for


async def serve(package: str) -> tuple[RpcServer, int]:
    """Start a server of the package; return it and its port."""
    config = importlib.import_module(f"{package}.config").Config
    made = config(name=package, listen_on="127.0.0.1:0", health=False, log=LogConf(access=False))
    server = server_for(made, importlib.import_module(f"{package}.app").create_app(made))
    port = server.listen()
    await server.start()
    return server, port


async def call(package: str, port: int) -> int:
    """Call every RPC of a package and return the number of calls."""
    count = 0
    clients = importlib.import_module(f"{package}.client")
    channel = connect(RpcClientConf(endpoints=[f"127.0.0.1:{port}"], timeout=5000), package)
    for service in importlib.import_module(f"{package}.server").SERVICES:
        name = names.class_name(service.name.rpartition(".")[2])
        client = getattr(clients, f"{name}Client")(channel)
        for method in service.methods:
            replies = await asked(getattr(client, names.variable(method.name)), method)
            assert [type(reply) for reply in replies] == [method.reply], method.wire
            count += 1
    await channel.close()
    return count


async def asked(use: Any, method: Any) -> list[Any]:
    """Return the replies to one request."""
    given = requests(method) if method.takes_stream else request(method)
    return [reply async for reply in use(given)] if method.gives_stream else [await use(given)]


def request(method: Any) -> Any:
    """Return a message with all its required fields."""
    made = method.request()
    for field in made.DESCRIPTOR.fields:
        if field.is_required:
            setattr(made, field.name, "x" if isinstance(field.default_value, str) else 1)
    assert isinstance(made, GetMessageClass(made.DESCRIPTOR))
    return made


async def requests(method: Any) -> AsyncIterator[Any]:
    yield request(method)


async def main(words: Sequence[str]) -> int:
    """Serve and call; return the number of calls."""
    servers = []
    ports: dict[str, int] = {}
    given = list(words)
    while given:
        port = 0
        if given[0] == "--at":
            port, given = int(given[1]), given[2:]
        folder = given.pop(0)
        sys.path.insert(0, folder)
        package = next(path.parent.name for path in Path(folder).glob("*/server.py"))
        if not port:
            server, port = await serve(package)
            servers.append(server)
        ports[package] = port
    count = sum([await call(package, port) for package, port in ports.items()])
    for server in servers:
        await server.stop(0)
    return count


if __name__ == "__main__":
    print(asyncio.run(main(sys.argv[1:])))
