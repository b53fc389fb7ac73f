"""The compose file of a workspace: its services, and the servers that their settings lead to. Pure."""

import math
import re
from collections.abc import Callable, Sequence
from typing import Any

from mallgen.emit.production.dockerfile import health_words
from mallgen.emit.production.facts import HTTP, Deployable
from mallgen.emit.production.manifests import Block, commented, manifest
from mallgen.emit.production.reach import PORTS, Need, needs, opening
from mallgen.emit.production.servers import BackingServer, address, backing

_SPARE = 2  # seconds to close connections and logs
_ASKED = re.compile(r"\$\{(\w+):\?")
_LEFT_OPEN = 60  # seconds for requests that the settings give as long as they need


def compose(services: Sequence[Deployable], place: Callable[[Deployable], str]) -> str:
    """Return the text of a compose file; `place` gives a service's folder as the file names it.

    The services come each after those it calls, which it waits for.
    """
    wanted = {service.name: [need for need in needs(service) if need.is_ours] for service in services}
    servers = _servers([need for found in wanted.values() for need in found], [one.name for one in services])
    blocks: dict[str, Any] = {server.name: server.block for server in servers.values()}
    known: list[Deployable] = []
    for service in services:
        blocks[service.name] = _service(service, place(service), known, wanted[service.name], servers)
        known.append(service)
    volumes = [server.volume for server in servers.values() if server.volume]
    volumes += [volume for service in services for volume, _ in _volumes(service)]
    scripts = {f"{one.name}-first": {"content": one.script} for one in servers.values() if one.script}
    whole = {
        "services": blocks,
        **({"volumes": dict.fromkeys(volumes)} if volumes else {}),
        **({"configs": scripts} if scripts else {}),
    }
    text = manifest(whole)
    return f"{_head(services, sorted(set(_ASKED.findall(text))), bool(servers))}{text}"


def _head(services: Sequence[Deployable], variables: Sequence[str], has_servers: bool) -> str:
    lines = [
        "mallgen compose",
        "This file is yours: it is written once. `mallgen check` says where it no longer fits mallgen.toml and etc/.",
        "  mallgen docker && docker compose up --build --wait",
    ]
    if variables:
        lines.append(f"These variables belong into .env, which stays out of the repository: {', '.join(variables)}")
    if has_servers:
        lines.append("Images of servers are named by their tags; write IMAGE@sha256:… to pin one.")
    shut = [one for one in services if one.is_shut]
    if opened := [one.name for one in shut if one.kind == HTTP and opening(one) is not None]:
        lines.append(f"Published for this machine alone, since their settings say 127.0.0.1: {', '.join(opened)}")
    if closed := [one.name for one in shut if opening(one) is None]:
        lines.append(f"Not published, since their settings say 127.0.0.1, the container itself: {', '.join(closed)}")
    return commented(lines)


def _servers(wanted: Sequence[Need], taken: Sequence[str]) -> dict[str, BackingServer]:
    """Return a server for each kind that is needed."""
    by_kind = {what: [need for need in wanted if need.what == what] for what in PORTS}
    return {what: backing(what, found, taken) for what, found in by_kind.items() if found}


def _service(
    service: Deployable,
    folder: str,
    known: Sequence[Deployable],
    wanted: Sequence[Need],
    servers: dict[str, BackingServer],
) -> Block:
    env = _environment(service, wanted, servers)
    waits = _waits(service, known, wanted, servers)
    return {
        "build": {"context": folder},
        "image": f"{service.name}:{service.version}",
        "restart": "unless-stopped",
        **({"environment": env} if env else {}),
        **_shown(service),
        "volumes": [f"{folder}/etc:/app/etc:ro", *(f"{volume}:/app/{path}" for volume, path in _volumes(service))],
        **({"depends_on": waits} if waits else {}),
        **_health(service),
        "stop_grace_period": f"{until_killed(service)}s",
        "read_only": True,
        "tmpfs": ["/tmp"],  # noqa: S108 - of the container
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
    }


def until_killed(service: Deployable) -> int:
    """Return the seconds from SIGTERM until a container is killed, by the `Shutdown` of the settings."""
    return (_LEFT_OPEN if math.isinf(service.wait) else math.ceil(service.wait)) + _SPARE


def _shown(service: Deployable) -> Block:
    """Return the ports that are published, and those that the other containers see; of a shut service neither."""
    own = 0 if service.is_shut and opening(service) is None else service.port
    is_published = service.kind == HTTP and own
    seen = [str(port) for port in (0 if is_published else own, service.dev_port) if port]
    host = "127.0.0.1:" if service.is_shut else ""
    return {
        **({"ports": [f"{host}{own}:{own}"]} if is_published else {}),
        **({"expose": seen} if seen else {}),
    }


def _health(service: Deployable) -> Block:
    if service.probe is None:
        return {}
    words = health_words(service.probe, service.probe.ready)
    return {
        "healthcheck": {
            "test": ["CMD", *words],
            "interval": "5s",
            "timeout": "5s",
            "retries": 6,
            "start_period": "20s",
        }
    }


def _volumes(service: Deployable) -> list[tuple[str, str]]:
    """Return the volumes of the folders that a service writes into, each with the folder."""
    return [(f"{service.name}-{path.replace('/', '-')}", path) for path in service.folders if path != "."]


def _environment(
    service: Deployable, wanted: Sequence[Need], servers: dict[str, BackingServer]
) -> dict[str, str | None]:
    """Return the variables of the settings: addresses of servers, those that have to be given, and passed ones."""
    given = {
        need.variable: address(need, servers[need.what].name)
        for need in wanted
        if need.variable and not (need.whole and need.database)
    }
    opened = opening(service)
    if opened is not None:
        given[opened.variable] = opened.value
    rest = {one.name: f"${{{one.name}:?set it in .env}}" if one.needed else None for one in service.variables}
    return {**rest, **given}


def _waits(
    service: Deployable, known: Sequence[Deployable], wanted: Sequence[Need], servers: dict[str, BackingServer]
) -> Block:
    """Return what a service waits for: servers, and services that it calls."""
    called = {used.name for used in service.uses if used.kind != "rmq"}
    found = {servers[need.what].name: "service_healthy" for need in wanted}
    for other in known:
        if other.service in called:
            found[other.name] = "service_healthy" if other.probe is not None else "service_started"
    return {name: {"condition": condition} for name, condition in found.items()}
