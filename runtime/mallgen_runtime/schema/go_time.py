"""Times written by a layout of Go's, for the word `datetime` of a `validate` tag: what time.Parse would accept."""

import re
from calendar import monthrange
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

_TOKEN = re.compile(
    r"January|Jan(?![a-z])|Monday|Mon(?![a-z])|0[1-6]|15|1|2006|2|_2(?!006)|3|4|5|PM|pm"
    r"|[-Z]07(?::?00(?::?00)?)?|[.,](?:0+|9+)(?!\d)"
)
_MONTHS = "January February March April May June July August September October November December".split()
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
_TWO, _ONE = "[0-9]{2}", "[0-9]{1,2}+"
_FRACTION = "(?:[.,][0-9]++)?"


class _Token(NamedTuple):
    """The pattern of a token, and the part of a time that it is."""

    pattern: str
    name: str = ""


def _words(words: list[str], letters: int | None) -> str:
    return f"(?i:{'|'.join(word[:letters] for word in words)})"


_TOKENS = {
    "2006": _Token("[0-9]{4}", "year"),
    "06": _Token(_TWO, "short_year"),
    "01": _Token(_TWO, "month"),
    "1": _Token(_ONE, "month"),
    "January": _Token(_words(_MONTHS, None), "month_name"),
    "Jan": _Token(_words(_MONTHS, 3), "month_name"),
    "Monday": _Token(_words(_DAYS, None)),
    "Mon": _Token(_words(_DAYS, 3)),
    "02": _Token(_TWO, "day"),
    "2": _Token(_ONE, "day"),
    "_2": _Token(f" ?{_ONE}", "day"),
    "15": _Token(_ONE, "hour"),
    "03": _Token(_TWO, "half"),
    "3": _Token(_ONE, "half"),
    "04": _Token(_TWO, "sixtieth"),
    "4": _Token(_ONE, "sixtieth"),
    "05": _Token(_TWO, "sixtieth"),
    "5": _Token(_ONE, "sixtieth"),
    "PM": _Token("[AP]M"),
    "pm": _Token("[ap]m"),
}


@cache
def is_written(layout: str) -> Callable[[str], bool]:
    """Return a function that tells whether a text is a time in a layout: `2006-01-02 15:04:05`."""
    names: list[str] = []
    pattern, at = "", 0
    for found in _TOKEN.finditer(layout):
        part = _TOKENS.get(found[0]) or _other(found[0])
        pattern += _literal(layout[at : found.start()]) + f"({part.pattern})"
        names.append(part.name)
        at = found.end()
        if found[0] in ("05", "5") and not re.match(r"[.,](?:0+|9+)(?!\d)", layout[at:]):
            pattern += _FRACTION  # Go takes a fraction behind the seconds that the layout does not have
    fits = re.compile(pattern + _literal(layout[at:])).fullmatch

    def holds(text: str) -> bool:
        matched = fits(text)
        return matched is not None and _is_time(list(zip(names, matched.groups(), strict=True)))

    return holds


def _other(token: str) -> _Token:
    """Return the part of a zone or of a fraction."""
    if token[0] in ".,":
        return _Token(f"[.,][0-9]{{{len(token) - 1}}}" if "0" in token else _FRACTION)
    digits = re.sub("00", _TWO, token[3:])
    offset = f"[-+]{_TWO}{digits}"
    return _Token(f"(?:Z|{offset})" if token[0] == "Z" else offset, "zone")


def _literal(text: str) -> str:
    """Return the pattern of the text between tokens; a space is one or more, as in Go."""
    return re.sub(r"(?:\\ )+", " ++", re.escape(text))


def _is_time(parts: list[tuple[str, str]]) -> bool:
    year, month, day = 0, 1, 1
    for name, text in parts:
        if name == "zone":
            if not _is_zone(text):
                return False
        elif name == "month_name":
            month = 1 + [one[:3].lower() for one in _MONTHS].index(text[:3].lower())
        elif name:
            number = int(text)
            if number > _MOST.get(name, number):
                return False
            year = (
                number
                if name == "year"
                else number + (1900 if number >= 69 else 2000) if name == "short_year" else year
            )
            month, day = number if name == "month" else month, number if name == "day" else day
    return 1 <= month <= 12 and 1 <= day <= _days(year, month)


_MOST = {"hour": 23, "half": 12, "sixtieth": 59}


def _days(year: int, month: int) -> int:
    return monthrange(year or 2000, month)[1]  # the year 0 is a leap year, and Python has none


def _is_zone(text: str) -> bool:
    numbers = [int(one) for one in re.findall(_TWO, text)]
    return all(number <= most for number, most in zip(numbers, (24, 59, 59), strict=False))
