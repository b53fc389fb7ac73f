"""Checks that need all tables: the targets of foreign keys, and names of indexes that a database has once."""

from collections.abc import Iterator

from mallgen.diagnostics import Diagnostic, Note
from mallgen.tables.annotation_rules import follow
from mallgen.tables.catalog import Catalog, folded
from mallgen.tables.drafts import Draft
from mallgen.tables.guess import guess
from mallgen.tables.model import Base, Column, Dialect, ForeignKey, Index
from mallgen.tables.table_checks import check_table


def check_all(catalog: Catalog) -> None:
    """Report what is wrong between tables."""
    names: dict[tuple[str, str], Index] = {}
    for draft in catalog.in_order():
        follow(draft, catalog.found)
        if draft.is_altered:
            check_table(draft, catalog.found)
        for name, reference in draft.foreign_keys.items():
            draft.foreign_keys[name] = _reference(catalog, draft, reference)
        draft.refers = [*_told(catalog, draft)]
        if draft.dialect is Dialect.POSTGRES:
            _empty_enums(catalog, draft)
        if draft.dialect is not Dialect.MYSQL:
            for index in draft.indexes.values():
                _index(catalog, names, draft, index)


def _told(catalog: Catalog, draft: Draft) -> Iterator[ForeignKey]:
    """Yield the references of annotations, their targets as these are spelt; report those to no table."""
    for reference in draft.refers:
        target = catalog.target(draft, reference)
        if target is not None:
            yield reference._replace(target=target.name)
            continue
        hint = guess(catalog.found, reference.target, (one.name for one in catalog.in_order()))
        message = f"no file creates the table `{reference.target}`"
        hint = hint or "name the file that creates it too"
        catalog.found.append(Diagnostic("ddl-bad-annotation", message, reference.span, hint, severity="warning"))


def _empty_enums(catalog: Catalog, draft: Draft) -> None:
    """Report columns of an enum without values, which PostgreSQL allows: no model has a type for them."""
    for column in draft.columns.values():
        kind = column.type.item or column.type
        if kind.base is Base.ENUM and not kind.values:
            message = f"the type `{kind.made}` has no values, so this column can hold nothing"
            hint = f"add values: `ALTER TYPE {kind.made} ADD VALUE 'new';`"
            catalog.found.append(Diagnostic("ddl-unmodelled-type", message, column.span, hint, severity="unfit"))


def _index(catalog: Catalog, names: dict[tuple[str, str], Index], draft: Draft, index: Index) -> None:
    """Report an index whose name another table's has: in PostgreSQL and SQLite a schema has it once."""
    known = names.setdefault((draft.database, draft.folded(index.name)), index)
    if known is not index:
        message = f"there are two indexes `{index.name}`; their names are those of the schema, not of the table"
        hint = f"name it after its table: `{draft.name}_{index.name}`"
        catalog.found.append(
            Diagnostic("ddl-duplicate-index", message, index.span, hint, (Note(known.span, "the first one"),))
        )


def _reference(catalog: Catalog, draft: Draft, reference: ForeignKey) -> ForeignKey:
    """Check a foreign key; return it with the names of its target as the target spells them."""
    target = catalog.target(draft, reference)
    if target is None:
        _unknown_target(catalog, draft, reference)
        return reference
    _target(catalog, draft, reference, target)
    return reference._replace(target=target.name, target_columns=target.spelt(reference.target_columns))


def _target(catalog: Catalog, draft: Draft, reference: ForeignKey, target: Draft) -> None:
    columns = reference.target_columns or target.key
    if not columns:
        message = f"the foreign key refers to `{target.name}`, which has no primary key"
        _report(catalog, "ddl-unknown-target", message, reference, "name the columns that it refers to")
        return
    missing = [name for name in columns if target.column(name) is None]
    for name in missing if target.is_complete else ():
        message = f"the foreign key refers to `{name}`, and `{target.name}` has no such column"
        hint = guess(catalog.found, name, (column.name for column in target.columns.values()))
        _report(catalog, "ddl-unknown-target", message, reference, hint or "correct the name")
    if missing or not target.is_complete:
        return
    if not _is_key(target, columns):
        message = f"the foreign key refers to columns of `{target.name}` that are no key of it"
        hint = f"add a unique key on {', '.join(f'`{name}`' for name in columns)} to `{target.name}`"
        _report(catalog, "ddl-bad-reference", message, reference, hint)
    for name, other in zip(reference.columns, columns, strict=False):
        one, two = draft.column(name), target.column(other)
        if one is not None and two is not None and not _same(one, two, draft.dialect):
            message = f"`{one.name}` is `{one.type.spelt}` and refers to `{target.name}.{two.name}`: `{two.type.spelt}`"
            _report(catalog, "ddl-bad-reference", message, reference, "give both columns one type")


def _unknown_target(catalog: Catalog, draft: Draft, reference: ForeignKey) -> None:
    home = reference.target_database or draft.database
    if (home, folded(reference.target, draft.dialect)) in catalog.hidden:
        return
    names = (one.name for one in catalog.drafts.values() if one.database == home)
    hint = guess(catalog.found, reference.target, names) or "name the file that creates it too"
    message = f"the foreign key refers to the table `{reference.target}`, which no file creates"
    _report(catalog, "ddl-unknown-target", message, reference, hint, "warning")


def _report(
    catalog: Catalog, code: str, message: str, reference: ForeignKey, hint: str, severity: str = "error"
) -> None:
    catalog.found.append(Diagnostic(code, message, reference.span, hint, severity=severity))


def _is_key(target: Draft, columns: tuple[str, ...]) -> bool:
    wanted = tuple(map(target.folded, columns))
    if target.dialect is Dialect.MYSQL:
        served = (target.key, *(one.columns for one in target.indexes.values()))
        return any(tuple(map(target.folded, one[: len(wanted)])) == wanted for one in served)
    uniques = (one.columns for one in target.indexes.values() if one.unique and one.is_plain and not one.where)
    return any(set(map(target.folded, one)) == set(wanted) for one in (target.key, *uniques))


def _same(one: Column, two: Column, dialect: Dialect) -> bool:
    """Return whether the database compares two columns: MySQL wants numbers of one width and sign."""
    first, second = one.type, two.type
    if dialect is Dialect.SQLITE or not first.spelt or not second.spelt:
        return True
    if first.base is Base.INT and second.base is Base.INT and dialect is Dialect.MYSQL:
        return (first.bits, first.unsigned) == (second.bits, second.unsigned)
    numbers = (Base.INT, Base.DECIMAL, Base.FLOAT) if dialect is Dialect.POSTGRES else (Base.INT, Base.BOOL)
    return first.base is second.base or {first.base, second.base} <= set(numbers)
