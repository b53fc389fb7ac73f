"""The servers that settings lead to, and what they say that does not work in containers. Pure."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.drift.scalars import plain
from mallgen.emit.calling import setting_of
from mallgen.emit.production.facts import GRPC, LOOPBACK, Deployable, filled, label
from mallgen.emit.production.trees import Tree, leaves
from mallgen.text.span import Span

ETCD, MARIADB, POSTGRES, REDIS, KAFKA = "etcd", "mariadb", "postgres", "redis", "kafka"
PORTS = {ETCD: 2379, MARIADB: 3306, POSTGRES: 5432, REDIS: 6379, KAFKA: 9092}
_SCHEMES = {"mysql": MARIADB, "mariadb": MARIADB, "postgres": POSTGRES, "postgresql": POSTGRES}
HOLE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(?::?[-?][^{}]*)?\}")
_URL = re.compile(
    r"(?P<scheme>[A-Za-z][\w+.-]*)://(?:(?P<login>.*)@)?(?P<host>[^:/@?]*)(?::(?P<port>[^/@?]*))?"
    r"(?:/(?P<database>[^?]*))?(?:\?.*)?"
)
_DSN = re.compile(r"(?:(?P<login>.*)@)?tcp\((?P<host>[^():]*)(?::(?P<port>[^()]*))?\)/(?P<database>[^?]*)(?:\?.*)?")
_OPENED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*):?-([^{}]*)\}(?::[0-9]{1,5})?")
_ALL = {False: "0.0.0.0", True: "::"}  # noqa: S104 - of a container, by whether its host is one of IPv6
_DEEPEST = 4


class Opening(NamedTuple):
    """The variable that makes a shut service listen on all addresses of its container, and its value for that."""

    variable: str
    value: str


def opening(service: Deployable) -> Opening | None:
    """Return the variable that a shut service's host is taken from, None where it is fixed or has other uses."""
    place = service.tree.at("listenon" if service.kind == GRPC else "host")
    found = _OPENED.fullmatch(place.text) if service.is_shut else None
    if found is None or sum(f"${{{found[1]}" in leaf.text for leaf in leaves(service.tree)) > 1:
        return None
    host = service.host.strip("[]")
    return Opening(found[1], found[2].replace(host, _ALL[":" in host]))


class Need(NamedTuple):
    """A server that settings lead to.

    `host` and `port` are as the settings have them without the environment; `variable` is the one that sets the host,
    or with `whole` the whole address, empty for a fixed one. `user`, `password` and `database` are as written, with
    their variables.
    """

    what: str
    host: str
    port: int
    span: Span
    variable: str = ""
    whole: bool = False
    user: str = ""
    password: str = ""
    database: str = ""

    @property
    def is_here(self) -> bool:
        """Return whether a fixed address is that of the machine itself."""
        return not self.variable and self.host in LOOPBACK

    @property
    def is_ours(self) -> bool:
        """Return whether the compose file has to bring the server: a host with a dot is somebody else's."""
        return bool(self.variable) or self.host in LOOPBACK or bool(re.fullmatch(r"[A-Za-z][\w-]*", self.host))


def needs(service: Deployable) -> tuple[Need, ...]:
    """Return the servers that a service's settings lead to, in the order of the file."""
    return tuple(_needs(service.tree, 0))


def _needs(tree: Tree, depth: int) -> Iterator[Need]:
    for key, value in tree.block.items():
        if key == "etcd":
            yield from (_address(ETCD, item) for item in value.at("hosts").items if item.text)
        elif key == "brokers":
            yield from (_address(KAFKA, item) for item in value.items if item.text)
        elif key == "cacheredis":
            for item in value.items:
                host = item.at("host")
                if host.text and "," not in host.text:
                    yield _address(REDIS, host)._replace(password=item.at("pass").text)
        elif key == "datasource":
            found = _database(value if value.text else value.at("url"))
            yield from [found] if found is not None else []
        elif depth < _DEEPEST:
            yield from _needs(value, depth + 1)


def _address(what: str, value: Tree) -> Need:
    text = value.text.strip()
    variable = _variable(text)
    host, _, port = filled(text).rpartition(":") if ":" in filled(text) else (filled(text), "", "")
    number = int(port) if port.isdecimal() and len(port) <= 5 else PORTS[what]
    if variable:
        return Need(what, host, number, value.span, variable, whole=True)
    begins = HOLE.match(text)
    return Need(what, host, number, value.span, _variable(begins[0]) if begins else "")


def _variable(text: str) -> str:
    """Return the variable that a text consists of, empty where it is more or less than one."""
    found = re.match(r"\$\{(\w+)", text) if HOLE.fullmatch(text) else None
    return found[1] if found is not None else ""


def _database(value: Tree) -> Need | None:
    """Return the server of a DataSource, None for SQLite and for an address that is all in the environment."""
    text = value.text.strip()
    holes: list[str] = []

    def dig(found: re.Match[str]) -> str:
        holes.append(found[0])
        return f"\x00{len(holes) - 1}\x00"

    whole = _variable(text)
    inner = filled(text) if whole else text
    parts = _URL.fullmatch(HOLE.sub(dig, inner)) or _DSN.fullmatch(HOLE.sub(dig, inner)) if inner else None
    if parts is None:
        return None
    groups = parts.groupdict()
    what = _SCHEMES.get((groups.get("scheme") or "mysql").lower().partition("+")[0])
    if what is None:
        return None
    get: Mapping[str, str] = {name: _refill(text or "", holes) for name, text in groups.items()}
    user, _, password = (groups["login"] or "").partition(":")
    port = filled(get["port"])
    return Need(
        what,
        filled(get["host"]),
        int(port) if port.isdecimal() and len(port) <= 5 else PORTS[what],
        value.span,
        whole or _variable(get["host"]),
        bool(whole),
        _refill(user, holes),
        _refill(password, holes),
        get["database"],
    )


def _refill(text: str, holes: list[str]) -> str:
    return re.sub(r"\x00(\d+)\x00", lambda found: holes[int(found[1])], text)


def unreachable(service: Deployable, in_pods: bool) -> Iterator[Diagnostic]:
    """Yield a warning for each setting that leads nowhere in a container; `in_pods`: of which there are several."""
    yield from _shut(service, in_pods)
    for need in needs(service):
        if need.is_here:
            address = f"{need.what}:{need.port}"
            name = f"{need.what.upper()}_HOST" if need.what in (MARIADB, POSTGRES) else need.what.upper()
            here = need.host if need.what in (MARIADB, POSTGRES) else f"{need.host}:{need.port}"
            message = f"{need.host} is the container itself, where no {need.what} is"
            yield _warning(message, need.span, f"write {address}, or ${{{name}:-{here}}} in the place of {here}")
    data = service.tree.at("datasource")
    data = data if data.text else data.at("url")
    if in_pods and filled(data.text).startswith("sqlite:"):
        message = "each pod has a SQLite file of its own, which is gone with the pod"
        yield _warning(
            message, data.span, "write the address of a database: mysql://user:${PASSWORD}@mariadb:3306/name"
        )
    if service.contract == "rmq" and not service.tree.at("brokers").items:
        message = f"{service.name} has no Brokers: its queue is a file in its container, where nobody else writes"
        yield _warning(message, service.tree.span, "write Brokers: [kafka:9092]")
    if not in_pods:
        yield from _pods_elsewhere(service)
    yield from _lost_calls(service)


def _shut(service: Deployable, in_pods: bool) -> Iterator[Diagnostic]:
    """Yield a warning for a service that listens for its machine alone, unless the compose file opens it to ours."""
    if not service.is_shut or (not in_pods and opening(service) is not None):
        return
    message = f"{service.name} listens on {service.listens}, where nobody reaches it from outside of its container"
    if in_pods:
        way = f"`kubectl port-forward` reaches it, and no Service does; write {_ALL[False]} where others have to"
    else:
        variable = service.listens.replace(service.host, f"${{LISTEN_HOST:-{service.host}}}")
        whom = "its containers" if service.kind == GRPC else "this machine"
        way = f"write {variable}: a new compose file opens it to {whom} alone"
    yield _warning(message, service.host_span, way)


def _pods_elsewhere(service: Deployable) -> Iterator[Diagnostic]:
    """Yield a warning for each target that only Kubernetes answers; a variable may be set to another one."""
    for leaf in leaves(service.tree):
        if leaf.text.startswith("k8s://"):
            message = f"{service.name} asks Kubernetes for pods, and does not start where there is none"
            hint = f"write ${{TARGET:-{leaf.text}}}, and in the compose file TARGET: dns:///NAME:PORT"
            yield _warning(message, leaf.span, hint)


def _lost_calls(service: Deployable) -> Iterator[Diagnostic]:
    """Yield a warning for each service whose instances the settings let be looked for on the same machine only."""
    for used in service.uses:
        is_queue = used.kind == "rmq"
        key = setting_of(used.name, used.kind)
        block = service.tree.at(plain(key))
        keys = ("brokers",) if is_queue else ("target", "endpoints", "etcd")
        if all(block.at(one).is_empty for one in keys):
            message = f"{service.name} looks for {used.name} on its own machine, which in a container is nobody else's"
            way = "Brokers: [kafka:9092]" if is_queue else f"Target: dns:///{label(used.name)}:{used.port or 8080}"
            yield _warning(message, block.span, f"write `{way}` below {key}{'' if is_queue else ', or an Etcd block'}")


def _warning(message: str, span: Span, hint: str) -> Diagnostic:
    return Diagnostic("not-reachable", message, span, hint, severity="warning")
