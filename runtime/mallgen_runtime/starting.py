"""Entry point of `python -m PACKAGE`: missing libraries are reported before the service is imported."""

import importlib
import importlib.util
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

_EXTRAS = {
    "admin": ("argon2",),
    "rest": ("joserfc", "multipart"),
    "queue": ("google.protobuf",),
    "rpc": ("grpc", "grpc_health", "grpc_reflection", "google.protobuf"),
    "ws": ("websockets",),
}
_ENVIRONMENT = 3
INTERRUPTED = 130


def start(package: str, *extras: str) -> None:
    """Run the service of a package, which needs these extras of mallgen-runtime.

    A missing library ends the process with one line and exit code 3; a signal while the service is imported, with 0.
    """
    end_on(0, signal.SIGTERM, signal.SIGINT)
    need(package, *extras)
    importlib.import_module(f"{package}.app").run()


def end_on(code: int, *signals: signal.Signals) -> None:
    """End the process with this exit code on one of these signals, until something else takes them over."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        os._exit(code)  # an exception could come up in the middle of an import, and be taken for its failure

    for one in signals:
        signal.signal(one, leave)


def need(package: str, *extras: str) -> None:
    """End the process with one line and exit code 3 where a library is missing."""
    missing = [module for extra in extras for module in _EXTRAS[extra] if not _is_here(module)]
    if missing:
        print(
            f"error[environment] {package} needs {', '.join(missing)}, not installed for {sys.executable}: "
            f"pip install 'mallgen-runtime[{','.join(extras)}]', or `pip install .` in the service's folder",
            file=sys.stderr,
        )
        sys.exit(_ENVIRONMENT)


def _is_here(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package that holds it
        return False
