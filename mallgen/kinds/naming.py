"""The names that a workspace may give a service, and their spelling. Pure."""

import keyword
import re
from typing import NamedTuple

from mallgen.python.names import queue_package, rpc_package

NAMES = {
    "name": (re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[._-][A-Za-z0-9]+)*"), "letters, digits and single `-`, `_` or `.`"),
    "package": (re.compile(r"[a-z_][a-z0-9_]*"), "small letters, digits and `_`, and is no word of Python's"),
    "key": (re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*"), "letters, digits, `_`, `.`, `:` and `-`"),
}

CALLED = ("rpc", "rmq")  # the kinds of services that others call, by RPCs and through a queue


class Called(NamedTuple):
    """The names of a service that differ from those its contract gives it.

    `name` is used for its settings file and its distribution, `package` for the Python package, `key` for registering
    its instances. An empty package or key follows from the name, an empty name from the contract.
    """

    name: str = ""
    package: str = ""
    key: str = ""

    def key_of(self, title: str, kind: str) -> str:
        """Return the key of a service of that kind (rpc or rmq), where the contract calls it `title`.

        An RPC service registers under it, a queue service has it as its consumer group.
        """
        return self.key or f"{(self.name or title).lower()}.{kind}"

    def package_of(self, title: str, kind: str) -> str:
        """Return the Python package of a service of that kind (rpc or rmq) that the contract calls `title`."""
        return self.package or plain_package(self.name or title, kind)


def called_kind(kind: str) -> str:
    """Return how services of a kind are called: `rmq` through a queue, `rpc` all others."""
    return kind if kind in CALLED else CALLED[0]


def plain_package(title: str, kind: str) -> str:
    """Return the package of a service of that kind (rpc or rmq) that nothing renames."""
    return queue_package(title) if kind == "rmq" else rpc_package(title)


def is_name(what: str, value: str) -> bool:
    """Return whether `value` can be a service's `name`, `package` or `key`, as `what` says."""
    return bool(NAMES[what][0].fullmatch(value)) and len(value) <= 100 and not keyword.iskeyword(value)
