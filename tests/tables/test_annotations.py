"""Comments `-- mallgen:…` above a table become a part of its model, or findings."""

import pytest

from mallgen.tables.model import Base, Dialect, ListRule
from tests.tables.reading import flaws, of

TABLE = """CREATE TABLE t (
  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,
  cateid int NOT NULL,
  sales int NOT NULL,
  name varchar(9) NOT NULL,
  maybe datetime,
  hot tinyint(1) NOT NULL,
  gone tinyint(1) NOT NULL,
  update_time datetime NOT NULL
);
"""


def rules(text: str) -> list[tuple[str, tuple[str, ...], str, bool, int]]:
    """Return the lists of a file's only table."""
    found = of(text)
    assert found.diagnostics == ()
    return [rule[:5] for rule in found.schema.tables[0].lists]


def test_lists() -> None:
    assert rules(
        "-- mallgen:list sales by cateid, sort sales desc, limit 1000\n"
        "# mallgen:list newest by cateid, `name`, sort update_time desc\n"
        "-- a comment of another kind\n"
        "/* mallgen:list all, sort id */\n"
        "/* several\n * mallgen:list cheap by name, limit 5, sort sales asc\n */\n" + TABLE
    ) == [
        ("sales", ("cateid",), "sales", True, 1000),
        ("newest", ("cateid", "name"), "update_time", True, 0),
        ("all", (), "id", False, 0),
        ("cheap", ("name",), "sales", False, 5),
    ]


def test_a_list_knows_its_place() -> None:
    (rule,) = of("\n  -- mallgen:list all, sort id\n" + TABLE).schema.tables[0].lists
    assert isinstance(rule, ListRule)
    assert (rule.span.line, rule.span.col, rule.span.end_col) == (1, 6, 31)


def test_annotations_stay_with_their_table_over_a_drop_and_apply_at_the_end() -> None:
    text = "-- mallgen:list new, sort made\nDROP TABLE IF EXISTS t;\n" + TABLE
    text += "ALTER TABLE t ADD made datetime NOT NULL;\n-- mallgen:version sales\nALTER TABLE t COMMENT 'x';"
    (table,) = of(text).schema.tables
    assert [one.name for one in table.lists] == ["new"]
    assert table.version == "sales"


def test_each_table_has_its_own_when_a_semicolon_is_missing() -> None:
    first, second = of(
        "CREATE TABLE a (id int PRIMARY KEY)\n-- mallgen:list x, sort id\nCREATE TABLE b (id int PRIMARY KEY);"
    ).schema.tables
    assert (len(first.lists), len(second.lists)) == (0, 1)


def test_booleans_version_and_mark_of_deleted_rows() -> None:
    (table,) = of(
        "-- mallgen:bools\n-- mallgen:version update_time\n-- mallgen:soft-delete maybe\n" + TABLE
    ).schema.tables
    assert [one.name for one in table.columns if one.type.base is Base.BOOL] == ["hot", "gone"]
    assert (table.version, table.deleted) == ("update_time", "maybe")
    (table,) = of("-- mallgen:bools gone\n-- mallgen:soft-delete gone\n" + TABLE).schema.tables
    assert [one.name for one in table.columns if one.type.base is Base.BOOL] == ["gone"]
    assert table.deleted == "gone"


def test_references_that_the_database_does_not_know() -> None:
    first, second = of("CREATE TABLE u (id int PRIMARY KEY);\n-- mallgen:refers cateid `u`\n" + TABLE).schema.tables
    assert [(one.columns, one.target) for one in second.refers] == [(("cateid",), "u")]
    assert (first.refers, second.foreign_keys) == ((), ())
    (flaw,) = flaws("-- mallgen:refers cateid u\n" + TABLE)
    assert flaw == "1:26 ?ddl-bad-annotation: no file creates the table `u`"
    (flaw,) = flaws("-- mallgen:refers cateid t\n-- mallgen:refers cateid t\n" + TABLE)
    assert flaw == "2:19 ddl-bad-annotation: `cateid` refers to two tables"


def test_other_annotations_are_left_to_others() -> None:
    assert flaws("-- mallgen:dialect mysql\n-- mallgen:ignore money-as-float a reason\n" + TABLE) == []


@pytest.mark.parametrize(
    ("text", "col", "message"),
    [
        ("mallgen:lst sales", 4, "`mallgen:lst` is no annotation"),
        ("mallgen: list sales", 4, "`mallgen:` is no annotation"),
        ("mallgen:list", 4, "a list has no name"),
        ("mallgen:list sales", 4, "a list has no `sort`"),
        ("mallgen:list a-b, sort id", 17, "`a-b` is no name of a list"),
        ("mallgen:list a of name, sort id", 19, "`of` cannot stand here: `by` and a column, or `,`"),
        ("mallgen:list a by name id, sort id", 19, "`by` cannot stand here: `by` and a column, or `,`"),
        ("mallgen:list a by nam, sort id", 22, "`t` has no column `nam`"),
        ("mallgen:list a by maybe, sort none", 34, "`t` has no column `none`"),
        ("mallgen:list a, sort name", 25, "no list is sorted by `name`, a `varchar(9)`"),
        ("mallgen:list a, sort maybe", 25, "`maybe` can be NULL, which has no place in a list"),
        ("mallgen:list a, sort id down", 28, "`down` is no direction"),
        ("mallgen:list a, sort id desc now", 33, "`now` is no direction"),
        ("mallgen:list a, sort id, sort sales", 29, "a list has one `sort`"),
        ("mallgen:list a, sort id, limit 0", 35, "`0` is no limit"),
        ("mallgen:list a, sort id, limit 100001", 35, "`100001` is no limit"),
        ("mallgen:list a, sort id, limit ٣", 35, "`٣` is no limit"),
        ("mallgen:list a, sort id, name", 29, "this part of a list is not known"),
        ("mallgen:list a, sort id,", 4, "this part of a list is not known"),
        ("mallgen:list a by name, name, sort id", 22, "a list names one column twice behind `by`"),
        ("mallgen:bools sales", 18, "`sales` is `int`, no tinyint(1)"),
        ("mallgen:version", 4, "`mallgen:version` names one column"),
        ("mallgen:version name", 20, "`name` cannot be a version: it is `varchar(9)`"),
        ("mallgen:version maybe", 20, "`maybe` cannot be a version: it is `datetime`"),
        ("mallgen:version id", 20, "`id` is part of the primary key, which never changes"),
        ("mallgen:soft-delete update_time", 24, "`update_time` cannot mark deleted rows: it is `datetime`"),
        ("mallgen:soft-delete id", 24, "`id` cannot be written by DELETE"),
        ("mallgen:soft-delete", 4, "`mallgen:soft-delete` names one column"),
        ("mallgen:refers id", 4, "`mallgen:refers` names a column and a table"),
        ("mallgen:refers none t", 19, "`t` has no column `none`"),
    ],
)
def test_wrong_ones(text: str, col: int, message: str) -> None:
    assert flaws(f"-- {text}\n{TABLE}") == [f"1:{col} ddl-bad-annotation: {message}"]


@pytest.mark.parametrize(
    ("column", "key", "text", "column_of", "message"),
    [
        (
            "r double NOT NULL",
            "id",
            "by r, sort id, limit 5",
            22,
            "no list that is cached is chosen by `r`, a",
        ),
        ("r float NOT NULL", "id", "by id, sort r, limit 5", 31, "no list that is cached is sorted by `r`, a `float`"),
        ("r binary(16)", "r", "sort id, limit 5", 4, "no list that is cached has a `binary(16)` as primary key"),
    ],
)
def test_lists_that_no_sorted_set_can_have(column: str, key: str, text: str, column_of: int, message: str) -> None:
    ddl = f"CREATE TABLE t (id int NOT NULL, {column}, PRIMARY KEY ({key}));"
    comma = "" if text.startswith("by") else ","
    (flaw,) = flaws(f"-- mallgen:list a{comma} {text}\n{ddl}")
    assert flaw.startswith(f"1:{column_of} ddl-bad-annotation: {message}")
    assert flaws(f"-- mallgen:list a{comma} {text.removesuffix(', limit 5')}\n{ddl}") == []


def test_wrong_places() -> None:
    two = "-- mallgen:list a, sort id\n-- mallgen:list a, sort sales\n"
    assert flaws(two + "-- mallgen:version sales\n-- mallgen:version cateid\n" + TABLE) == [
        "2:17 ddl-bad-annotation: there are two lists `a` by these columns",
        "4:20 ddl-bad-annotation: `t` has two versions",
    ]
    inside = TABLE.replace("  sales", "  -- mallgen:list a, sort id\n  sales")
    text = "-- mallgen:version sales\nSET NAMES utf8mb4;\n" + inside + "-- mallgen:bools\n"
    assert flaws(text) == [
        "1:4 ddl-bad-annotation: this annotation stands above no table",
        "6:6 ddl-bad-annotation: this annotation stands above no table",
        "14:4 ddl-bad-annotation: this annotation stands above no table",
    ]
    assert flaws(
        "-- mallgen:bools\nCREATE TABLE t (id int);\n-- mallgen:list a, sort id\nCREATE VIEW v AS SELECT id FROM t;"
    ) == [
        "1:4 ddl-bad-annotation: `t` has no column of tinyint(1)",
        "3:4 ddl-bad-annotation: `v` is a view, which has no annotations",
    ]
    assert flaws("-- mallgen:list a, sort id\nCREATE TABLE t (id int NOT NULL);") == [
        "1:4 ddl-bad-annotation: `t` has no primary key, by which a list's rows are known"
    ]


def test_columns_are_compared_as_the_database_does() -> None:
    text = '-- mallgen:list a by "Kind", sort id\nCREATE TABLE t (id serial PRIMARY KEY, "Kind" text NOT NULL);'
    (table,) = of(text, Dialect.POSTGRES).schema.tables
    assert table.lists[0].by == ("Kind",)
    (table,) = of("-- mallgen:list a by KIND, sort ID\nCREATE TABLE t (id int PRIMARY KEY, kind int);").schema.tables
    assert (table.lists[0].by, table.lists[0].sort) == (("kind",), "id")
