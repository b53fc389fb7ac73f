"""What a service is called: the names that a workspace may give it. Pure."""

import keyword
import re
from typing import NamedTuple

from mallgen.python.names import rpc_package

NAMES = {
    "name": (re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[._-][A-Za-z0-9]+)*"), "letters, digits and single `-`, `_` or `.`"),
    "package": (re.compile(r"[a-z_][a-z0-9_]*"), "small letters, digits and `_`, and is no word of Python's"),
    "key": (re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]*"), "letters, digits, `_`, `.`, `:` and `-`"),
}


class Called(NamedTuple):
    """What a service is called where that is not what its contract says.

    `name` is that of its settings file and of its distribution, `package` the Python package, `key` what its
    instances are registered under. What is empty follows from the name, and the name from the contract.
    """

    name: str = ""
    package: str = ""
    key: str = ""

    def key_of(self, title: str) -> str:
        """The key of a service that is called so, where the contract calls it `title`."""
        return self.key or f"{(self.name or title).lower()}.rpc"

    def package_of(self, title: str) -> str:
        """The package of such an RPC service."""
        return self.package or rpc_package(self.name or title)


def is_name(what: str, value: str) -> bool:
    """Whether a service can have it as its `name`, `package` or `key`."""
    return bool(NAMES[what][0].fullmatch(value)) and len(value) <= 100 and not keyword.iskeyword(value)
