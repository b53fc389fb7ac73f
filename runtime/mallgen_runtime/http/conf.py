"""Settings of HTTP services and of their tokens, with go-zero's keys."""

import os
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from typing import Annotated, ClassVar, Literal, NamedTuple

from msgspec import Meta, field

from mallgen_runtime.http.origins import wrong_origins
from mallgen_runtime.process.conf import Conf, LogConf, Mode, ShutdownConf, check_tls
from mallgen_runtime.process.devserver import DevServerConf, PrometheusConf
from mallgen_runtime.process.durations import Duration
from mallgen_runtime.process.errors import ConfigError, call_all
from mallgen_runtime.process.exporting import TelemetryConf
from mallgen_runtime.process.known_keys import REST, REST_MIDDLEWARES, Remark
from mallgen_runtime.process.variables import ENVIRONMENT
from mallgen_runtime.process.yaml_values import spelled
from mallgen_runtime.schema import Options

Compat = Annotated[str, Options("", "gozero")]
_SENT = ("Content-Type", "Authorization", "X-CSRF-Token", "AccessToken", "Token", "Range")  # go-zero's
Leeway = Annotated[int, Meta(ge=0, le=600)]


class MiddlewaresConf(Conf, kw_only=True):
    """go-zero's `Middlewares` block of a BFF: the steps that each request goes through; false switches a step off.

    With `timeout` or `max_bytes` false there is no such limit, not even for routes that have one in the contract. `log`
    writes a line for each request, `prometheus` counts it, `gunzip` unpacks its body. `breaker` refuses a part of the
    requests to a route while most of them end with a status of 500 or more (501 does not count). `shedding` refuses
    requests that would be answered too late, in mode pro. Without `recover`, a request whose handler fails because of a
    mistake in the code gets no answer: the connection is closed, as in Go. The mistake is in the log in both cases.
    """

    remarks: ClassVar[Mapping[str, Remark]] = REST_MIDDLEWARES
    timeout: bool = True
    max_conns: bool = True
    max_bytes: bool = True
    log: bool = True
    prometheus: bool = True
    gunzip: bool = True
    breaker: bool = True
    shedding: bool = True
    recover: bool = True


class UploadsConf(Conf, kw_only=True):
    """Limits of a `multipart/form-data` body; that of the whole body is MaxBytes, of the settings or the contract.

    `max_file_bytes` is the limit of one file (0: no limit of its own), `max_parts` the number of files and fields. When
    the files of a request have more than `memory_bytes`, the rest is written to the disk, into `folder`; if that is
    empty, into the system's folder for temporary files.
    """

    max_file_bytes: Annotated[int, Meta(ge=0)] = 0
    max_parts: Annotated[int, Meta(ge=1)] = 2048
    memory_bytes: Annotated[int, Meta(ge=0)] = 262144
    folder: str = ""

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for a folder that no file can be written to."""
        if self.folder and not (os.path.isdir(self.folder) and os.access(self.folder, os.W_OK | os.X_OK)):
            raise ConfigError(f"{setting}: Folder is {self.folder}, which is no folder that can be written to")


class EventsConf(Conf, kw_only=True):
    """Routes with `sse: true`: every `heartbeat`, such as `15s`, a comment is sent to keep the connection open; `0`:
    never.
    """

    heartbeat: Duration = "15s"


class CorsConf(Conf, kw_only=True):
    """Pages of other origins that may call the service, as the Fetch standard names them; without `Origins` none may.

    An entry of `origins` is `https://shop.example`, `https://*.shop.example` for all names below it, or `*` for all
    origins; `*` cannot be used together with `credentials` (cookies, Authorization). `methods` are the methods that a
    request may have (empty: those of the contract), `headers` the headers that it may have (`*`: all). `max_age` is for
    how many seconds a browser remembers the answer.
    """

    origins: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=lambda: list(_SENT))
    credentials: bool = False
    max_age: Annotated[int, Meta(ge=0)] = 86400

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for what no browser takes."""
        if self == CorsConf():
            return
        names = {"Methods": self.methods, "Headers": self.headers}
        problems = list(wrong_origins(self.origins, self.credentials, names))
        if problems:
            raise ConfigError(*(f"{setting}: {one}" for one in problems))


class WebSocketConf(Conf, kw_only=True):
    """Limits of WebSocket messages, and how a client that has silently gone away is noticed.

    A message of more than `max_message_bytes` closes the socket with code 1009. A client that has sent nothing for
    `ping_seconds` (0: never) is asked whether it is still there; when it does not answer within `pong_seconds`, the
    socket is closed. Behind another server that server's own settings decide this.
    """

    max_message_bytes: Annotated[int, Meta(ge=1)] = 1048576
    ping_seconds: Annotated[int, Meta(ge=0)] = 20
    pong_seconds: Annotated[int, Meta(ge=1)] = 20


class CompressConf(Conf, kw_only=True):
    """Answers packed with gzip for clients that accept it: text, JSON, XML, JavaScript of `min_bytes` or more.

    With `brotli` they are packed as br for clients that like br at least as well as gzip; this needs the extra
    `mallgen-runtime[brotli]`. Files and streams are not packed. Leave it off where a proxy packs already, and where one
    answer has both a secret and something that the client sent (the BREACH attack).
    """

    enabled: bool = False
    min_bytes: Annotated[int, Meta(ge=0)] = 1024
    brotli: bool = False

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for Brotli without its library, or where nothing is packed."""
        if self.brotli and not self.enabled:
            raise ConfigError(f"{setting}: Brotli is true, but Enabled is not")
        if self.brotli and find_spec("brotli") is None:
            raise ConfigError(f"{setting}: Brotli needs its library: pip install 'mallgen-runtime[brotli]'")


class StaticConf(Conf, kw_only=True):
    """A folder whose files are answered below `path` where no route is; for GET and HEAD, with ranges and ETag.

    `index` is the file that is answered for a folder; empty: none. `fallback` is the file that is answered when a name
    without an ending does not exist: pages that have their own router need this. `max_age` is for how many seconds a
    client may keep a file; with 0 it asks each time. With `packed`, a client that accepts it gets `a.js.br` or
    `a.js.gz` in the place of `a.js`, unless that file is older. Names that begin with a dot are not answered, nor are
    links that lead out of the folder.
    """

    path: str = "/"
    folder: str
    index: str = "index.html"
    fallback: str = ""
    max_age: Annotated[int, Meta(ge=0)] = 0
    packed: bool = True

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for a path that does not begin with a slash."""
        if not self.path.startswith("/"):
            raise ConfigError(f"{setting}: Path is `{self.path}`; write it with a slash in front")


class PrivateKeyConf(Conf, kw_only=True):
    """go-zero's entry of `Signature.PrivateKeys`: an RSA key in `key_file`, PEM; clients name it by `fingerprint`."""

    fingerprint: str
    key_file: str


class SignatureConf(Conf, kw_only=True):
    """go-zero's `Signature` block, for groups with `signature: true`.

    With `strict` false, a request with a wrong signature is served, and a line about it is in the log. `expiry`, such
    as `1h`, is how far the time in a signature may differ from the service's clock. `private_keys` decrypt the secret
    that clients sign with.
    """

    strict: bool = False
    expiry: Duration = "1h"
    private_keys: list[PrivateKeyConf] = field(default_factory=list)


class RestConf(Conf, kw_only=True):
    """The settings that every HTTP service has.

    `timeout` is in milliseconds (0: none). `max_bytes` is the limit of a request's body (0: no limit), `max_conns` the
    number of requests at the same time (0: no limit). `mode` is dev, test, rt, pre or pro; in dev and test an error
    also names the line of the contract. `trusted_proxies` are the addresses and networks from which X-Forwarded-For is
    believed. With `strict`, an unknown key is an error. With `Compat: gozero` requests are read and answers are written
    as go-zero does (docs/wire.md).

    `workers` is the number of processes that share the port; SIGHUP replaces them one after the other. `threads` is how
    many threads each process has for `ctx.thread`. When a route blocks the event loop for `blocked_loop` milliseconds,
    a warning names it (0: never; not set: 100 in modes dev and test, never in other modes).

    With `cert_file` and `key_file`, which are PEM files, the service speaks TLS. With `client_ca_file` it serves only
    clients whose certificate is signed by one of the authorities in that file. All three are read again when they
    change.

    Under load the service refuses requests that would be late. It does not do so while it uses less processor time than
    `cpu_threshold`, in thousandths of a core (0: it never refuses, as in go-zero; not set: processor time does not
    matter).
    """

    remarks: ClassVar[Mapping[str, Remark]] = REST
    name: str
    host: str = "0.0.0.0"  # noqa: S104
    port: Annotated[int, Meta(ge=0, le=65535)]
    mode: Mode = "pro"
    compat: Compat = ""
    timeout: Annotated[int, Meta(ge=0)] = 3000
    max_bytes: Annotated[int, Meta(ge=0)] = 1048576
    max_conns: Annotated[int, Meta(ge=0)] = 10000
    cpu_threshold: Annotated[int, Meta(ge=0, le=1000)] | None = None
    workers: Annotated[int, Meta(ge=1, le=512)] = 1
    threads: Annotated[int, Meta(ge=1, le=1024)] = 32
    blocked_loop: Annotated[int, Meta(ge=0)] | None = None
    middlewares: MiddlewaresConf = field(default_factory=MiddlewaresConf)
    uploads: UploadsConf = field(default_factory=UploadsConf)
    web_socket: WebSocketConf = field(default_factory=WebSocketConf)
    events: EventsConf = field(default_factory=EventsConf)
    cors: CorsConf = field(default_factory=CorsConf)
    compress: CompressConf = field(default_factory=CompressConf)
    static: list[StaticConf] = field(default_factory=list)
    trusted_proxies: list[str] = field(default_factory=list)
    signature: SignatureConf = field(default_factory=SignatureConf)
    cert_file: str = ""
    key_file: str = ""
    client_ca_file: str = ""
    shutdown: ShutdownConf = field(default_factory=ShutdownConf)
    dev_server: DevServerConf | None = None
    prometheus: PrometheusConf | None = None
    telemetry: TelemetryConf | None = None
    trace_ignore_paths: list[str] = field(default_factory=list)
    log: LogConf = field(default_factory=LogConf)
    strict: bool = False

    @property
    def blocked_after(self) -> float:
        """The seconds after which a request that holds the event loop is named, 0: never."""
        unset = 100 if self.mode in ("dev", "test") else 0
        return (unset if self.blocked_loop is None else self.blocked_loop) / 1000

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for proxies that are neither addresses nor networks, and for half of what TLS needs."""
        from mallgen_runtime.http.proxies import TrustedProxies

        proxies = [partial(TrustedProxies, [one]) for one in self.trusted_proxies]
        call_all([*proxies, partial(check_tls, self.cert_file, self.key_file, self.client_ca_file)])


class TokenRules(NamedTuple):
    """The rules for a token: seconds that clocks may differ by, whether it must expire, how it may be signed.

    `issuer` and `audience` are what it must name; empty ones are not looked at.
    """

    leeway: int
    needs_expiry: bool
    algorithms: tuple[str, ...] = ("HS256",)
    issuer: str = ""
    audience: str = ""


AS_GO_ZERO = TokenRules(0, False)
Algorithm = Literal[
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
    "EdDSA",
    "Ed25519",
]


class JwtConf(Conf, kw_only=True):
    """The block of a `jwt:`; `access_expire`, in seconds, is for the logic that issues tokens.

    `leeway` is by how many seconds the clock of the issuer may differ from the service's. With `require_expire` a token
    without an end (`exp`) is refused. `algorithms` are the allowed ways to sign a token. HS256, HS384 and HS512 need
    `access_secret`. RS, PS and ES with 256, 384 or 512, EdDSA and Ed25519 need one of `public_key_file` (a PEM or JWK),
    `jwks_file` and `jwks_url`; the keys at the URL are fetched again after `jwks_refresh` seconds. `issuer` and
    `audience` are the values that `iss` and `aud` of a token must have. `private_key_file` (a PEM or JWK) is for logic
    that issues tokens.
    """

    access_secret: str = ""
    access_expire: int = 86400
    prev_secret: str = ""
    leeway: Leeway = 0
    require_expire: bool = False
    algorithms: list[Algorithm] = field(default_factory=lambda: ["HS256"])
    public_key_file: str = ""
    jwks_file: str = ""
    jwks_url: str = ""
    jwks_refresh: Annotated[int, Meta(ge=1)] = 300
    issuer: str = ""
    audience: str = ""
    private_key_file: str = ""

    @classmethod
    def from_env(cls, name: str, variable: str) -> "Callable[[], JwtConf]":
        """The block `name` when the file has none: its secret is an environment variable."""
        return lambda: cls(access_secret=_from_env(f"{name}.AccessSecret", variable))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that a token may be signed with."""
        return tuple(filter(None, (self.access_secret, self.prev_secret)))


class JwtTransitionConf(Conf, kw_only=True):
    """The block of a `jwtTransition:`: today's secret and the one before it; other keys are as in a `jwt` block."""

    secret: str
    prev_secret: str = ""
    leeway: Leeway = 0
    require_expire: bool = False

    @classmethod
    def from_env(cls, name: str, variable: str) -> "Callable[[], JwtTransitionConf]":
        """The block `name` when the file has none: its secret is an environment variable."""
        return lambda: cls(secret=_from_env(f"{name}.Secret", variable))

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that a token may be signed with."""
        return tuple(filter(None, (self.secret, self.prev_secret)))


def secrets_of(config: RestConf, attribute: str) -> tuple[str, ...]:
    """Return the secrets of a route's `jwt` attribute. Raises ConfigError when there are none."""
    found: JwtConf | JwtTransitionConf = getattr(config, attribute)
    algorithms = rules_of(config, attribute).algorithms
    sources = (found.public_key_file, found.jwks_file, found.jwks_url) if isinstance(found, JwtConf) else ()
    given = len(list(filter(None, sources)))
    if not algorithms:
        raise ConfigError(f"{spelled(attribute)} has no Algorithms")
    if any(name.startswith("HS") for name in algorithms) and not found.secrets:
        raise ConfigError(f"the secret of {spelled(attribute)} is empty")
    needs_keys = not all(name.startswith("HS") for name in algorithms)
    if given != needs_keys:
        why = "needs one of PublicKeyFile, JwksFile and JwksUrl" if needs_keys else "uses no public keys: name others"
        raise ConfigError(f"{spelled(attribute)} with Algorithms {', '.join(algorithms)} {why}")
    return found.secrets


def rules_of(config: RestConf, attribute: str) -> TokenRules:
    """Return the rules for tokens of a route's `jwt` attribute."""
    found: JwtConf | JwtTransitionConf = getattr(config, attribute)
    if isinstance(found, JwtTransitionConf):
        return TokenRules(found.leeway, found.require_expire)
    algorithms = tuple(found.algorithms)
    return TokenRules(found.leeway, found.require_expire, algorithms, found.issuer, found.audience)


def _from_env(key: str, variable: str) -> str:
    given = ENVIRONMENT.get().get(variable)
    if not given:
        raise ConfigError(f"the configuration has no {key}, and the environment variable {variable} is not set")
    return given
