"""Runs an RPC service as a process: settings, socket, registry, signals, exit codes."""

import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from mallgen_runtime.discovery import Registrar, registrar, shared_folder
from mallgen_runtime.process.address import announced
from mallgen_runtime.process.lifecycle import Lifecycle
from mallgen_runtime.process.run import in_loop, run
from mallgen_runtime.rpc.app import RpcApp
from mallgen_runtime.rpc.conf import RpcServerConf
from mallgen_runtime.rpc.transport import server_for

C = TypeVar("C", bound=RpcServerConf)
_LOG = logging.getLogger("mallgen.service")


def serve_rpc(create_app: Callable[[C], RpcApp], kind: type[C], path: str, *, package: str) -> None:
    """Serve until SIGTERM or SIGINT, finish what is in flight, exit 0.

    What keeps it from starting is printed in one line, with exit code 3.
    """
    run(lambda config: in_loop(_serve, create_app(config)), create_app, kind, path, package)


async def _serve(app: RpcApp) -> int:
    return await _RpcProcess(app).run()


class _RpcProcess(Lifecycle):
    """Listen, open the service context, accept, register; and back: deregister, wait, drain, close."""

    def __init__(self, app: RpcApp) -> None:
        super().__init__(app.config, app.svc, app.readings)
        self._settings = app.config
        self._server = server_for(app.config, app)
        self._port = 0
        self._registrar: Registrar = registrar(app.config.name, app.config.etcd)

    def listen(self) -> None:
        """Open the port."""
        self._port = self._server.listen()

    async def begin(self, after: contextlib.AsyncExitStack) -> None:
        """Accept, then register."""
        await self._server.start()
        after.push_async_callback(self._server.stop, self.patience)
        config = self._settings
        address = announced(config.listen_on, self._port, local=config.etcd is None or bool(shared_folder()))
        _LOG.info("%s listens on %s, announced as %s", config.name, config.listen_on, address)
        await self._registrar.register(address)

    async def leave(self) -> None:
        """Leave the registry, and take no new connection for long."""
        await self._registrar.deregister()
        await self._server.refuse()

    def own_states(self) -> Mapping[str, str]:
        """Return the state of the registry."""
        return {"discovery": self._registrar.state}
