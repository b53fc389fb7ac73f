"""Wrong fields of a request or of settings, collected up to a bound."""

from typing import NamedTuple


class FieldError(NamedTuple):
    """A wrong field: where it was read from (path, form, header, json), its name there, and why, in words."""

    source: str
    name: str
    reason: str


MAX_ERRORS = 100
MAX_NAME = 200


def shown(name: str) -> str:
    """Return a name that a peer has chosen, cut to MAX_NAME characters."""
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"


class TooMany(Exception):
    """MAX_ERRORS fields are wrong: the rest is not checked."""


def note(errors: list[FieldError], error: FieldError) -> None:
    """Append an error, its name cut to MAX_NAME; raise TooMany at MAX_ERRORS."""
    errors.append(error._replace(name=shown(error.name)))
    if len(errors) >= MAX_ERRORS:
        raise TooMany
