"""Types beside each other: whether every value of one fits into the other."""

from mallgen.tables.model import Base, ColumnType, Dialect

_MOST = 1 << 40


def is_cut(old: ColumnType, new: ColumnType) -> bool:
    """Return whether a value of the old type may not fit into the new one."""
    if new.base is Base.TEXT and not new.length and old.base is not Base.BYTES:
        return False
    if old.base is not new.base:
        return not _widens(old, new)
    if old.base is Base.INT:
        return _range(new)[0] > _range(old)[0] or _range(new)[1] < _range(old)[1]
    if old.base is Base.DECIMAL:
        return new.scale < old.scale or new.precision - new.scale < old.precision - old.scale
    if old.base in (Base.TEXT, Base.BYTES):
        return (new.length or _MOST) < (old.length or _MOST)
    if old.base in (Base.ENUM, Base.SET):
        return not set(old.values) <= set(new.values)
    if old.base in (Base.FLOAT, Base.BITS):
        return new.bits < old.bits
    return new.scale < old.scale


def _widens(old: ColumnType, new: ColumnType) -> bool:
    if old.base is Base.INT and new.base is Base.DECIMAL:
        return new.precision - new.scale >= len(str(_range(old)[1]))
    if old.base is Base.BOOL:
        return new.base is Base.INT
    if old.base is Base.INT and new.base is Base.FLOAT:
        return (old.bits or 32) < 32 or ((old.bits or 32) < 64 and new.bits == 64)
    return (old.base, new.base) in ((Base.DATE, Base.DATETIME), (Base.FLOAT, Base.TEXT))


def _range(kind: ColumnType) -> tuple[int, int]:
    bits = kind.bits or 32
    return (0, (1 << bits) - 1) if kind.unsigned else (-(1 << (bits - 1)), (1 << (bits - 1)) - 1)


def is_grown(old: ColumnType, new: ColumnType) -> bool:
    """Return whether a type of CREATE TYPE has more values, all old ones among them in their order."""
    before, after = old.item or old, new.item or new
    rest = iter(after.values)
    is_own = bool(before.made) and before.made == after.made and before.values != after.values
    return is_own and all(value in rest for value in before.values)


def fits_in_place(new: ColumnType, old: ColumnType, dialect: Dialect) -> bool:
    """Return whether a database takes the new type for the old one without writing the rows anew."""
    if new.base is not old.base or is_cut(old, new):
        return False
    if dialect is Dialect.POSTGRES and is_grown(old, new):
        return True
    if dialect is Dialect.POSTGRES:
        is_text = new.base is Base.TEXT and "char" in old.spelt.lower() and not old.spelt.lower().startswith("char")
        is_number = new.base is Base.DECIMAL and (not new.precision or new.scale == old.scale)
        return (is_text and not new.spelt.lower().startswith("char(")) or is_number
    if new.base in (Base.ENUM, Base.SET):
        return new.values[: len(old.values)] == old.values
    is_varchar = all(one.spelt.lower().startswith("varchar") for one in (old, new))
    return is_varchar and (old.length * 4 < 256) == (new.length * 4 < 256)
