"""Settings in YAML with go-zero's keys: read without regard to case, `${VAR}` taken from the environment."""

import os
import re
from collections.abc import Callable
from typing import Annotated, Any, NamedTuple, TypeVar

import msgspec
import yaml
from msgspec import Meta, Struct, field

from mallgen_runtime.confbase import Conf
from mallgen_runtime.confbase import ConfigError as ConfigError  # its place for those who import it
from mallgen_runtime.decoding import Wrong, convert
from mallgen_runtime.schema import Options
from mallgen_runtime.shapes import Type, describe, fields, is_struct

C = TypeVar("C", bound=Struct)
_MAX_BYTES = 1 << 20
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class LogConf(Conf, kw_only=True):
    """go-zero's `Log` block.

    `level`: debug, info, error or severe. `encoding`: json or plain. `access`: a line per request.
    """

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


class RestConf(Conf, kw_only=True):
    """What every HTTP service is told.

    `timeout` in milliseconds (0: none), `max_bytes` of a request's body (0: no limit), `max_conns` requests at a time
    (0: no limit). `mode` dev, test, rt, pre or pro: dev and test add the contract's line to errors. `trusted_proxies`
    are addresses and networks whose X-Forwarded-For is believed.
    """

    name: str
    host: str = "0.0.0.0"  # noqa: S104
    port: Annotated[int, Meta(ge=0, le=65535)]
    mode: Mode = "pro"
    timeout: Annotated[int, Meta(ge=0)] = 3000
    max_bytes: Annotated[int, Meta(ge=0)] = 1048576
    max_conns: Annotated[int, Meta(ge=0)] = 10000
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
    """The block of a `jwtTransition:`: the present secret and the one before; the rest as in JwtConf."""

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
        raise ConfigError(f"the secret of {_go_name(attribute)} is empty")
    return found.secrets


def rules_of(config: RestConf, attribute: str) -> TokenRules:
    """What a route's `jwt` attribute asks of tokens."""
    found: JwtConf | JwtTransitionConf = getattr(config, attribute)
    return TokenRules(found.leeway, found.require_expire)


def load_config(kind: type[C], path: str, *, package: str) -> C:
    """Read the settings at `path`: from the working directory, beside the package or in it. Raises ConfigError."""
    return read_config(kind, _find(path, package))


def read_config(kind: type[C], path: str) -> C:
    """Read the settings in a file. Raises ConfigError."""
    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(_MAX_BYTES + 1)
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8"
        raise ConfigError(f"{path}: cannot read the configuration: {reason}") from None
    if len(text) > _MAX_BYTES:
        raise ConfigError(f"{path}: the configuration has more than {_MAX_BYTES} bytes")
    return parse_config(kind, text, path)


def parse_config(kind: type[C], text: str, path: str) -> C:
    """Settings from YAML text; `path` names it in errors. Raises ConfigError."""
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as problem:
        line = problem.problem_mark.line + 1 if problem.problem_mark else 1
        raise ConfigError(f"{path}:{line}: this is not YAML: {problem.problem}") from None
    except yaml.YAMLError as problem:
        raise ConfigError(f"{path}: this is not YAML: {str(problem).splitlines()[0]}") from None
    builder = _Builder(path, {})
    values = builder.value(root, describe(kind), "") if root is not None else {}
    if not isinstance(values, dict):
        raise ConfigError(f"{path}:1: the settings must be keys with values")
    try:
        made: C = convert(values, kind)
    except Wrong as problem:
        error = problem.errors[0]
        parent = error.name.rpartition(".")[0]
        line = builder.lines.get(error.name, builder.lines.get(parent, 1))
        raise ConfigError(f"{path}:{line}: {_go_name(error.name) or 'the file'} {error.reason}") from None
    return made


class _Builder(NamedTuple):
    """Turns YAML nodes into plain values, keys spelled as the struct spells them; remembers lines by dotted name."""

    path: str
    lines: dict[str, int]

    def value(self, node: Any, kind: Type, name: str) -> Any:
        self.lines[name] = node.start_mark.line + 1
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, kind, name)
        if isinstance(node, yaml.SequenceNode):
            inner = describe(kind.args[0]) if kind.origin is list and kind.args else describe(Any)
            return [self.value(item, inner, f"{name}[{index}]") for index, item in enumerate(node.value)]
        return self._scalar(node, kind)

    def _mapping(self, node: Any, kind: Type, name: str) -> dict[str, Any]:
        known = {_folded(f.wire): f for f in fields(kind.origin)} if is_struct(kind.origin) else {}
        found: dict[str, Any] = {}
        for key, item in node.value:
            field = known.get(_folded(str(key.value)))
            spelled = field.wire if field else str(key.value)
            inner = field.kind if field else describe(kind.args[1] if kind.origin is dict and kind.args else Any)
            if field is None and known:
                continue  # go-zero has many keys that have no meaning here
            if spelled in found:
                before = self.lines[f"{name}.{spelled}" if name else spelled]
                here = f"{self.path}:{key.start_mark.line + 1}"
                raise ConfigError(f"{here}: {_go_name(spelled)} is given twice, first in line {before}")
            found[spelled] = self.value(item, inner, f"{name}.{spelled}" if name else spelled)
        return found

    def _scalar(self, node: Any, kind: Type) -> Any:
        text = _VARIABLE.sub(lambda match: self._variable(match.group(1), node), node.value)
        if kind.origin is str:
            return None if node.tag.endswith(":null") else text
        if kind.origin in (int, float, bool):
            return _lax(text, kind.origin)
        scalar = yaml.ScalarNode(node.tag, text, node.start_mark, node.end_mark)
        return _LOADER("").construct_object(scalar)

    def _variable(self, name: str, node: Any) -> str:
        if name not in os.environ:
            raise ConfigError(f"{self.path}:{node.start_mark.line + 1}: the environment variable {name} is not set")
        return os.environ[name]


def _lax(text: str, kind: type[Any]) -> Any:
    try:
        return msgspec.convert(text.strip(), kind, strict=False)
    except msgspec.ValidationError:
        return text


def _folded(key: str) -> str:
    return key.replace("_", "").replace("-", "").lower()


def _go_name(name: str) -> str:
    """`max_bytes` → `MaxBytes`, as the file spells it."""
    return ".".join("".join(word[:1].upper() + word[1:] for word in part.split("_")) for part in name.split("."))


def _from_env(key: str, variable: str) -> str:
    if not os.environ.get(variable):
        raise ConfigError(f"the configuration has no {key}, and the environment variable {variable} is not set")
    return os.environ[variable]


def _find(path: str, package: str) -> str:
    import importlib

    base = os.path.dirname(os.path.abspath(importlib.import_module(package).__file__ or ""))
    tried = [path, os.path.join(os.path.dirname(base), path), os.path.join(base, path)]
    for found in tried:
        if os.path.isfile(found):
            return found
    raise ConfigError(f"{path}: there is no configuration here, name it with -f")
