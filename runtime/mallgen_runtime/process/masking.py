"""Settings as people may see them: `***` in the place of secrets."""

import re
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from mallgen_runtime.process.yaml_values import spelled

HIDDEN = "***"
_SECRET = re.compile(
    r"secret|passw|passphrase|pwd|token|credential|dsn|datasource|"
    r"(?:private|api|access|signing|encryption|crypto|hmac|auth|master)key$"
)
# `user:password@` after `//`, or at the start of a text that is no URL without a password, as mysql://root@db
_LOGIN = re.compile(r"((?:^(?![\w+.-]+://(?!.*@\w+\())|//)[^\s/:@]*:)[^\s]+(?=@)")
_SHORTEST = 4  # characters of a secret that is looked for in a message: a shorter one is in many words


def is_secret(name: str) -> bool:
    """Return whether the name of a setting says that its value is a secret."""
    folded = name.replace("_", "").replace("-", "").lower()
    words = re.split(r"[_\-]|(?<=[a-z0-9])(?=[A-Z])", name)
    return bool(_SECRET.search(folded)) or any(word.lower() == "pass" for word in words)


def in_words(value: Any, name: str = "") -> str:
    """Return a value as a repr shows it."""
    if name and is_secret(name) and value:
        return repr(HIDDEN)
    if isinstance(value, Struct):
        return repr(value) if hasattr(value, "as_shown") else block(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {in_words(item, str(key))}" for key, item in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(in_words, value)) + "]"
    return repr(without_login(value) if isinstance(value, str) else value)


def block(value: Struct) -> str:
    """Return the repr of a block of settings."""
    found = (f"{one.name}={in_words(getattr(value, one.name), one.name)}" for one in msgspec.structs.fields(value))
    return f"{type(value).__name__}({', '.join(found)})"


def as_file(value: Any, name: str = "") -> Any:
    """Return settings as plain values under the keys that files have."""
    as_shown = getattr(value, "as_shown", None)
    if as_shown is None and name and is_secret(name) and value:
        return HIDDEN
    if isinstance(value, Struct):
        shown = as_shown() if as_shown is not None else value
        found = msgspec.structs.fields(value)
        return {spelled(one.encode_name): as_file(getattr(shown, one.name), one.name) for one in found}
    if isinstance(value, dict):
        return {str(key): as_file(item, str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_file(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return without_login(value if isinstance(value, str) else str(msgspec.to_builtins(value, enc_hook=str)))


def without_secrets(text: str, config: Any) -> str:
    """Return a message without the secrets of settings, in which a library or a user's code may have put one."""
    for secret in sorted(set(_secrets(config)), key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _secrets(value: Any, name: str = "", hidden: bool = False) -> Iterator[str]:
    """Yield the texts that settings hide."""
    hidden = hidden or bool(name and is_secret(name) and not hasattr(value, "as_shown"))
    if isinstance(value, Struct):
        for one in msgspec.structs.fields(value):
            yield from _secrets(getattr(value, one.name), one.name, hidden)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _secrets(item, str(key), hidden)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secrets(item, "", hidden)
    elif isinstance(value, str) and hidden and len(value) >= _SHORTEST:
        yield value
    elif isinstance(value, str) and (login := _LOGIN.search(value)):
        yield login.group()[len(login[1]) :]


def without_login(text: str) -> str:
    """Return an address without the password in it."""
    return _LOGIN.sub(rf"\1{HIDDEN}", text)
