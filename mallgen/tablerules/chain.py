"""The rules of `mallgen check` about columns and the fields that carry their values, in one chain of services."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from mallgen import rules as registry
from mallgen.diagnostics import Note
from mallgen.lint.fields import SECRETS
from mallgen.lint.scope import words
from mallgen.rules import Finding
from mallgen.tablerules.carriers import CarriedField, Carrier
from mallgen.tablerules.matching import HeldColumn, TableMatching
from mallgen.tables.model import Base, Column, Table

_LONG = 16_383  # characters from which on a text is as long as texts get

_KINDS = frozenset(
    "num number count total type kind level status state sex gender age sort order mode grade rank size source channel "
    "platform score star role category".split()
)


class ServiceChain(NamedTuple):
    """The messages of one contract, and the tables of the services behind it: its own, or those that it uses."""

    carriers: tuple[Carrier, ...]
    tables: tuple[Table, ...]


class ChainScope:
    """The subject of the rules: all chains of a workspace."""

    def __init__(self, chains: Sequence[ServiceChain]) -> None:
        self.chains = [(chain.carriers, TableMatching(chain.tables)) for chain in chains]
        self.held = [
            (carrier, field, columns)
            for carriers, matching in self.chains
            for carrier in carriers
            for field, columns in matching.held(carrier)
        ]

    def disagreeing(self, is_wrong: Callable[[Carrier, CarriedField, Column], bool]) -> Iterator["Disagreement"]:
        """Yield fields that are wrong beside each column that they may hold."""
        for carrier, field, columns in self.held:
            if all(is_wrong(carrier, field, held.column) for held in columns):
                yield Disagreement(carrier, field, columns[0])


class Disagreement(NamedTuple):
    """A field, and a column that it may hold and that it does not fit."""

    carrier: Carrier
    field: CarriedField
    held: HeldColumn

    @property
    def shown(self) -> str:
        """The column with its table: `orders.payment`."""
        return f"{self.held.table.name}.{self.held.column.name}"

    def finding(self, message: str, hint: str) -> Finding:
        """Return the finding, at the field, with the column's place."""
        return Finding(message, self.field.span, hint, (Note(self.held.column.span, "the column"),))


CHAIN: registry.Registry[ChainScope] = registry.Registry("mallgen.tablerules.chain")


@CHAIN.rule("number-too-narrow", severity="error")
def number_too_narrow(scope: ChainScope) -> Iterator[Finding]:
    """A field cannot hold every number of its column: bigint unsigned beside int64, bigint beside int32.

    What does not fit arrives as another number, or not at all. Give both the same width and sign: an int64 holds a
    signed bigint, a uint64 an unsigned one.
    """

    def is_wrong(carrier: Carrier, field: CarriedField, column: Column) -> bool:
        kind = column.type
        if kind.base is not Base.INT or field.kind != "int" or kind.bool_like:
            return False
        needed = kind.bits - (not kind.unsigned)
        return needed > field.bits - (not field.unsigned)

    for one in scope.disagreeing(is_wrong):
        spelt, column = one.held.column.type.spelt, one.held.column
        bits = 64 if column.type.bits > 32 else 32
        wide = f"{'u' if column.type.unsigned else ''}int{bits}"
        yield one.finding(
            f"`{one.field.name}` is {one.field.spelt}, and its column `{one.shown}` {spelt}", f"write {wide}"
        )


@CHAIN.rule("decimal-as-float", severity="error")
def decimal_as_float(scope: ChainScope) -> Iterator[Finding]:
    """A decimal column travels in a floating-point field, which cannot hold 0.1.

    Send the decimal's text in a string (a row of a model has a Decimal), or whole cents in an int64.
    """

    def is_wrong(carrier: Carrier, field: CarriedField, column: Column) -> bool:
        return column.type.base is Base.DECIMAL and field.kind == "float"

    for one in scope.disagreeing(is_wrong):
        yield one.finding(
            f"`{one.field.name}` is {one.field.spelt}, and its column `{one.shown}` {one.held.column.type.spelt}",
            "write string, and send the decimal's text",
        )


@CHAIN.rule("optional-not-null", severity="error")
def optional_not_null(scope: ChainScope) -> Iterator[Finding]:
    """A field may be absent, and its column is NOT NULL.

    A request that creates a row then has no value for the column, unless that has a DEFAULT; in an answer, callers
    provide for an absence that never occurs. Fields of requests that change or filter rows may be absent: this means
    "leave it" or "any".
    """

    def is_wrong(carrier: Carrier, field: CarriedField, column: Column) -> bool:
        if column.nullable or not field.optional or column.auto or column.generated is not None:
            return False
        if carrier.creates:
            return column.default is None and not column.on_update
        return carrier.answers and not carrier.asks

    for one in scope.disagreeing(is_wrong):
        hint = "let it be required, or give the column a DEFAULT" if one.carrier.creates else "let it be required"
        yield one.finding(f"`{one.field.name}` may be absent, and its column `{one.shown}` is NOT NULL", hint)


@CHAIN.rule("text-unbounded", severity="error")
def text_unbounded(scope: ChainScope) -> Iterator[Finding]:
    """A text of a request is written to a varchar, and the contract does not say how long it may be.

    A longer one cannot be written, and the caller gets an internal error. State the length in the contract, in a
    comment or as a rule (`options=`, `validate:"max=50"`, protovalidate), and check it in the logic:

        string username = 1; // at most 50 characters

    Passwords are left out: what is stored is a hash.
    """

    def is_wrong(carrier: Carrier, field: CarriedField, column: Column) -> bool:
        kind = column.type
        if SECRETS & set(words(column.name)):
            return False
        return (
            carrier.writes
            and field.kind == "text"
            and not field.bounded
            and kind.base is Base.TEXT
            and (0 < kind.length < _LONG)
        )

    for one in scope.disagreeing(is_wrong):
        column = one.held.column
        yield one.finding(
            f"`{one.field.name}` is of any length, and its column `{one.shown}` {column.type.spelt}",
            f"write in its comment: at most {column.type.length} characters",
        )


@CHAIN.rule("flag-as-number", severity="error")
def flag_as_number(scope: ChainScope) -> Iterator[Finding]:
    """A column is tinyint(1) or boolean, and the field is a number.

    Write bool in the contract; make a column with more than two values a tinyint, without the (1). A tinyint(1) is not
    reported if its comment lists a value above 1, or if its name is that of a count or a kind (`people_num`, `status`).
    """

    def is_wrong(carrier: Carrier, field: CarriedField, column: Column) -> bool:
        return field.kind == "int" and _is_flag(column)

    for one in scope.disagreeing(is_wrong):
        yield one.finding(
            f"`{one.field.name}` is {one.field.spelt}, and its column `{one.shown}` {one.held.column.type.spelt}",
            "write bool, or make the column tinyint",
        )


def _is_flag(column: Column) -> bool:
    if not column.type.bool_like:
        return column.type.base is Base.BOOL
    return not set(re.findall(r"\d+", column.comment)) - {"0", "1"} and not _KINDS & set(words(column.name))


@CHAIN.rule("secret-answered", severity="error")
def secret_answered(scope: ChainScope) -> Iterator[Finding]:
    """An answer has a field for a column that looks like a secret: a password, a salt.

    Whoever has a hash can try any number of passwords on it. Let the table's service compare, and answer yes or no.
    """
    for carriers, matching in scope.chains:
        secrets = matching.secrets(SECRETS)
        for carrier in carriers if secrets else ():
            for field in carrier.fields if carrier.answers else ():
                held = secrets.get(field.folded)
                if held is not None and field.kind in ("text", "bytes"):
                    one = Disagreement(carrier, field, held)
                    message = f"`{carrier.name}` answers `{field.name}`, which the column `{one.shown}` keeps secret"
                    yield one.finding(message, "leave it out of answers")
