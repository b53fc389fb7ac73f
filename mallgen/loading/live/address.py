"""The address of a database on the command line: a URL, or the DSN of go-sql-driver/mysql. Pure.

A parameter that a service's DataSource may have and that tells nothing about tables is accepted.
"""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote

MYSQL, POSTGRES, SQLITE = "mysql", "postgres", "sqlite"
FORMS = "mysql://user:password@host:3306/name, postgresql://user:password@host:5432/name or sqlite:///data/name.db"
_SCHEMES = {MYSQL: MYSQL, "mariadb": MYSQL, "postgresql": POSTGRES, POSTGRES: POSTGRES, SQLITE: SQLITE}
_PORTS = {MYSQL: 3306, POSTGRES: 5432}
_USERS = {MYSQL: "root", POSTGRES: "postgres"}
_URL = re.compile(r"[A-Za-z][\w+.-]*://")
_DSN = re.compile(
    r"(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?(?P<net>tcp|unix)?(?:\((?P<address>[^()]*)\))?", re.DOTALL
)
_SERVER = re.compile(  # a password may have any character: it ends at the last @
    r"(?:(?P<user>[^:@/]*)(?::(?P<password>.*))?@)?(?P<host>\[[^\]@]*\]|[^@/?#:\[\]]*)(?::(?P<port>\d{1,5}))?"
    r"(?:/(?P<name>[^/?#@]*))?(?:\?(?P<query>[^@]*))?",
    re.DOTALL,
)
_TLS = {
    **dict.fromkeys(("", "false", "disable"), ""),
    **dict.fromkeys(("true", "verify-full"), "full"),
    "verify-ca": "ca",
    **dict.fromkeys(("skip-verify", "require", "preferred", "prefer"), "open"),
}
_ACCEPTED = frozenset(
    "parsetime interpolateparams allownativepasswords checkconnliveness clientfoundrows columnswithalias collation "
    "allowoldpasswords rejectreadonly application_name charset loc timeout readtimeout writetimeout multistatements "
    "maxallowedpacket tls sslmode sslrootcert unix_socket host".split()
)


class BadAddress(Exception):
    """An address that cannot be read; the message has no password."""


class Address(NamedTuple):
    """A database. `path` is SQLite's file, or the socket of a server on this machine.

    `tls`: empty for none, `open` for any certificate, `ca` for a trusted one, `full` for one with the host's name.
    """

    dialect: str
    database: str = ""
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    path: str = ""
    tls: str = ""
    ca_file: str = ""

    @property
    def label(self) -> str:
        """The address as messages show it, without the password."""
        if self.dialect == SQLITE:
            return self.path
        place = self.path or f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"
        return f"{self.dialect}://{self.user}@{place}/{self.database}"

    def __repr__(self) -> str:
        return f"Address({self.label})"


def is_address(text: str) -> bool:
    """Return whether a text is an address and no path of a file."""
    return bool(_URL.match(text)) or bool(re.search(r"@(?:tcp|unix)\(", text))


def address(text: str) -> Address:
    """Return the database that a text names. Raises BadAddress."""
    try:
        return _of_url(text) if _URL.match(text) else _of_dsn(text)
    except ValueError as problem:
        raise BadAddress(str(problem)) from None


def _of_url(text: str) -> Address:
    scheme, _, rest = text.partition("://")
    dialect = _SCHEMES.get(scheme.lower().partition("+")[0])
    if dialect is None:
        raise ValueError(f"`{scheme}://` is no database that mallgen reads")
    if dialect == SQLITE:
        return _of_file(rest)
    match = _SERVER.fullmatch(rest)
    if match is None:
        raise ValueError("it cannot be read; an address is `scheme://user:password@host:port/name?parameters`")
    found = Address(
        dialect,
        unquote(match["name"] or ""),
        match["host"].strip("[]") or "127.0.0.1",
        int(match["port"] or _PORTS[dialect]),
        unquote(match["user"] or "") or _USERS[dialect],
        unquote(match["password"] or ""),
    )
    return _with_parameters(found, match["query"] or "")


def _of_file(rest: str) -> Address:
    path = unquote(rest.partition("?")[0])
    if not path.startswith("/"):
        raise ValueError("a file has three slashes, sqlite:///data/name.db, and four where its path is absolute")
    if path in ("/", "/:memory:"):
        raise ValueError("sqlite:/// needs the path of a file")
    return Address(SQLITE, path=path[1:])


def _of_dsn(text: str) -> Address:
    left, slash, rest = text.rpartition("/")
    match = _DSN.fullmatch(left)
    if not slash or match is None or not (match["net"] or match["address"]):
        raise ValueError("this is no address of a database")
    name, _, query = rest.partition("?")
    where, is_socket = match["address"] or "", match["net"] == "unix"
    host, _, port = where.rpartition(":") if re.search(r":\d{1,5}$", where) else (where, "", "")
    found = Address(
        MYSQL,
        unquote(name),
        "" if is_socket else host.strip("[]") or "127.0.0.1",
        0 if is_socket else int(port or _PORTS[MYSQL]),
        match["user"] or "root",
        match["password"] or "",
        where if is_socket else "",
    )
    return _with_parameters(found, query)


def _with_parameters(found: Address, query: str) -> Address:
    given = {name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)}
    for name in given:
        if name not in _ACCEPTED:
            raise ValueError(
                f"its parameter `{name}` is not known; tls, sslmode, sslrootcert, unix_socket and host are"
            )
    tls = given.get("tls", given.get("sslmode", "")).lower()
    if tls not in _TLS:
        raise ValueError(
            f"its tls is `{tls}`; true, skip-verify, verify-ca, verify-full, require and disable are known"
        )
    socket = given.get("unix_socket", "") or (given.get("host", "") if given.get("host", "").startswith("/") else "")
    return found._replace(tls=_TLS[tls], ca_file=given.get("sslrootcert", ""), path=socket or found.path)
