"""The text of docs/settings.md: every key of every settings class in the runtime, and go-zero's other keys."""

import re
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

from msgspec import Meta
from settings_rows import (
    BREAKING_KEYS,
    FIRST,
    GO_ZERO,
    OTHERS,
    SERVICE_KEYS,
    SINCE,
    UNITS,
    UNITS_BY_END,
    TomlRow,
)

import mallgen_runtime
from mallgen_runtime import discovery
from mallgen_runtime.cache import conf as cache_conf
from mallgen_runtime.http import conf as http_conf
from mallgen_runtime.process import conf, devserver, exporting
from mallgen_runtime.process.durations import DurationRule
from mallgen_runtime.process.known_keys import PROTECTS, Remark, folded
from mallgen_runtime.process.yaml_values import spelled
from mallgen_runtime.queue import conf as queue_conf
from mallgen_runtime.rpc import conf as rpc_conf
from mallgen_runtime.schema import Options
from mallgen_runtime.schema.reflection import Field, describe, fields, is_struct
from mallgen_runtime.sql import conf as sql_conf

BLOCKS: tuple[tuple[str, str, Any], ...] = (
    ("A BFF", "the top of `etc/NAME-api.yaml`", http_conf.RestConf),
    ("Middlewares of a BFF", "`Middlewares`", http_conf.MiddlewaresConf),
    ("Signature", "`Signature` of a BFF", http_conf.SignatureConf),
    ("Keys of signatures", "an entry of `Signature.PrivateKeys`", http_conf.PrivateKeyConf),
    ("Uploads", "`Uploads` of a BFF", http_conf.UploadsConf),
    ("WebSockets", "`WebSocket` of a BFF", http_conf.WebSocketConf),
    ("Cors", "`Cors` of a BFF, and the block that `cors: Public` in the contract names", http_conf.CorsConf),
    ("Compress", "`Compress` of a BFF", http_conf.CompressConf),
    ("Static folders", "an entry of `Static` of a BFF", http_conf.StaticConf),
    ("A jwt block", "the block that `jwt: Auth` in the contract names", http_conf.JwtConf),
    ("A jwtTransition block", "the block that `jwtTransition: Auth` names", http_conf.JwtTransitionConf),
    ("An RPC server", "the top of `etc/NAME.yaml`", rpc_conf.RpcServerConf),
    ("Middlewares of an RPC server", "`Middlewares`", rpc_conf.ServerMiddlewaresConf),
    ("Limits of single methods", "an entry of `MethodTimeouts`", rpc_conf.MethodTimeoutConf),
    ("An RPC client", "a block such as `OrderRPC`", rpc_conf.RpcClientConf),
    ("Middlewares of an RPC client", "`Middlewares` in the client's block", rpc_conf.ClientMiddlewaresConf),
    ("A queue service", "the top of `etc/NAME.yaml`", queue_conf.QueueServerConf),
    ("A topic", "a block such as `OrderRequested` of a queue service", queue_conf.TopicConf),
    ("A producer", "a block such as `SeckillQueue` of a service that sends", queue_conf.ProducerConf),
    ("A database", "`DataSource` of a service with tables; a text is its `Url`", sql_conf.DataSourceConf),
    ("Redis", "an entry of `CacheRedis` of a service with a cache", cache_conf.CacheRedisConf),
    ("A cache", "`CacheOptions` of a service with a cache", cache_conf.CacheConf),
    ("Etcd", "`Etcd` of a server or a client", discovery.EtcdConf),
    ("Log", "`Log` of any service", conf.LogConf),
    ("Shutdown", "`Shutdown` of any service", conf.ShutdownConf),
    ("DevServer", "`DevServer` of any service", devserver.DevServerConf),
    ("Prometheus", "`Prometheus` of any service", devserver.PrometheusConf),
    ("Telemetry", "`Telemetry` of any service", exporting.TelemetryConf),
)
HEAD = """# Settings

A service reads one YAML file: `-f FILE`, else `etc/NAME.yaml` of its folder. Keys have go-zero's names. Capital and
small letters are the same in them, and `_` and `-` are ignored. All mistakes of a file are reported at once, with their
lines, and the exit code is 3. `<<` merges mappings. Where settings are printed, by `--check-config`, in messages or in
Python, secrets are shown as `***`.

## A setting is honoured or refused

| the file has | what happens |
|---|---|
| a key that a class has | it is honoured, or its value is refused with its line |
| protection that is not there yet: Auth, StrictControl \
| the service does not start; `false`, `0` and empty ask for nothing |
| a key that is nearly one that limits or protects: {protects} \
| the service does not start: somebody who wrote `Timout` would think that there is a timeout |
| a key of go-zero's for observation only: MetricsUrl, Profiling … \
| a warning in the log when the service starts |
| any other key | a warning, with the key that was probably meant; with `Strict: true` the service does not start |

`python -m PACKAGE --check-config` prints the settings that a service would run with, with all defaults, and does not
start it. The exit code is 0 with YAML on stdout, or 3 with all errors on stderr; warnings are on stderr too.

A key is "nearly" another one when one letter is missing, added, wrong or swapped with the next one. In a key of ten
letters or more it may be two letters, in a key of four letters only a swap. `mallgen check` reports the same about
`etc/*.yaml` before a service starts. It reads `wiring.py` and `config.py`, and runs neither.

Keys of your own are fields of `Config` in `config.py`. A block is a class: `class Database(Struct)` and
`database: Database`. Unknown keys are found in blocks inside of blocks too, but not in a `dict`. A field may also be a
`Path`, an `Enum` or `Literal`, a date, a `Decimal`, a tuple or a set, but it cannot have two types (`int | str`).

## Variables

| text | becomes |
|---|---|
| `${{NAME}}` | the environment variable; it must be set |
| `${{NAME:-default}}` | the default, where the variable is not set or is empty |
| `${{NAME-default}}` | the default, only where the variable is not set |
| `${{NAME:?why}}`, `${{NAME?why}}` | the service does not start and says why |
| `${{A:-${{B:-c}}}}` | defaults may be nested, eight deep; in them `}}` is written `\\}}` |
| `$${{` | `${{` |
| `$NAME`, `$$` | themselves |

"""


TOML = """## mallgen.toml

The workspace: its services, and the settings of `mallgen breaking`. An unknown key is an error with its place.
"""
_WORDS = {str: ("text", "texts"), bool: ("true or false", ""), int: ("whole number", "numbers"), float: ("number", "")}

_OTHER = ("value", "values")


def settings_page() -> str:
    """Return the text of docs/settings.md."""
    blocks = [*BLOCKS, *_others()]
    keys = {spelled(field.wire) for _, _, cls in blocks for field in fields(cls)}
    keys |= {name for _, _, cls in blocks for name in getattr(cls, "remarks", {})}
    protects = ", ".join(sorted(key for key in keys if folded(key) in PROTECTS))
    toml = [*_toml("[service.NAME]", SERVICE_KEYS), *_toml("[breaking]", BREAKING_KEYS)]
    parts = ["\n".join(_block(*block)) for block in blocks]
    return HEAD.format(protects=protects) + "\n".join([*parts, TOML, *toml])


def _others() -> Iterator[tuple[str, str, Any]]:
    """Yield the blocks of the runtime that have no title yet, each with the keys that it stands at."""
    root = Path(mallgen_runtime.__path__[0])
    for path in sorted(root.rglob("*.py")):
        if "(Conf" in path.read_text(encoding="utf-8"):
            import_module(
                ".".join([root.name, *path.relative_to(root).with_suffix("").parts]).removesuffix(".__init__")
            )
    known = {cls for _, _, cls in BLOCKS}
    found = sorted(set(_below(conf.Conf)) - known, key=lambda cls: str(cls.__name__))
    for cls in found:
        users = [(user, field) for user in (*known, *found) for field in fields(user) if _class(field) is cls]
        places = sorted(f"`{spelled(field.wire)}` of `{user.__name__}`" for user, field in users)
        yield cls.__name__.removesuffix("Conf"), ", ".join(places) or "a block of your own `Config`", cls


def _below(cls: Any) -> Iterator[Any]:
    for sub in cls.__subclasses__():
        if sub.__module__.startswith("mallgen_runtime."):
            yield sub
            yield from _below(sub)


def _class(field: Field) -> Any:
    """Return the class of a block, of a list of blocks or of a mapping of them."""
    return describe(field.kind.args[-1]).origin if field.kind.args else field.kind.origin


def _block(title: str, place: str, cls: Any) -> Iterator[str]:
    known = fields(cls)
    yield f"## {title}\n\n{place[0].upper()}{place[1:]}: class `{cls.__name__}`.\n"
    yield f"{_prose(cls, known)}\n"
    yield "| key | type | default | unit | since | go-zero |"
    yield "|---|---|---|---|---|---|"
    for field in known:
        own = f"{cls.__name__}.{field.name}"
        cells = (_type(field), _default(field), _unit(own, field), SINCE.get(own, FIRST), _twin(cls, field))
        yield f"| `{spelled(field.wire)}` | {' | '.join(cells)} |"
    yield ""
    remarks: dict[str, Remark] = getattr(cls, "remarks", {})
    if remarks:
        yield "| go-zero's | here |"
        yield "|---|---|"
        for name, remark in remarks.items():
            how = "refused" if remark.refused else "honoured, with a warning" if remark.honoured else "warned of"
            yield f"| `{name}` | {how}: {remark.why} |"
        yield ""


def _toml(table: str, rows: tuple[TomlRow, ...]) -> Iterator[str]:
    yield f"### `{table}`\n"
    yield "| key | type | default | meaning | since | goctl's flag |"
    yield "|---|---|---|---|---|---|"
    for row in rows:
        flag = f"`{row.goctl}`" if row.goctl else ""
        yield f"| `{row.key}` | {row.type} | {row.default} | {row.meaning} | {FIRST} | {flag} |"
    yield ""


def _prose(cls: Any, known: tuple[Field, ...]) -> str:
    """Return the class's docstring, with its attributes spelt as in settings files."""
    names = {field.name: spelled(field.wire) for field in known}
    text = "\n\n".join(" ".join(part.split()) for part in cleandoc(cls.__doc__ or "").split("\n\n"))
    return re.sub(r"`(\w+)`", lambda match: f"`{names.get(match[1], match[1])}`", text)


def _type(field: Field) -> str:
    """Return the type of a key in words, with the bounds of a number."""
    kind = field.kind
    options = field.marker(Options)
    if options is not None:
        return ", ".join(f"`{value}`" for value in options.values if value != "")
    if field.marker(DurationRule) is not None:
        return "duration"
    if kind.origin is dict:
        return "mapping"
    if kind.origin is list:
        inner = _class(field)
        return f"list of {'blocks' if is_struct(inner) else _WORDS.get(inner, _OTHER)[1]}"
    if is_struct(kind.origin):
        return "text or block" if getattr(kind.origin, "plain", "") else "block"
    return f"{_WORDS.get(kind.origin, _OTHER)[0]}{_bounds(field)}"


def _bounds(field: Field) -> str:
    meta = field.marker(Meta)
    if meta is None or (meta.ge, meta.le) == (None, None):
        return ""
    if meta.le is None:
        return f" from {meta.ge}"
    return f" from {meta.ge} to {meta.le}"


def _unit(own: str, field: Field) -> str:
    """Return the unit of a number or duration, empty for what has none."""
    if field.marker(DurationRule) is not None:
        return "`500ms`, `2s`, `1m30s`"
    if field.kind.origin not in (int, float):
        return ""
    ends = (unit for end, unit in UNITS_BY_END.items() if field.name.endswith(end))
    return UNITS.get(own) or UNITS.get(field.name) or next(ends, "")


def _twin(cls: Any, field: Field) -> str:
    """Return the key or function of go-zero's that means the same."""
    other = OTHERS.get(f"{cls.__name__}.{field.name}", "")
    block, keys = GO_ZERO.get(cls.__name__, ("", ""))
    found = next((key for key in keys.split() if folded(key) == folded(field.wire)), "")
    return other or (f"`{block}.{found}`" if found else "")


def _default(field: Field) -> str:
    if field.default is None:
        return "needed"
    value = field.default()
    if is_struct(type(value)) or value is None:
        return "a block" if value is not None else "none"
    if value in ("", [], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
