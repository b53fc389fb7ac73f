"""Settings in YAML with go-zero's keys: read without regard to case, `${VAR}` taken from the environment."""

import logging
import os
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Generic, NamedTuple, Self, TypeVar

from msgspec import Meta, Struct

from mallgen_runtime.process.durations import Duration
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.process.known_keys import LOG, Remark
from mallgen_runtime.process.masking import block
from mallgen_runtime.process.values import note_missing, note_unusable, salvaged
from mallgen_runtime.process.yaml_values import YamlValues
from mallgen_runtime.schema import Options
from mallgen_runtime.schema.decoding import Wrong, convert

C = TypeVar("C", bound=Struct)
_MAX_BYTES = 1 << 20
_LOG = logging.getLogger("mallgen.service")


class Conf(Struct):
    """A block of settings. Its repr, and that of all blocks below it, has `***` in the place of secrets.

    `plain` names the field whose value may stand in the place of the block; empty: there is none.
    """

    plain: ClassVar[str] = ""

    def as_shown(self) -> Self:
        """Return the settings as people may see them, where names of fields do not tell what is secret."""
        return self

    def __repr__(self) -> str:
        return block(self.as_shown())

    def check_settings(self, setting: str) -> None:
        """Raise ConfigError for values that cannot be used; `setting` is the name of the block, empty for the file."""

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """Return what rich prints."""
        return [("settings", repr(self))]


class LogConf(Conf, kw_only=True):
    """go-zero's `Log` block.

    `level` is debug, info, warn, error or severe, `encoding` json or plain. `access` writes a line for each request,
    `stat` one line a minute about the process.

    With `mode` `file` the log goes to `access.log`, `error.log`, `severe.log`, `slow.log` and `stat.log` in the folder
    `path`. With `volume` it goes to a folder below `path`, which is named by `service_name` (by default the service's
    name) and by the host. `rotation` `daily` begins a new file every day, `size` when a file has `max_size` megabytes
    (0: never). Old files are kept for `keep_days` (0: for ever); with `size` also at most `max_backups` of each (0:
    all). `compress` packs them as .gz.
    """

    remarks: ClassVar[Mapping[str, Remark]] = LOG
    level: Annotated[str, Options("debug", "info", "warn", "error", "severe")] = "info"
    encoding: Annotated[str, Options("json", "plain")] = "json"
    access: bool = True
    mode: Annotated[str, Options("console", "file", "volume")] = "console"
    path: str = "logs"
    service_name: str = ""
    rotation: Annotated[str, Options("daily", "size")] = "daily"
    max_size: Annotated[int, Meta(ge=0)] = 0
    max_backups: Annotated[int, Meta(ge=0)] = 0
    keep_days: Annotated[int, Meta(ge=0)] = 0
    compress: bool = False
    stat: bool = True


class ShutdownConf(Conf, kw_only=True):
    """go-zero's `Shutdown` block: how the service stops after a signal.

    For `wrap_up_time` it still serves everything, while /readyz answers 503, so that load balancers send new requests
    to other instances. `wait_time`, counted from the signal, is the time in which running requests must end (`0`: they
    may take as long as they need).
    """

    wrap_up_time: Duration = "1s"
    wait_time: Duration = "5.5s"


Mode = Annotated[str, Options("dev", "test", "rt", "pre", "pro")]  # go-zero's


class Loaded(NamedTuple, Generic[C]):
    """Settings, and the warnings about their file."""

    config: C
    warnings: tuple[str, ...]


def check_tls(cert: str, key: str, client_ca: str) -> None:
    """Raise ConfigError for a server with some of its TLS files only: it would be wrong to start without TLS."""
    given = {"CertFile": cert, "KeyFile": key, "ClientCAFile": client_ca}
    first = next((name for name, path in given.items() if path), "")
    missing = next((name for name in ("CertFile", "KeyFile") if not given[name]), "")
    if first and missing:
        raise ConfigError(f"{first}: {missing} is not set, and TLS needs both CertFile and KeyFile")


def load_config(kind: type[C], path: str, *, package: str) -> C:
    """Read the settings at `path`: from the working directory, beside the package or in it. Raises ConfigError."""
    return read_config(kind, find_config(path, package))


def read_config(kind: type[C], path: str) -> C:
    """Read the settings in a file and log its warnings. Raises ConfigError."""
    return _logged(load_file(kind, path))


def parse_config(kind: type[C], text: str, path: str) -> C:
    """Read settings from YAML text and log its warnings; `path` names it in errors. Raises ConfigError."""
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
    """Read settings from YAML text. Raises ConfigError with every mistake."""
    plain = YamlValues(text, path)
    try:
        values = plain.values(kind)
    except RecursionError:
        raise ConfigError(f"{path}: the settings are nested too deeply") from None
    except ValueError as problem:
        raise ConfigError(f"{path}: {problem}") from None
    except TypeError as problem:  # a field of the user's own whose type has no one reading
        raise ConfigError(f"{path}: {kind.__name__} of config.py cannot be read: {problem}") from None
    made = _made(kind, values, plain)
    warnings = plain.placed(plain.warnings)
    if plain.problems:
        raise ConfigError(*plain.placed(plain.problems), warnings=warnings)
    return Loaded(made, warnings)


def _made(kind: type[C], values: dict[str, Any], plain: YamlValues) -> C:
    """Return the settings; with problems they are what could be read."""
    missing = note_missing(kind, values, plain)
    broken = bool(plain.problems)
    try:
        made: C = convert(values, kind)
    except Wrong as problem:
        for error in problem.errors:
            follows = error.name in missing or (broken and error.reason == "must not be null")
            if not follows:  # from a problem that is listed already
                plain.wrong(error.name, error.reason)
        made = salvaged(kind, values)
    note_unusable(made, plain)
    return made


def _logged(loaded: Loaded[C]) -> C:
    for line in loaded.warnings:
        _LOG.warning("%s", line)
    return loaded.config


def find_config(path: str, package: str) -> str:
    """Return the file that `path` names, as it is, beside a package or in it. Raises ConfigError."""
    import importlib

    base = os.path.dirname(os.path.abspath(importlib.import_module(package).__file__ or ""))
    tried = [path, os.path.join(os.path.dirname(base), path), os.path.join(base, path)]
    for found in tried:
        if os.path.isfile(found):
            return found
    raise ConfigError(f"{path}: there is no configuration here, name it with -f")
