"""The order of tables and views in which each stands behind those that it needs."""

from collections.abc import Iterable

from mallgen.tables.migration.canonical import Canon
from mallgen.tables.model import ForeignKey, Table


def by_references(canon: Canon, tables: Iterable[Table]) -> list[Table]:
    """Return tables, each behind those that its foreign keys name; circles are cut."""
    by_name = {canon.table(table.name): table for table in tables}
    done: dict[str, Table] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        begun.add(name)
        for reference in by_name[name].foreign_keys:
            target = canon.table(reference.target)
            if target in by_name and target not in begun:
                visit(target)
        done[name] = by_name[name]

    for name in by_name:
        if name not in begun:
            visit(name)
    return list(done.values())


def late_references(canon: Canon, made: list[Table], known: Iterable[str]) -> dict[str, list[ForeignKey]]:
    """Return the foreign keys of new tables, by the table's name, whose targets are made later."""
    there = {canon.table(name) for name in known}
    late: dict[str, list[ForeignKey]] = {}
    for table in made:
        there.add(canon.table(table.name))
        late[table.name] = [
            one for one in table.foreign_keys if not one.target_database and canon.table(one.target) not in there
        ]
    return late


def needing(canon: Canon, views: Iterable[Table], names: set[str]) -> list[Table]:
    """Return the views whose queries mention some tables or views, and those that mention these, in their order."""
    found: list[Table] = []
    wanted = set(names)
    for view in views:
        if any(canon.mentions(view.select, name) for name in wanted):
            found.append(view)
            wanted.add(view.name)
    return found
