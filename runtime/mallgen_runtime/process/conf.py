"""Settings in YAML with go-zero's keys: read without regard to case, `${VAR}` taken from the environment."""

import logging
import os
from collections.abc import Callable, Mapping
from typing import Annotated, ClassVar, Generic, NamedTuple, TypeVar

from msgspec import Meta, Struct, field

from mallgen_runtime.process.confbase import Conf
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.go_zero import LOG, REST, REST_MIDDLEWARES, Remark
from mallgen_runtime.process.settings import Plain, spelled
from mallgen_runtime.process.variables import ENVIRONMENT
from mallgen_runtime.schema import Options
from mallgen_runtime.schema.decoding import Wrong, convert

C = TypeVar("C", bound=Struct)
_MAX_BYTES = 1 << 20
_LOG = logging.getLogger("mallgen.service")


class LogConf(Conf, kw_only=True):
    """go-zero's `Log` block.

    `level`: debug, info, error or severe. `encoding`: json or plain. `access`: a line per request.
    """

    remarks: ClassVar[Mapping[str, Remark]] = LOG
    level: Annotated[str, Options("debug", "info", "error", "severe")] = "info"
    encoding: Annotated[str, Options("json", "plain")] = "json"
    access: bool = True


class ShutdownConf(Conf, kw_only=True):
    """go-zero's `Shutdown` block: how a signal stops the service.

    For `wrap_up_time` everything is served as before while /readyz says 503, so that load balancers look elsewhere.
    `wait_time`, counted from the signal, is what requests in flight are given (`0`: as long as they need).
    """

    wrap_up_time: str = "1s"
    wait_time: str = "5.5s"


Leeway = Annotated[int, Meta(ge=0, le=600)]
Mode = Annotated[str, Options("dev", "test", "rt", "pre", "pro")]  # go-zero's


class MiddlewaresConf(Conf, kw_only=True):
    """go-zero's `Middlewares` block of a BFF: what each request goes through; false switches it off.

    `timeout` and `max_bytes` are off for routes that have limits of their own in the contract, too. `log` is the line
    of each request, `gunzip` unpacks bodies.
    """

    remarks: ClassVar[Mapping[str, Remark]] = REST_MIDDLEWARES
    timeout: bool = True
    max_conns: bool = True
    max_bytes: bool = True
    log: bool = True
    gunzip: bool = True


class RestConf(Conf, kw_only=True):
    """What every HTTP service is told.

    `timeout` in milliseconds (0: none), `max_bytes` of a request's body (0: no limit), `max_conns` requests at a time
    (0: no limit). `mode` dev, test, rt, pre or pro: dev and test add the contract's line to errors. `trusted_proxies`
    are addresses and networks whose X-Forwarded-For is believed.
    """

    remarks: ClassVar[Mapping[str, Remark]] = REST
    name: str
    host: str = "0.0.0.0"  # noqa: S104
    port: Annotated[int, Meta(ge=0, le=65535)]
    mode: Mode = "pro"
    timeout: Annotated[int, Meta(ge=0)] = 3000
    max_bytes: Annotated[int, Meta(ge=0)] = 1048576
    max_conns: Annotated[int, Meta(ge=0)] = 10000
    middlewares: MiddlewaresConf = field(default_factory=MiddlewaresConf)
    trusted_proxies: list[str] = field(default_factory=list)
    shutdown: ShutdownConf = field(default_factory=ShutdownConf)
    log: LogConf = field(default_factory=LogConf)


class TokenRules(NamedTuple):
    """What is asked of a token besides its signature: seconds that clocks may differ by, and whether it must end."""

    leeway: int
    needs_expiry: bool


AS_GO_ZERO = TokenRules(0, False)


class JwtConf(Conf, kw_only=True):
    """The block of a `jwt:`. `access_expire` in seconds is for the logic that issues tokens.

    `leeway`: seconds that the clock of who issues tokens may differ from ours by. `require_expire`: a token without an
    end (`exp`) is refused.
    """

    access_secret: str
    access_expire: int = 86400
    prev_secret: str = ""
    leeway: Leeway = 0
    require_expire: bool = False

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
    """The secrets of a route's `jwt` attribute."""
    found: JwtConf | JwtTransitionConf = getattr(config, attribute)
    if not found.secrets:
        raise ConfigError(f"the secret of {spelled(attribute)} is empty")
    return found.secrets


def rules_of(config: RestConf, attribute: str) -> TokenRules:
    """What a route's `jwt` attribute asks of tokens."""
    found: JwtConf | JwtTransitionConf = getattr(config, attribute)
    return TokenRules(found.leeway, found.require_expire)


class Loaded(NamedTuple, Generic[C]):
    """Settings, and what there was to say of their file."""

    config: C
    warnings: tuple[str, ...]


def load_config(kind: type[C], path: str, *, package: str) -> C:
    """Read the settings at `path`: from the working directory, beside the package or in it. Raises ConfigError."""
    return read_config(kind, find_config(path, package))


def read_config(kind: type[C], path: str) -> C:
    """Read the settings in a file; what there is to say of it goes to the log. Raises ConfigError."""
    return _logged(load_file(kind, path))


def parse_config(kind: type[C], text: str, path: str) -> C:
    """Settings from YAML text; `path` names it in errors. Raises ConfigError."""
    return _logged(parse(kind, text, path))


def load_file(kind: type[C], path: str) -> Loaded[C]:
    """Read the settings in a file. Raises ConfigError."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_MAX_BYTES + 1)
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path}: cannot read the configuration: {reason}") from None
    if len(text) > _MAX_BYTES:
        raise ConfigError(f"{path}: the configuration has more than {_MAX_BYTES} bytes")
    return parse(kind, text, path)


def parse(kind: type[C], text: str, path: str) -> Loaded[C]:
    """Settings from YAML text. Raises ConfigError with all that is wrong."""
    plain = Plain(text, path)
    try:
        values = plain.values(kind)
    except RecursionError:
        raise ConfigError(f"{path}: the settings are nested too deeply") from None
    except ValueError as problem:
        raise ConfigError(f"{path}: {problem}") from None
    broken = bool(plain.problems)
    try:
        made: C = convert(values, kind)
    except Wrong as problem:
        for error in problem.errors:
            if not broken or error.reason != "must not be null":  # it follows from what is said already
                plain.wrong(error.name, error.reason)
    warnings = plain.placed(plain.warnings)
    if plain.problems:
        raise ConfigError(*plain.placed(plain.problems), warnings=warnings)
    return Loaded(made, warnings)


def _logged(loaded: Loaded[C]) -> C:
    for line in loaded.warnings:
        _LOG.warning("%s", line)
    return loaded.config


def _from_env(key: str, variable: str) -> str:
    given = ENVIRONMENT.get().get(variable)
    if not given:
        raise ConfigError(f"the configuration has no {key}, and the environment variable {variable} is not set")
    return given


def find_config(path: str, package: str) -> str:
    """Where the settings are that `path` names, for a package. Raises ConfigError."""
    import importlib

    base = os.path.dirname(os.path.abspath(importlib.import_module(package).__file__ or ""))
    tried = [path, os.path.join(os.path.dirname(base), path), os.path.join(base, path)]
    for found in tried:
        if os.path.isfile(found):
            return found
    raise ConfigError(f"{path}: there is no configuration here, name it with -f")
