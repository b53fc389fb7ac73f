"""The whole workspace up: start in order, restart what changed, stop in order."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mallgen.running.environment import environment, supplied
from mallgen.running.service import Service, Spec
from mallgen.running.watch import Watch

LOOK, STOP = 0.3, 4.0
INTERRUPTED, TERMINATED, ENVIRONMENT = 130, 143, 3
_ENDED = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, signal.SIGHUP: 129}


class Plan(NamedTuple):
    """What to run: services in order, `contracts` the folders whose contracts are watched.

    `line` is given a service's name (empty for mallgen itself) and what it says; `regenerate` brings the workspace up
    to date after a contract changed.
    """

    specs: tuple[Spec, ...]
    contracts: tuple[str, ...]
    line: Callable[[str, str], None]
    regenerate: Callable[[], None]


def run(plan: Plan, once: Sequence[str]) -> int:
    """Run until a signal, or until the command `once` has ended; the exit code."""
    registry = tempfile.mkdtemp(prefix="mallgen-dev-")
    try:
        return asyncio.run(_run(plan, registry, once))
    finally:
        shutil.rmtree(registry, ignore_errors=True)


async def _run(plan: Plan, registry: str, once: Sequence[str]) -> int:
    return await _Supervisor(plan, registry).run(once)


class _Supervisor:
    def __init__(self, plan: Plan, registry: str) -> None:
        self._plan = plan
        self._given = environment(registry)
        self._given |= supplied((spec.folder, spec.package) for spec in plan.specs)
        self._services = [Service(spec, registry, self._given, self._saying(spec.name)) for spec in plan.specs]
        self._watches = {spec.name: Watch([spec.folder], (".py", ".yaml", ".yml")) for spec in plan.specs}
        self._contracts = Watch(plan.contracts, (".api", ".proto"))
        self._stopped = asyncio.get_running_loop().create_future()

    def _saying(self, name: str) -> Callable[[str], None]:
        return lambda line: self._plan.line(name, line)

    async def run(self, once: Sequence[str]) -> int:
        loop = asyncio.get_running_loop()
        for number in _ENDED:
            loop.add_signal_handler(number, self._signalled, number)
        work = asyncio.create_task(self._once(once) if once else self._stay())
        try:
            await asyncio.wait({work, self._stopped}, return_when=asyncio.FIRST_COMPLETED)
            return self._stopped.result() if self._stopped.done() else work.result()
        finally:
            work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await work
            await self._stop_all()

    def _signalled(self, number: signal.Signals) -> None:
        if not self._stopped.done():
            self._stopped.set_result(_ENDED[number])

    async def _stay(self) -> int:
        if await self._start_all():
            urls = [f"http://127.0.0.1:{service.spec.port}" for service in self._services if service.spec.port]
            self._plan.line("", f"all {len(self._services)} services are up: {' '.join(urls)}".rstrip(": "))
        self._plan.line("", "Ctrl-C stops them; what you change is restarted")
        await asyncio.gather(self._follow_contracts(), *(self._follow(service) for service in self._services))
        return 0

    async def _once(self, words: Sequence[str]) -> int:
        if not await self._start_all():
            return ENVIRONMENT
        try:
            process = await asyncio.create_subprocess_exec(*words, env=self._given)
        except OSError as problem:
            self._plan.line("", f"error[no-command] cannot run {words[0]}: {problem.strerror}")
            return ENVIRONMENT
        try:
            code = await process.wait()
        except asyncio.CancelledError:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()
            raise
        return code if code >= 0 else 128 - code

    async def _start_all(self) -> bool:
        """Each behind those it uses; True when all can be called."""
        fine = True
        for service in self._services:
            await service.start()
            fine = await self._settled(service) and fine
        return fine

    async def _settled(self, service: Service) -> bool:
        if await service.ready():
            return True
        if service.running:
            self._plan.line(service.spec.name, "does not answer")
        else:
            self._plan.line(service.spec.name, f"ended with exit code {service.code}; waiting for a change")
        return False

    async def _follow(self, service: Service) -> None:
        """Restart a service when its code or settings changed; tell when it ended by itself."""
        watch = self._watches[service.spec.name]
        told = not service.running
        while True:
            await asyncio.sleep(LOOK)
            changed = watch.changed()
            if changed:
                while watch.changed():
                    await asyncio.sleep(LOOK)
                await self._restart(service, changed)
                told = False
            elif not service.running and not told:
                self._plan.line(service.spec.name, f"ended with exit code {service.code}; waiting for a change")
                told = True

    async def _restart(self, service: Service, changed: Sequence[str]) -> None:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        self._plan.line(service.spec.name, f"{os.path.relpath(changed[0])}{more} changed; restarting")
        await service.stop(STOP)
        await service.start()
        await self._settled(service)

    async def _follow_contracts(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            changed = self._contracts.changed()
            if changed:
                self._plan.line("", f"{', '.join(map(os.path.relpath, changed))} changed; generating")
                self._plan.regenerate()

    async def _stop_all(self) -> None:
        """Consumers first, so that nobody calls a service that is gone; all within STOP seconds."""
        end = asyncio.get_running_loop().time() + STOP
        for level in reversed(levels([service.spec for service in self._services])):
            left = max(0.5, end - asyncio.get_running_loop().time())
            await asyncio.gather(*(service.stop(left) for service in self._services if service.spec.name in level))


def levels(specs: Iterable[Spec]) -> list[set[str]]:
    """The services in layers: each uses only those in layers before its own, circles apart."""
    found: list[set[str]] = []
    waiting = list(specs)
    while waiting:
        names = {spec.name for spec in waiting}
        layer = {spec.name for spec in waiting if not names & (set(spec.uses) - {spec.name})} or names
        found.append(layer)
        waiting = [spec for spec in waiting if spec.name not in layer]
    return found
