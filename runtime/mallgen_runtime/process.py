"""What every service's process begins and ends with: the command line, the settings, one line for what is wrong."""

import argparse
import gc
import sys
from collections.abc import Callable
from typing import NoReturn, TypeVar

from msgspec import Struct

from mallgen_runtime.conf import ConfigError, LogConf, load_config, read_config
from mallgen_runtime.logs import set_up

ENVIRONMENT = 3


C = TypeVar("C", bound=Struct)


def run(work: Callable[[C], int], kind: type[C], path: str, package: str) -> NoReturn:
    """Read `-f FILE`, else the settings at `path`; end with the exit code of `work`.

    What keeps the service from starting is told in one line, with exit code 3.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    parser.add_argument("-f", metavar="FILE", help=f"the configuration (default: {path})")
    named: str | None = parser.parse_args().f
    try:
        config = load_config(kind, path, package=package) if named is None else read_config(kind, named)
        set_up(_log(config))
        _settle()
        code = work(config)
    except ConfigError as problem:
        print(f"error[config] {problem}", file=sys.stderr)
        code = ENVIRONMENT
    sys.exit(code)


def _log(config: object) -> LogConf:
    log = getattr(config, "log", None)
    assert isinstance(log, LogConf), "every service's settings have a Log block"
    return log


def _settle() -> None:
    """What is there by now stays: the collector need not look at it again, nor so often at what one request makes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
