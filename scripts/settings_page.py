"""The text of docs/settings.md: every key of every settings class in the runtime, and go-zero's other keys."""

import re
from collections.abc import Iterator
from inspect import cleandoc
from typing import Any

from mallgen_runtime import discovery
from mallgen_runtime.cache import conf as cache_conf
from mallgen_runtime.http import conf as http_conf
from mallgen_runtime.process import conf, devserver, exporting
from mallgen_runtime.process.known_keys import PROTECTS, Remark, folded
from mallgen_runtime.process.yaml_values import spelled
from mallgen_runtime.rpc import conf as rpc_conf
from mallgen_runtime.schema.reflection import Field, fields, is_struct
from mallgen_runtime.sql import conf as sql_conf

BLOCKS: tuple[tuple[str, str, Any], ...] = (
    ("A BFF", "the top of `etc/NAME-api.yaml`", http_conf.RestConf),
    ("Middlewares of a BFF", "`Middlewares`", http_conf.MiddlewaresConf),
    ("Uploads", "`Uploads` of a BFF", http_conf.UploadsConf),
    ("A jwt block", "the block that `jwt: Auth` in the contract names", http_conf.JwtConf),
    ("A jwtTransition block", "the block that `jwtTransition: Auth` names", http_conf.JwtTransitionConf),
    ("An RPC server", "the top of `etc/NAME.yaml`", rpc_conf.RpcServerConf),
    ("Middlewares of an RPC server", "`Middlewares`", rpc_conf.ServerMiddlewaresConf),
    ("Limits of single methods", "an entry of `MethodTimeouts`", rpc_conf.MethodTimeoutConf),
    ("An RPC client", "a block such as `OrderRPC`", rpc_conf.RpcClientConf),
    ("Middlewares of an RPC client", "`Middlewares` in the client's block", rpc_conf.ClientMiddlewaresConf),
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

A service reads one YAML file: `-f FILE`, else `etc/NAME.yaml` of its folder. Keys are go-zero's and have no case; `_`
and `-` in them do not count. All that is wrong with a file is told at once, with its lines, and exit code 3. `<<`
merges mappings. Reprs of settings, `--check-config` and messages have `***` in the place of secrets.

## A setting is honoured or refused

| the file has | what happens |
|---|---|
| a key that a class has | it is honoured, or its value is refused with its line |
| protection that is not there yet: CertFile, KeyFile, Signature, Auth, StrictControl \
| the service does not start; `false`, `0` and empty ask for nothing |
| a key that is nearly one that limits or protects: {protects} \
| the service does not start: who wrote `Timout` would believe to have a timeout |
| go-zero's that only observe: MetricsUrl, Profiling … \
| a warning in the log when the service starts |
| any other key | a warning with did-you-mean; with `Strict: true` the service does not start |

`python -m PACKAGE --check-config` prints the settings that a service would run with, all defaults written out, and
starts nothing: exit code 0 and YAML on stdout, or 3 and all errors on stderr; warnings are on stderr too.

Nearly is one letter left out, added, changed or swapped with its neighbour, two in a key of ten letters or more, only a
swap in one of four. `mallgen check` says the same of `etc/*.yaml` before a service starts; it reads `wiring.py` and
`config.py` and imports neither.

Keys of your own are fields of `Config` in `config.py`, blocks are classes: `class Database(Struct)` and
`database: Database`. What a class has is known, at every depth; the keys of a `dict` are not looked at.

## Variables

| text | becomes |
|---|---|
| `${{NAME}}` | the environment variable; it must be set |
| `${{NAME:-default}}`, `${{NAME-default}}` | the default where it is not set or empty; only where it is not set |
| `${{NAME:?why}}`, `${{NAME?why}}` | the service does not start and says why |
| `${{A:-${{B:-c}}}}` | defaults may be nested, eight deep; in them `}}` is written `\\}}` |
| `$${{` | `${{` |
| `$NAME`, `$$` | themselves |

"""


def settings_page() -> str:
    """Return the text of docs/settings.md."""
    keys = {spelled(field.wire) for _, _, cls in BLOCKS for field in fields(cls)}
    keys |= {name for _, _, cls in BLOCKS for name in getattr(cls, "remarks", {})}
    protects = ", ".join(sorted(key for key in keys if folded(key) in PROTECTS))
    return HEAD.format(protects=protects) + "\n".join("\n".join(_block(*block)) for block in BLOCKS)


def _block(title: str, place: str, cls: Any) -> Iterator[str]:
    known = fields(cls)
    yield f"## {title}\n\n{place[0].upper()}{place[1:]}.\n"
    yield f"{_prose(cls, known)}\n"
    yield "| key | default |"
    yield "|---|---|"
    for field in known:
        yield f"| `{spelled(field.wire)}` | {_default(field)} |"
    yield ""
    remarks: dict[str, Remark] = getattr(cls, "remarks", {})
    if remarks:
        yield "| go-zero's | here |"
        yield "|---|---|"
        for name, remark in remarks.items():
            how = "refused" if remark.refused else "honoured, with a warning" if remark.honoured else "warned of"
            yield f"| `{name}` | {how}: {remark.why} |"
        yield ""


def _prose(cls: Any, known: tuple[Field, ...]) -> str:
    """Return the class's docstring, with its attributes spelt as in settings files."""
    names = {field.name: spelled(field.wire) for field in known}
    text = " ".join(cleandoc(cls.__doc__ or "").split())
    return re.sub(r"`(\w+)`", lambda match: f"`{names.get(match[1], match[1])}`", text)


def _default(field: Field) -> str:
    if field.default is None:
        return "needed"
    value = field.default()
    if is_struct(type(value)) or value is None:
        return "a block" if value is not None else "none"
    if value in ("", [], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
