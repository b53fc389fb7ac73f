"""Two types of a column beside each other, and two character sets."""

import re

from mallgen.breaking.phases import AFTER, BEFORE, Phase
from mallgen.tables.migration.canonical import Canon
from mallgen.tables.migration.narrowing import is_cut
from mallgen.tables.model import Base, ColumnType

NARROWED, WIDENED, RETYPED, VALUES = "narrowed", "widened", "retyped", "values"
_SIZED = (Base.FLOAT, Base.DECIMAL)
_DIGITS = re.compile(r"\(")


def nature(canon: Canon, old: ColumnType, new: ColumnType) -> str:
    """Return in which way a type differs from the old one, empty where every value and its reading stay the same."""
    if canon.type(old) == canon.type(new):
        return ""
    if old.base is new.base and old.base in (Base.ENUM, Base.SET):
        return VALUES if old.values != new.values else ""
    if old.base is not new.base or _is_other(old, new):
        return RETYPED
    return NARROWED if is_cut(old, new) or _is_bounded(old, new) else WIDENED


def _is_other(old: ColumnType, new: ColumnType) -> bool:
    """Return whether two types of one base have another meaning: a flag and a number, a time with and without zone."""
    if old.base is Base.ARRAY or new.base is Base.JSON:
        return True
    return old.bool_like != new.bool_like or old.zoned != new.zoned


def _is_bounded(old: ColumnType, new: ColumnType) -> bool:
    """Return whether a number has lost its sign, or got a bound of its digits."""
    if old.base is Base.BIT_STRING:
        return new.bits < old.bits
    lost_sign = "unsigned" in new.spelt.lower() and "unsigned" not in old.spelt.lower()
    got_digits = old.base is Base.FLOAT and bool(_DIGITS.search(new.spelt)) and not _DIGITS.search(old.spelt)
    return old.base in _SIZED and (lost_sign or got_digits)


def charset_holds(old: tuple[str, str], new: tuple[str, str]) -> tuple[bool, Phase]:
    """Return whether a character set has all characters of the old one, and when the change of it is to be run."""
    holds = new[0] == "utf8mb4" or old[0] in ("ascii", "") or (new[0] == "utf8mb3" and old[0] != "utf8mb4")
    return holds, BEFORE if holds else AFTER
