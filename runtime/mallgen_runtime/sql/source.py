"""The address of a database: a URL, or the DSN of go-sql-driver/mysql as go-zero's settings have it."""

import re
from datetime import UTC, datetime, tzinfo
from urllib.parse import parse_qsl, unquote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from mallgen_runtime.process.durations import seconds
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.sql.connection import Dialect

MEMORY = ":memory:"
FORMS = (
    "write sqlite:///data/name.db, mysql://user:${PASSWORD}@host:3306/name, postgresql://user:${PASSWORD}@host:5432/name"
    ", or user:${PASSWORD}@tcp(host:3306)/name"
)
_SCHEMES = {
    "sqlite": Dialect.SQLITE,
    "mysql": Dialect.MYSQL,
    "mariadb": Dialect.MYSQL,
    "postgresql": Dialect.POSTGRES,
    "postgres": Dialect.POSTGRES,
}
_PORTS = {Dialect.MYSQL: 3306, Dialect.POSTGRES: 5432}
_LAST_PORT = 65535
_USERS = {Dialect.MYSQL: "root", Dialect.POSTGRES: "postgres"}
_DSN = re.compile(
    r"(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?(?P<net>tcp|tcp6|unix)?(?:\((?P<address>[^()]*)\))?", re.DOTALL
)
_URL = re.compile(  # a password may have any character: it ends at the last @
    r"(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?(?P<host>\[[^\]@]*\]|[^@/?#:\[\]]*)(?::(?P<port>\d{1,5}))?"
    r"(?:/(?P<name>[^/?#@]*))?(?:\?(?P<query>[^@]*))?",
    re.DOTALL,
)
_TLS = {
    "": "",
    "false": "",
    "disable": "",
    "true": "full",
    "verify-full": "full",
    "verify-ca": "ca",
    "skip-verify": "open",
    "require": "open",
    "preferred": "prefer",
    "prefer": "prefer",
    "allow": "prefer",
}
_WITHOUT_EFFECT = frozenset(  # each is so here in any case, or means nothing to this driver
    "parsetime interpolateparams allownativepasswords checkconnliveness clientfoundrows columnswithalias "
    "allowoldpasswords allowfallbacktoplaintext maxallowedpacket rejectreadonly application_name".split()
)
_REFUSED = {
    "readtimeout": "statements end with the deadline of their request",
    "writetimeout": "statements end with the deadline of their request",
    "multistatements": "one statement is sent at a time",
    "allowallfiles": "no file of the client is ever read",
    "allowcleartextpasswords": "passwords are never sent in the clear",
}
_HONOURED = frozenset("charset loc timeout tls sslmode sslrootcert host unix_socket collation".split())


class Source(msgspec.Struct, frozen=True):
    """A database to connect to.

    `path` is the file of SQLite, or the socket of a server on this machine. `zone` is the zone of columns without one.
    `tls`: empty for none, `prefer` where the server speaks it, `open` for any certificate, `ca` for a trusted one,
    `full` for one with the name of the host.
    """

    dialect: Dialect
    database: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    path: str = ""
    zone: tzinfo = UTC
    tls: str = ""
    ca_file: str = ""
    timeout: float = 0.0
    collation: str = ""

    @property
    def label(self) -> str:
        """The address as messages show it, without the password."""
        if self.dialect is Dialect.SQLITE:
            return self.path
        place = self.path or f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
        return f"{self.dialect.value}://{self.user}@{place}/{self.database}"

    def __repr__(self) -> str:
        return f"Source({self.label})"


def source(text: str, setting: str) -> Source:
    """Return the database that a setting names. Raises ConfigError, whose message has no password."""
    if not text.strip():
        raise ConfigError(f"{setting} is empty; {FORMS}")
    try:
        scheme, colon, _ = text.partition("://")
        if colon and re.fullmatch(r"[A-Za-z][\w+.-]*", scheme):
            return _of_url(text, scheme.lower().partition("+")[0])
        return _of_dsn(text)
    except ValueError as problem:
        raise ConfigError(f"{setting}: {problem}") from None


def masked(text: str) -> str:
    """Return an address without its password, `***` for what is none."""
    try:
        found = source(text, "")
    except ConfigError:
        return "***" if text else ""
    query = text.rpartition("@")[2].partition("?")[2]
    return text if found.dialect is Dialect.SQLITE else f"{found.label}?{query}" if query else found.label


def _of_url(text: str, scheme: str) -> Source:
    dialect = _SCHEMES.get(scheme)
    if dialect is None:
        raise ValueError(f"{scheme}:// is no database that is known; {FORMS}")
    if dialect is Dialect.SQLITE:
        return _file(text.partition("://")[2])
    match = _URL.fullmatch(text.partition("://")[2])
    if match is None:
        raise ValueError("the address cannot be read; it is written scheme://user:password@host:port/name?parameters")
    found = Source(
        dialect,
        database=unquote(match["name"] or ""),
        host=match["host"].strip("[]") or "127.0.0.1",
        port=_port(match["port"] or "", dialect),
        user=unquote(match["user"] or "") or _USERS[dialect],
        password=unquote(match["password"] or ""),
    )
    return _with_parameters(found, match["query"] or "")


def _file(rest: str) -> Source:
    path, _, query = rest.partition("?")
    path = unquote(path)
    if path.strip("/") == MEMORY:
        path = MEMORY
    elif path.startswith("/"):
        path = path[1:]  # sqlite:///data/a.db is relative, sqlite:////data/a.db is not
    else:
        raise ValueError("a file is written with three slashes: sqlite:///data/name.db, four for an absolute path")
    if not path or query:
        raise ValueError("sqlite:/// needs a file" if not path else "sqlite:/// takes no parameters")
    return Source(Dialect.SQLITE, path=path)


def _of_dsn(text: str) -> Source:
    left, slash, rest = text.rpartition("/")
    match = _DSN.fullmatch(left)
    if not slash or match is None:
        raise ValueError(f"this is no address of a database; {FORMS}")
    name, _, query = rest.partition("?")
    is_socket = match["net"] == "unix"
    host, port = ("", 0) if is_socket else _host(match["address"] or "")
    found = Source(
        Dialect.MYSQL,
        database=unquote(name),
        host=host,
        port=port,
        user=match["user"] or "root",
        password=match["password"] or "",
        path=(match["address"] or "") if is_socket else "",
    )
    return _with_parameters(found, query)


def _host(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":") if re.search(r":\d+$", address) else (address, "", "")
    return host.strip("[]") or "127.0.0.1", _port(port, Dialect.MYSQL)


def _port(text: str, dialect: Dialect) -> int:
    """Return a port, without one that of the dialect. Raises ValueError."""
    port = int(text or _PORTS[dialect])
    if not 1 <= port <= _LAST_PORT:
        raise ValueError(f"the port is {text}; ports are from 1 to {_LAST_PORT}")
    return port


def _with_parameters(found: Source, query: str) -> Source:
    given = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
    for name in given:
        if name in ("password", "user"):
            raise ValueError(f"the {name} stands before the @, not among the parameters")
        if name in _REFUSED and given[name].lower() not in ("false", "0", ""):
            raise ValueError(f"the parameter {name} is not to be had: {_REFUSED[name]}; remove it")
        if name not in _WITHOUT_EFFECT and name not in _HONOURED and name not in _REFUSED:
            raise ValueError(f"the parameter {name} is not known; there are {', '.join(sorted(_HONOURED))}")
    charset = given.get("charset", "utf8mb4").lower()
    if not set(charset.split(",")) & {"utf8mb4", "utf8"}:
        raise ValueError(f"charset is {charset}; only utf8mb4 is spoken")
    tls = given.get("tls", given.get("sslmode", "")).lower()
    if tls not in _TLS:
        raise ValueError(
            f"{'tls' if 'tls' in given else 'sslmode'} is {tls}; there are {', '.join(filter(None, _TLS))}"
        )
    path = given.get("unix_socket", given["host"] if given.get("host", "").startswith("/") else found.path)
    return msgspec.structs.replace(
        found,
        zone=_zone(given.get("loc", "")),
        tls=_TLS[tls],
        ca_file=given.get("sslrootcert", ""),
        timeout=_duration(given.get("timeout", "")),
        collation=given.get("collation", ""),
        path=path,
    )


def _zone(name: str) -> tzinfo:
    if name in ("", "UTC"):
        return UTC
    if name == "Local":
        return datetime.now().astimezone().tzinfo or UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"loc is {name}, which is no time zone; write it as Asia%2FShanghai") from None


def _duration(text: str) -> float:
    try:
        return seconds(text, "timeout")
    except ConfigError as problem:
        raise ValueError(str(problem)) from None
