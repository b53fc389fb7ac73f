"""The facts about a service that its image, manifests and compose file are made from. Pure."""

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from mallgen.drift.scalars import plain
from mallgen.emit.production.trees import BadYaml, Tree, documents, leaves
from mallgen.text.span import Span

HTTP, GRPC, TCP, DEV = "http", "grpc", "tcp", "dev"
LOOPBACK = ("127.0.0.1", "localhost", "::1", "[::1]")
USER = 10001  # of the images' processes: no user of the base image has this number

_VARIABLE = re.compile(r"(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)(?:(:?[-?])([^{}]*))?")
_FILLED = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(?::?-([^{}]*)|:?\?[^{}]*)?\}")
_PODS = re.compile(r"k8s://(?P<namespace>[a-z0-9-]{0,63})/")
_NAMESPACE = "default"  # go-zero's, of a target that names none
_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")
_DEV_PORT, _WRAP_UP, _WAIT, _GRPC_PORT = 6060, 1.0, 5.5, 8080  # the runtime's defaults, which are go-zero's
_LAST_PORT = 65535
_LONGEST_LABEL = 63


class Probe(NamedTuple):
    """The way to ask a service for its health: by HTTP, by gRPC, or with a connection alone (tcp).

    `host` is the one to ask from inside of the container; with `is_inside`, nobody can ask from anywhere else.
    """

    by: str
    port: int
    live: str = "/healthz"
    ready: str = "/readyz"
    is_tls: bool = False
    host: str = "127.0.0.1"
    is_inside: bool = False


class Variable(NamedTuple):
    """A variable of the environment that settings name; one that is needed has no default."""

    name: str
    needed: bool


class Callee(NamedTuple):
    """A service that another one calls: its name in mallgen.toml, its kind of contract, its port, 0 for none."""

    name: str
    kind: str
    port: int


class Deployable(NamedTuple):
    """A service that can be put into production.

    `name` is a DNS label, `service` its name in mallgen.toml, `contract` the kind of its contract; `kind` says how it
    is asked: HTTP, GRPC or DEV, by its DevServer. `folder` is the one below the workspace's, with `/`, `settings` the
    path of the settings file in it, `texts` all files of `etc/` by name. `uses` are the services that it calls,
    `routes` the paths of its own that GET reads.
    """

    name: str
    service: str
    contract: str
    kind: str
    package: str
    folder: str
    version: str
    settings: str
    texts: Mapping[str, str]
    tree: Tree
    uses: tuple[Callee, ...] = ()
    routes: frozenset[str] = frozenset()

    @property
    def port(self) -> int:
        """The port that the service listens on, 0 for one that listens on none."""
        if self.kind == HTTP:
            return _number(self.tree.at("port"), 0)
        if self.kind == GRPC:
            return _number_of(self.listens.rpartition(":")[2], _GRPC_PORT)
        return 0

    @property
    def listens(self) -> str:
        """The address in the settings."""
        return filled(self.tree.at("listenon").text) if self.kind == GRPC else filled(self.tree.at("host").text)

    @property
    def host(self) -> str:
        """The host in the settings that the service listens on."""
        return self.listens.rpartition(":")[0] if self.kind == GRPC else self.listens

    @property
    def host_span(self) -> Span:
        """The place of the host in the settings."""
        return self.tree.at("listenon" if self.kind == GRPC else "host").span

    @property
    def port_span(self) -> Span:
        """The place of the port in the settings."""
        return self.tree.at("listenon" if self.kind == GRPC else "port").span

    @property
    def is_tls(self) -> bool:
        """Return whether the service speaks TLS."""
        return bool(self.tree.at("certfile").text)

    @property
    def dev_port(self) -> int:
        """The port of the DevServer, 0 without one."""
        block = self.tree.at("devserver")
        if "devserver" not in self.tree.block or block.at("enabled").text.lower() in ("false", "no", "off"):
            return 0
        is_shut = is_loopback(filled(block.at("host").text))
        return 0 if is_shut else _number(block.at("port"), _DEV_PORT)

    @property
    def is_shut(self) -> bool:
        """Return whether the service listens for its own machine alone, which in production is its container."""
        return bool(self.port) and is_loopback(self.host)

    @property
    def listened(self) -> dict[str, int]:
        """The ports of the container by their names: the service's own, the DevServer's."""
        own = {self.kind: self.port} if self.port else {}
        return {**own, **({DEV: self.dev_port} if self.dev_port else {})}

    @property
    def ports(self) -> dict[str, int]:
        """The ports that others reach: the service's own is not one of them when it is shut."""
        return {name: port for name, port in self.listened.items() if name == DEV or not self.is_shut}

    @property
    def probe(self) -> Probe | None:
        """The way to ask for health; None for a service that listens on no port."""
        by_dev = None
        if self.dev_port:
            path = filled(self.tree.at("devserver.healthpath").text) or "/healthz"
            by_dev = Probe(HTTP, self.dev_port, path)
        if not self.port:
            return by_dev
        has_health = self.tree.at("health").text.lower() not in ("false", "no", "off")
        if self.kind == HTTP and not self.tree.at("clientcafile").text:
            own = Probe(HTTP, self.port, is_tls=self.is_tls)
        elif self.kind == GRPC and has_health and not self.is_tls:
            own = Probe(GRPC, self.port)
        elif by_dev is not None:
            return by_dev
        else:
            own = Probe(TCP, self.port)
        return own._replace(host=_in_url(self.host), is_inside=True) if self.is_shut else own

    @property
    def wrap_up(self) -> float:
        """Seconds that the service goes on as before after a signal."""
        return _seconds(self.tree.at("shutdown.wrapuptime"), _WRAP_UP)

    @property
    def wait(self) -> float:
        """Seconds from a signal until the service has ended; infinite when requests get as long as they need."""
        found = _seconds(self.tree.at("shutdown.waittime"), _WAIT)
        return max(found, self.wrap_up) if found else math.inf

    @property
    def variables(self) -> tuple[Variable, ...]:
        """The variables of the environment that the settings name, in alphabetical order."""
        return variables(self.tree)

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders below the working directory that the service writes into: of SQLite files, and of logs."""
        found = set()
        for leaf in leaves(self.tree):
            scheme, _, path = filled(leaf.text).partition(":///")
            folder = path.split("?", 1)[0].rpartition("/")[0]
            if scheme == "sqlite" and not path.startswith("/"):
                found.add(folder or ".")
        if self.tree.at("log.mode").text in ("file", "volume"):
            found.add(filled(self.tree.at("log.path").text) or "logs")
        return tuple(sorted(path for path in found if is_plain_folder(path)))

    @property
    def watched(self) -> dict[str, Span]:
        """The namespaces in which the service looks for pods, each with the first `k8s://` target that says so."""
        found: dict[str, Span] = {}
        for leaf in leaves(self.tree):
            target = _PODS.match(filled(leaf.text))
            if target is not None:
                found.setdefault(target["namespace"] or _NAMESPACE, leaf.span)
        return dict(sorted(found.items()))


def read_settings(text: str, file: str) -> Tree:
    """Return settings as values; their keys are as the runtime compares them. Raises BadYaml."""
    found = documents(text.removeprefix("\ufeff"), file, plain)
    if len(found) > 1 or (found and (found[0].text or found[0].items)):
        raise BadYaml("settings are one mapping of keys", Span(file, 1, 1, 1, 2))
    return found[0] if found else Tree(Span(file, 1, 1, 1, 2))


def is_loopback(host: str) -> bool:
    """Return whether a host is the machine itself."""
    return host in LOOPBACK or bool(re.fullmatch(r"127(?:\.[0-9]{1,3}){3}", host))


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def is_plain_folder(path: str) -> bool:
    """Return whether a path names a folder below the working directory, in plain letters."""
    return bool(re.fullmatch(r"[\w.-]+(?:/[\w.-]+)*", path)) and ".." not in path.split("/")


def variables(tree: Tree) -> tuple[Variable, ...]:
    """Return the variables that settings name; one with a default in one place and none in another is needed."""
    needed: dict[str, bool] = {}
    for leaf in leaves(tree):
        for escape, name, operator, _ in _VARIABLE.findall(leaf.text):
            if not escape:
                needed[name] = needed.get(name, False) or not operator.endswith("-")
    return tuple(Variable(name, is_needed) for name, is_needed in sorted(needed.items()))


def filled(text: str) -> str:
    """Return a text with the defaults of its variables, as it is where the environment has none of them."""
    return _FILLED.sub(lambda found: found[1] or "", text) if "${" in text else text


def label(text: str) -> str:
    """Return a name as a DNS label: small letters, digits and dashes, a letter first, 63 at most."""
    plain_text = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    begun = plain_text if plain_text[:1].isalpha() else f"svc-{plain_text}".rstrip("-")
    return begun[:_LONGEST_LABEL].rstrip("-")


def is_label(text: str) -> bool:
    """Return whether a text is a DNS label that begins with a letter, as the name of a Service must."""
    return bool(re.fullmatch(r"[a-z](?:[a-z0-9-]*[a-z0-9])?", text)) and len(text) <= _LONGEST_LABEL


def seconds(text: str) -> float | None:
    """Return the seconds of `1m30s`, None for a text that is no duration."""
    if text in ("", "0"):
        return 0.0
    if not re.fullmatch(f"(?:{_PART.pattern})+", text):
        return None
    return sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))


def _seconds(tree: Tree, default: float) -> float:
    found = seconds(filled(tree.text)) if tree.text else None
    return default if found is None else found


def _number(tree: Tree, default: int) -> int:
    return _number_of(filled(tree.text), default) if tree.text else default


def _number_of(text: str, default: int) -> int:
    is_number = text.isascii() and text.isdecimal() and len(text) <= len(str(_LAST_PORT))
    return int(text) if is_number and int(text) <= _LAST_PORT else default
