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
    """go-zero's `Middlewares` block of a BFF: what each request goes through; false switches it off.

    `timeout` and `max_bytes` are off for routes that have limits of their own in the contract, too. `log` is the line
    of each request, `prometheus` its metrics, `gunzip` unpacks bodies. `breaker` drops a share of the requests to a
    route while most of them end with a status of 500 or more (501 aside); `shedding` drops those that would be late, in
    mode pro. Without `recover` a request whose handler fails by a fault of the code has no answer: its connection
    closes, as in Go; the log has the fault either way.
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
    """Bounds of a `multipart/form-data` body; what all of it may have is MaxBytes, of the settings or of the contract.

    `max_file_bytes` of one file (0: no limit of its own), `max_parts` files and fields. What a request's files have
    beyond `memory_bytes` goes to the disk, into `folder`; an empty one is the system's folder for temporary files.
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
    """Routes with `sse: true`: a comment goes out every `heartbeat`, as `15s`; `0`: none."""

    heartbeat: Duration = "15s"


class CorsConf(Conf, kw_only=True):
    """The pages of other origins that may call, in the words of the Fetch standard; without `Origins` none may.

    `origins` are `https://shop.example`, `https://*.shop.example` for all below, or `*` for all, which goes with no
    `credentials` (cookies, Authorization). `methods` of a request (none: those of the contract), `headers` that it may
    have (`*`: all). `max_age` in seconds is how long a browser remembers the answer.
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
    """Bounds of the messages of WebSockets, and how a client that has left in silence is noticed.

    A message of more than `max_message_bytes` closes the socket with 1009. A client that has sent nothing for
    `ping_seconds` (0: never) is asked for a sign of life, and given up without one after `pong_seconds` more. Under
    another server its own settings ask.
    """

    max_message_bytes: Annotated[int, Meta(ge=1)] = 1048576
    ping_seconds: Annotated[int, Meta(ge=0)] = 20
    pong_seconds: Annotated[int, Meta(ge=1)] = 20


class CompressConf(Conf, kw_only=True):
    """Answers packed as gzip for clients that take it: text, JSON, XML, JavaScript of `min_bytes` and more.

    With `brotli` they are packed as br for clients that like it as well or better; it needs the extra
    `mallgen-runtime[brotli]`. Files and streams go as they are. Leave it off where a proxy packs, and where a secret
    and what a client sent stand in one answer (BREACH).
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

    `index` is the file of a folder, empty: none. `fallback` is answered for names without an ending that are not there,
    as pages with a router of their own need. `max_age` in seconds; 0: clients ask each time. `packed`: for a
    client that takes it `a.js.br` or `a.js.gz` beside `a.js` is sent, unless it is older. Names that begin with a
    dot, and links that lead out, are not answered.
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

    `strict` false: a request whose signature does not hold is served, and logged. `expiry` as `1h`: how far the time in
    a signature may be from ours. `private_keys` decrypt what clients sign with.
    """

    strict: bool = False
    expiry: Duration = "1h"
    private_keys: list[PrivateKeyConf] = field(default_factory=list)


class RestConf(Conf, kw_only=True):
    """The settings that every HTTP service has.

    `timeout` in milliseconds (0: none), `max_bytes` of a request's body (0: no limit), `max_conns` requests at a time
    (0: no limit). `mode` dev, test, rt, pre or pro: dev and test add the contract's line to errors. `trusted_proxies`
    are addresses and networks whose X-Forwarded-For is believed. `strict`: a key that is no setting is an error.
    `compat: gozero` reads requests and writes answers as go-zero does (docs/wire.md).

    `workers` processes share the port; SIGHUP replaces them one after the other. `threads` of each process are for
    `ctx.thread`. A warning names the route that holds the event loop for `blocked_loop` milliseconds (0: never; not
    set: 100 in modes dev and test, never in others).

    With `cert_file` and `key_file`, PEM files, the service speaks TLS, with `client_ca_file` only to clients whose
    certificate one of its authorities has signed. All three are read again when they change.

    `cpu_threshold` in thousandths of a core: below it no load is shed (0: never, as go-zero's; not set: processor time
    does not matter).
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
    """The block of a `jwt:`. `access_expire` in seconds is for the logic that issues tokens.

    `leeway`: seconds that the clock of who issues tokens may differ from ours by. `require_expire`: a token without an
    end (`exp`) is refused. `algorithms`: how a token may be signed. HS256, HS384 and HS512 need `access_secret`; RS, PS
    and ES with 256, 384 or 512, EdDSA and Ed25519 need one of `public_key_file` (a PEM or JWK), `jwks_file` and
    `jwks_url`, which is fetched again after `jwks_refresh` seconds. `issuer` and `audience` are what `iss` and `aud` of
    a token must have. `private_key_file` (a PEM or JWK) is for logic that issues tokens.
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
    """The block of a `jwtTransition:`: the present secret and the one before; the rest is as in a `jwt` block."""

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
