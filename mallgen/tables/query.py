"""A query's columns with their types: sqlglot parses it, the tables that are known say what its columns are."""

from typing import TYPE_CHECKING, NamedTuple

from mallgen.tables.catalog import Catalog
from mallgen.tables.cursor import Cursor
from mallgen.tables.drafts import Draft
from mallgen.tables.model import Column, ColumnType, Dialect
from mallgen.tables.parsing import UnreadableSql, parsed
from mallgen.tables.query_types import ExpressionTypes, Told, common
from mallgen.text.span import Span

if TYPE_CHECKING:
    from sqlglot.expressions import Expr


class Typed(NamedTuple):
    """A column of a query: `type` is None where it cannot be told, `place` its index behind SELECT."""

    name: str
    type: ColumnType | None
    nullable: bool
    place: int = 0
    reason: str = ""
    comment: str = ""


class _Source(NamedTuple):
    """A table, view or query behind FROM, under the name that columns are called by; no `columns` when unknown."""

    name: str
    columns: tuple[Typed, ...] | None
    optional: bool = False


_Sources = list[_Source]


class QueryReader:
    """Reads the query of one view or table; all findings are at the view's places."""

    def __init__(self, cursor: Cursor, catalog: Catalog, draft: Draft) -> None:
        self.cursor, self.catalog, self.draft = cursor, catalog, draft
        self.missing: dict[str, bool] = {}

    def read(self, text: str, span: Span) -> list[Typed] | None:
        """Return the columns of a query, None with a finding when it cannot be read."""
        try:
            tree = parsed(text, self.cursor.dialect)
            found = self._query(tree, {})
        except (UnreadableSql, RecursionError, AttributeError) as problem:
            message = f"the query of `{self.draft.name}` cannot be read"
            shown = str(problem).partition(".")[0][:80]
            hint = f"correct it ({shown})" if shown and isinstance(problem, UnreadableSql) else "write it plainer"
            self.cursor.report("ddl-unread-view", message, span, hint)
            return None
        for name, is_hidden in self.missing.items():
            if not is_hidden:
                message = f"no statement before this one creates the table `{name}`, which the query reads"
                self.cursor.report("ddl-unknown-table", message, self._place(name, span), "put its CREATE in front")
        return found

    def _place(self, name: str, span: Span) -> Span:
        cursor = self.cursor
        token = next((one for one in cursor.tokens[: cursor.at] if one.text == name and one.kind != "text"), None)
        return cursor.span(token) if token is not None else span

    def _query(self, tree: "Expr", known: dict[str, tuple[Typed, ...]]) -> list[Typed]:
        known = dict(known)
        with_ = tree.args.get("with_")
        for cte in with_.expressions if with_ is not None else ():
            columns = self._query(cte.this, known)
            names = [one.name for one in cte.args["alias"].args.get("columns") or ()]
            renamed = [one._replace(name=names[at]) if at < len(names) else one for at, one in enumerate(columns)]
            known[cte.alias] = tuple(renamed)
        if tree.key in ("subquery", "paren"):
            return self._query(tree.this, known)
        if tree.key in ("union", "intersect", "except"):
            return self._union(self._query(tree.this, known), self._query(tree.expression, known))
        if tree.key != "select":
            return [Typed("", None, True, reason=": it is no SELECT")]
        sources = self._sources(tree, known)
        found: list[Typed] = []
        for place, one in enumerate(tree.expressions):
            found += self._projection(one, place, sources, known)
        return found

    def _union(self, first: list[Typed], second: list[Typed]) -> list[Typed]:
        found = []
        for at, one in enumerate(first):
            other = second[at] if at < len(second) else one
            kind = common([one.type, other.type]) if one.type is not None and other.type is not None else None
            reason = one.reason or ": the parts of UNION differ"
            found.append(one._replace(type=kind, nullable=one.nullable or other.nullable, reason=reason))
        return found

    def _sources(self, tree: "Expr", known: dict[str, tuple[Typed, ...]]) -> _Sources:
        from_ = tree.args.get("from_")
        found = self._behind(from_.this, known) if from_ is not None else []
        return found + self._joined(tree.args.get("joins") or (), known, found)

    def _behind(self, node: "Expr", known: dict[str, tuple[Typed, ...]]) -> _Sources:
        """Return the sources behind FROM or JOIN: several for joins in brackets, as MySQL spells those of all views."""
        if node.key == "subquery" and not node.alias and node.this.key in ("table", "subquery"):
            found = self._behind(node.this, known)
        else:
            found = [self._source(node, known)]
        return found + self._joined(node.args.get("joins") or (), known, found)

    def _joined(self, joins: "tuple[Expr, ...]", known: dict[str, tuple[Typed, ...]], left: _Sources) -> _Sources:
        found: _Sources = []
        for join in joins:
            side = join.args.get("side") or ""
            sources = self._behind(join.this, known)
            if side in ("RIGHT", "FULL"):
                left[:] = [one._replace(optional=True) for one in left]
                found = [one._replace(optional=True) for one in found]
            is_optional = side in ("LEFT", "FULL")
            found += [one._replace(optional=one.optional or is_optional) for one in sources]
        return found

    def _source(self, node: "Expr", known: dict[str, tuple[Typed, ...]]) -> _Source:
        if node.key == "subquery":
            return _Source(node.alias, tuple(self._query(node, known)))
        if node.key != "table" or not node.name:
            return _Source(node.alias_or_name, None)
        if not node.text("db") and node.name in known:
            return _Source(node.alias_or_name, known[node.name])
        name = node.name if self._is_exact(node) else node.name.lower()
        draft = self.catalog.get(node.text("db"), name, self.cursor.dialect)
        if draft is None:
            self.missing[name] = self.catalog.is_hidden(node.text("db"), name, self.cursor.dialect)
            return _Source(node.alias_or_name, None)
        columns = tuple(_typed(one) for one in draft.columns.values())
        return _Source(node.alias_or_name, columns if draft.is_complete else None)

    def _is_exact(self, node: "Expr") -> bool:
        return bool(self.cursor.dialect is not Dialect.POSTGRES or node.this.args.get("quoted"))

    def _projection(
        self, node: "Expr", place: int, sources: _Sources, known: dict[str, tuple[Typed, ...]]
    ) -> list[Typed]:
        if node.key == "star" or (node.key == "column" and node.this.key == "star"):
            wanted = node.text("table") if node.key == "column" else ""
            found: list[Typed] = []
            for source in sources:
                if not wanted or self._same(source.name, wanted):
                    found += self._all_of(source, place)
            return found or [Typed("*", None, True, place, f": `{wanted}` is no table of it")]
        types = ExpressionTypes(self.cursor, lambda column: self._column(column, sources), self._scalar(known))
        told = types.told(node.unalias())
        alias = node.alias if node.key == "alias" else node.name if node.key == "column" else ""
        if alias and self.cursor.dialect is Dialect.POSTGRES and not self._quoted(node):
            alias = alias.lower()
        return [Typed(alias, told.type, told.nullable, place, told.reason, told.comment)]

    def _quoted(self, node: "Expr") -> bool:
        name = node.args.get("alias") if node.key == "alias" else node.this
        return bool(name is not None and name.args.get("quoted"))

    def _all_of(self, source: _Source, place: int) -> list[Typed]:
        if source.columns is None:
            return [Typed("*", None, True, place, f": the columns of `{source.name}` are not known")]
        return [one._replace(place=place, nullable=one.nullable or source.optional) for one in source.columns]

    def _same(self, one: str, other: str) -> bool:
        return one == other if self.cursor.dialect is Dialect.MYSQL else one.lower() == other.lower()

    def _column(self, node: "Expr", sources: _Sources) -> Told:
        """Return the type of a column of the sources."""
        table, name = node.text("table"), node.name.lower()
        unsure = False
        for source in sources:
            if table and not self._same(source.name, table):
                continue
            if source.columns is None:
                unsure = True
                continue
            for one in source.columns:
                if one.name.lower() == name:
                    return Told(one.type, one.nullable or source.optional, one.reason, one.comment)
        where = f"`{table}` has" if table else "its tables have"
        return Told(None, True, "" if unsure else f": {where} no column `{node.name}`")

    def _scalar(self, known: dict[str, tuple[Typed, ...]]) -> "_ScalarQuery":
        return _ScalarQuery(self, known)


class _ScalarQuery:
    """Reads the one column of a query that stands as a value."""

    def __init__(self, reader: QueryReader, known: dict[str, tuple[Typed, ...]]) -> None:
        self._reader, self._known = reader, known

    def __call__(self, node: "Expr") -> Told:
        found = self._reader._query(node, self._known)
        return Told(found[0].type, True, found[0].reason) if found else Told(None, True)


def _typed(column: Column) -> Typed:
    return Typed(column.name, column.type, column.nullable, comment=column.comment)
