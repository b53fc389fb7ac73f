"""What is wrong with the fields of a request or of settings, collected up to a bound."""

from typing import NamedTuple


class FieldError(NamedTuple):
    """A wrong field: where it was read from (path, form, header, json), its name there, and why, in words."""

    source: str
    name: str
    reason: str


MAX_ERRORS = 100
MAX_NAME = 200


def shown(name: str) -> str:
    """A name that a peer has chosen, cut to a sane length."""
    return name if len(name) <= MAX_NAME else f"{name[:MAX_NAME]}…"


class TooMany(Exception):
    """So many fields are wrong that the rest need not be looked at."""


def note(errors: list[FieldError], error: FieldError) -> None:
    """Keep an error, its name cut to a sane length; raises TooMany at the hundredth."""
    errors.append(error._replace(name=shown(error.name)))
    if len(errors) >= MAX_ERRORS:
        raise TooMany
