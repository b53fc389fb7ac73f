"""Run the services of a workspace: start them in order, restart those that changed, stop them in order."""

import asyncio
import contextlib
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mallgen.dev.environment import environment, made_up_secrets
from mallgen.dev.ports import taken_by
from mallgen.dev.service import ServiceProcess, Spec
from mallgen.dev.watch import Watch
from mallgen.kinds.kind import suffixes
from mallgen.workspace.config import ports_in

LOOK, STOP = 0.3, 4.0
INTERRUPTED, TERMINATED, ENVIRONMENT = 130, 143, 3
_ENDED = {signal.SIGINT: INTERRUPTED, signal.SIGTERM: TERMINATED, signal.SIGHUP: 129}


class Setup(NamedTuple):
    """The services to run, in starting order; `watched` are mallgen.toml and the folders with contracts."""

    specs: tuple[Spec, ...]
    watched: tuple[str, ...]


class RunPlan(NamedTuple):
    """The first setup, and the functions that print and regenerate.

    `line` prints a service's line under its name (empty for mallgen itself). `regenerate` generates again after
    mallgen.toml or a contract changed; it returns None when the workspace has errors, which it has reported. `queue` is
    the file of the embedded queue, empty for one that goes with the run.
    """

    setup: Setup
    line: Callable[[str, str], None]
    regenerate: Callable[[], Setup | None]
    queue: str = ""


def run(plan: RunPlan, once: Sequence[str]) -> int:
    """Run until a signal, or until the command `once` has ended; return the exit code."""
    registry = tempfile.mkdtemp(prefix="mallgen-dev-")
    try:
        return asyncio.run(_run(plan, registry, once))
    finally:
        shutil.rmtree(registry, ignore_errors=True)


async def _run(plan: RunPlan, registry: str, once: Sequence[str]) -> int:
    return await _Supervisor(plan, registry).run(once)


class _Supervisor:
    def __init__(self, plan: RunPlan, registry: str) -> None:
        self._plan = plan
        self._registry = registry
        self._given = environment(registry, plan.queue)
        self._services = {spec.name: self._service(spec) for spec in plan.setup.specs}
        self._watches = {spec.name: _watch(spec) for spec in plan.setup.specs}
        self._following: dict[str, asyncio.Task[None]] = {}
        self._sources = Watch(plan.setup.watched, suffixes())
        self._stopped = asyncio.get_running_loop().create_future()

    def _service(self, spec: Spec) -> ServiceProcess:
        return ServiceProcess(spec, self._registry, self._given, self._printer(spec.name))

    def _make_up_secrets(self) -> None:
        """Make up the secrets that services ask for and the user has not set; each stays the same for the whole run."""
        specs = [service.spec for service in self._services.values()]
        made = made_up_secrets([(spec.folder, spec.package) for spec in specs], self._given)
        if made:
            self._given |= made
            self._plan.line("", f"made up for this run: {', '.join(made)}")

    def _printer(self, name: str) -> Callable[[str], None]:
        return lambda line: self._plan.line(name, line)

    async def run(self, once: Sequence[str]) -> int:
        loop = asyncio.get_running_loop()
        for number in _ENDED:
            loop.add_signal_handler(number, self._signalled, number)
        work = asyncio.create_task(self._once(once) if once else self._run_until_stopped())
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

    async def _run_until_stopped(self) -> int:
        if await self._start_all():
            self._report_up()
        them = "it" if len(self._services) == 1 else "them"
        self._plan.line("", f"Ctrl-C stops {them}; what you change is restarted")
        async with asyncio.TaskGroup() as group:
            for name in self._services:
                self._following[name] = group.create_task(self._follow(name))
            await self._follow_sources(group)
        return 0

    def _report_up(self) -> None:
        specs = [service.spec for service in self._services.values()]
        urls = [f"http://127.0.0.1:{spec.port}" for spec in specs if spec.is_http]
        what = f"{specs[0].name} is" if len(specs) == 1 else f"all {len(specs)} services are"
        self._plan.line("", f"{what} up: {' '.join(urls)}".rstrip(": "))

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
        """Start each service after those it uses; return whether all can be called."""
        self._make_up_secrets()
        fine = True
        for service in list(self._services.values()):
            await service.start()
            fine = await self._wait_until_up(service) and fine
        return fine

    async def _wait_until_up(self, service: ServiceProcess) -> bool:
        if await service.ready():
            return True
        if service.running:
            self._plan.line(service.spec.name, "does not answer")
        else:
            await self._report_end(service)
        return False

    async def _report_end(self, service: ServiceProcess) -> None:
        await service.said_all()
        self._plan.line(service.spec.name, f"ended with exit code {service.code}; waiting for a change")

    async def _follow(self, name: str) -> None:
        """Restart a service when its code or settings changed; report when it ended by itself."""
        reported = not self._services[name].running
        while True:
            await asyncio.sleep(LOOK)
            service, watch = self._services[name], self._watches[name]
            changed = watch.changed()
            if changed:
                while watch.changed():
                    await asyncio.sleep(LOOK)
                await self._restart(service, changed)
                reported = not service.running
            elif not service.running and not reported:
                await self._report_end(service)
                reported = True

    async def _restart(self, service: ServiceProcess, changed: Sequence[str]) -> None:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        self._plan.line(service.spec.name, f"{os.path.relpath(changed[0])}{more} changed; restarting")
        await service.stop(STOP)
        port = next(iter(ports_in(service.spec.settings)), 0)
        service.spec = service.spec._replace(port=port)
        self._make_up_secrets()
        if self._is_free(service.spec):
            await service.start()
            await self._wait_until_up(service)

    def _is_free(self, spec: Spec) -> bool:
        """Return whether a service's port is free; report it when it is taken."""
        found = taken_by(spec.port) if spec.port else None
        if found is not None:
            by = f" by {found.holder}" if found.holder else ""
            place = os.path.normpath(spec.settings)
            self._plan.line(spec.name, f"port {spec.port} is taken{by}; stop it, or change {place}")
        return found is None

    async def _follow_sources(self, group: asyncio.TaskGroup) -> None:
        """Generate when mallgen.toml or a contract changed, and run the services of the new setup."""
        while True:
            await asyncio.sleep(LOOK)
            changed = self._sources.changed()
            if changed:
                while self._sources.changed():
                    await asyncio.sleep(LOOK)
                self._plan.line("", f"{', '.join(map(os.path.relpath, changed))} changed; generating")
                setup = self._plan.regenerate()
                if setup is not None:
                    await self._change_to(setup, group)

    async def _change_to(self, setup: Setup, group: asyncio.TaskGroup) -> None:
        """Stop services that are gone, start new ones, restart those with another folder, package or settings file."""
        if setup.watched != self._plan.setup.watched:
            self._sources = Watch(setup.watched, suffixes())
        before = {name: service.spec for name, service in self._services.items()}
        wanted = {spec.name: spec for spec in setup.specs}
        for name, spec in before.items():
            if name not in wanted or _has_moved(spec, wanted[name]):
                await self._stop_service(
                    name, "has other settings" if name in wanted else "is no longer in mallgen.toml"
                )
        new = [spec for spec in setup.specs if spec.name not in self._services]
        for spec in setup.specs:
            if spec.name in self._services:
                self._services[spec.name].spec = spec
            else:
                self._services[spec.name] = self._service(spec)
                self._watches[spec.name] = _watch(spec)
        self._plan = self._plan._replace(setup=setup)
        self._make_up_secrets()
        fine = True
        for spec in new:
            service = self._services[spec.name]
            if self._is_free(spec):
                await service.start()
                fine = await self._wait_until_up(service) and fine
            else:
                fine = False
            self._following[spec.name] = group.create_task(self._follow(spec.name))
        if fine and (new or before.keys() - wanted.keys()):
            self._report_up()

    async def _stop_service(self, name: str, why: str) -> None:
        self._following.pop(name).cancel()
        self._plan.line(name, f"{why}; stopping")
        await self._services.pop(name).stop(STOP)
        del self._watches[name]

    async def _stop_all(self) -> None:
        """Stop callers first, so that no service calls one that has ended; all within about STOP seconds."""
        end = asyncio.get_running_loop().time() + STOP
        services = list(self._services.values())
        for level in reversed(levels([service.spec for service in services])):
            left = max(0.5, end - asyncio.get_running_loop().time())
            await asyncio.gather(*(service.stop(left) for service in services if service.spec.name in level))


def _watch(spec: Spec) -> Watch:
    return Watch([spec.folder], (".py", ".yaml", ".yml"))


def _has_moved(old: Spec, new: Spec) -> bool:
    """Return whether a service has to be restarted in another way; a changed port shows in its watched settings."""
    return (old.ready, old.folder, old.package, old.settings) != (new.ready, new.folder, new.package, new.settings)


def levels(specs: Iterable[Spec]) -> list[set[str]]:
    """Return the names of the services in layers: each uses only services in earlier layers, except in circles."""
    found: list[set[str]] = []
    waiting = list(specs)
    while waiting:
        names = {spec.name for spec in waiting}
        layer = {spec.name for spec in waiting if not names & (set(spec.uses) - {spec.name})} or names
        found.append(layer)
        waiting = [spec for spec in waiting if spec.name not in layer]
    return found
