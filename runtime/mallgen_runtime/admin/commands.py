"""Entry point of `python -m PACKAGE` of an admin service: the service, or a command about its accounts."""

import importlib
import signal
import sys

from mallgen_runtime.starting import INTERRUPTED, end_on, need
from mallgen_runtime.starting import start as serve

NAMES = ("createuser", "passwd", "roles", "disable", "enable")


def start(package: str, path: str, *extras: str) -> None:
    """Run the service of a package with its settings at `path`, or the command about its accounts that is asked for."""
    if len(sys.argv) < 2 or sys.argv[1] not in NAMES:
        if sys.argv[1:2] in (["-h"], ["--help"]):
            print(f"accounts: python -m {package} {'|'.join(NAMES)} NAME\n")
        serve(package, *extras)
        return
    end_on(INTERRUPTED, signal.SIGINT)
    need(package, *extras)
    importlib.import_module("mallgen_runtime.admin.account_commands").run(package, path)
