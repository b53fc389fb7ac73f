"""The rules about columns and keys: the names and types that they mean, and those that they do not."""

import pytest

from mallgen.tablerules import lint, rules
from mallgen.tablerules.scope import TableScope
from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read


def codes(*tables: str, dialect: Dialect | None = None) -> list[str]:
    """Return the codes of all findings about tables."""
    text = "\n".join(tables)
    result = read([DdlSource("a.sql", text)], dialect)
    assert [one.message for one in result.diagnostics if one.severity == "error"] == []
    return [one.diagnostic.code for one in lint(TableScope(result.schema, {"a.sql": text}), tuple(rules().values()))]


def table(columns: str, name: str = "a", more: str = "") -> str:
    """Return a table with a numbered key and some columns."""
    return f"CREATE TABLE {name} (\n  id bigint NOT NULL AUTO_INCREMENT PRIMARY KEY,\n  {columns}\n){more};"


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("price float", True),
        ("total_prices double", True),
        ("totalprice real", True),
        ("x float COMMENT '商品价格'", True),
        ("price decimal(20,2)", False),
        ("price bigint", False),
        ("price_ratio float", False),
        ("tax_rate double", False),
        ("coffee float", False),
        ("weight float COMMENT '重量'", False),
    ],
)
def test_money(column: str, found: bool) -> None:
    assert codes(table(column)) == ["money-column-as-float"] * found


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("password varchar(50)", True),
        ("loginpwd char(32)", True),
        ("user_pass varchar(40)", True),
        ("password varchar(255) COMMENT '明文'", True),
        ("password varchar(255) COMMENT 'plain text'", True),
        ("password varchar(255) COMMENT 'sha1 of it'", True),
        ("password_md5 varchar(255)", True),
        ("password varchar(60)", False),
        ("password varchar(128) COMMENT 'argon2'", False),
        ("password_hash binary(32)", False),
        ("password text", False),
        ("password_hint varchar(20)", False),
        ("pwd_type tinyint", False),
        ("passing varchar(20)", False),
        ("explained varchar(20) COMMENT 'password md5'", False),
    ],
)
def test_passwords(column: str, found: bool) -> None:
    assert codes(table(column)) == ["password-column"] * found


@pytest.mark.parametrize(
    ("column", "dialect", "found"),
    [
        ("t timestamp NULL", Dialect.MYSQL, True),
        ("t datetime", Dialect.MYSQL, False),
        ("create_time int NOT NULL", Dialect.MYSQL, True),
        ("expire_at int unsigned", Dialect.MYSQL, True),
        ("createtime int", Dialect.MYSQL, True),
        ("create_time bigint", Dialect.MYSQL, False),
        ("run_time int", Dialect.MYSQL, False),
        ("times int", Dialect.MYSQL, False),
        ("format int", Dialect.MYSQL, False),
        ("t timestamptz", Dialect.POSTGRES, False),
        ("created_at integer", Dialect.POSTGRES, True),
        ("created_at integer", Dialect.SQLITE, False),
    ],
)
def test_times(column: str, dialect: Dialect, found: bool) -> None:
    text = f"CREATE TABLE a (id bigint NOT NULL PRIMARY KEY, {column});"
    assert codes(text, dialect=dialect) == ["timestamp-2038"] * found


@pytest.mark.parametrize(
    ("column", "found"),
    [
        ("userid int", True),
        ("user_id bigint unsigned", True),
        ("UserId varchar(20)", True),
        ("uid int", True),
        ("t_user_id int", False),
        ("userid bigint", False),
        ("parent_id int", True),
        ("parentid bigint", False),
        ("useridx int", False),
        ("valid int", False),
        ("other_id int", False),
    ],
)
def test_ids_that_hold_another_ones(column: str, found: bool) -> None:
    assert codes(table("name varchar(9)", "user"), table(column)) == ["ids-differ"] * found


def test_an_id_of_several_tables_is_not_judged() -> None:
    tables = [table("x int", name, "") for name in ("user", "users")]
    assert codes(*tables, table("user_id int")) == []
    pair = "CREATE TABLE user (a int, b int, PRIMARY KEY (a, b));"
    assert codes(pair, table("user_id varchar(9)")) == []


def test_an_id_of_another_database_is_judged() -> None:
    first = "CREATE DATABASE x; USE x;" + table("n int", "user")
    assert codes(first, "CREATE DATABASE y; USE y;", table("userid int")) == ["ids-differ"]
    own = "CREATE DATABASE y; USE y;" + table("n int", "users")
    assert codes(first.replace("bigint", "int"), own, table("userid bigint")) == []


def test_a_foreign_key_says_what_an_id_holds() -> None:
    user = "CREATE TABLE account (no varchar(64) NOT NULL PRIMARY KEY);"
    assert codes(user, table("owner varchar(32), FOREIGN KEY (owner) REFERENCES account (no)")) == ["ids-differ"]
    assert codes(user, table("OWNER varchar(64), FOREIGN KEY (owner) REFERENCES account (NO)")) == []


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("x int, UNIQUE KEY k (x)", True),
        ("x int UNIQUE", True),
        ("x int NOT NULL, y int, UNIQUE KEY k (x, y)", True),
        ("x int NOT NULL, UNIQUE KEY k (x)", False),
        ("x int, KEY k (x)", False),
    ],
)
def test_unique_keys_with_null(keys: str, found: bool) -> None:
    assert codes(table(keys)) == ["nullable-unique"] * found


def test_a_partial_unique_index_says_itself_what_it_holds() -> None:
    text = "CREATE TABLE a (id bigint PRIMARY KEY, x int);\nCREATE UNIQUE INDEX k ON a (x) WHERE x IS NOT NULL;"
    assert codes(text, dialect=Dialect.POSTGRES) == []


@pytest.mark.parametrize(
    ("rule", "key", "found"),
    [
        ("x by c, sort s desc, limit 10", "KEY k (c, s)", False),
        ("x by c, sort s desc, limit 10", "KEY k (C, S, d)", False),
        ("x by c, sort s desc, limit 10", "KEY k (c)", True),
        ("x by c, sort s desc, limit 10", "KEY k (s, c)", True),
        ("x by c, sort s desc, limit 10", "KEY k (c, d, s)", True),
        ("x by c, d, sort s desc, limit 10", "KEY k (d, c, s)", False),
        ("x by c, d, sort s desc, limit 10", "KEY k (c, s, d)", True),
        ("x by c, sort id desc, limit 10", "KEY k (c)", False),
        ("x, sort s desc, limit 10", "KEY k (s)", False),
        ("x, sort id desc, limit 10", "KEY k (s)", False),
        ("x, sort d desc, limit 10", "KEY k (s)", True),
    ],
)
def test_lists_and_their_indexes(rule: str, key: str, found: bool) -> None:
    text = table(f"c int NOT NULL, d int NOT NULL, s int NOT NULL, {key}")
    assert codes(f"-- mallgen:list {rule}\n{text}") == ["list-without-index"] * found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("CREATE DATABASE `order`;", 1),
        ("CREATE SCHEMA IF NOT EXISTS `group` DEFAULT CHARSET utf8mb4;", 1),
        ("CREATE DATABASE `orders`;", 0),
        ("CREATE TABLE `rank` (`key` int PRIMARY KEY, `desc` int);", 3),
        ("CREATE TABLE `user` (`name` int PRIMARY KEY, `date` int, `status` int);", 0),
    ],
)
def test_reserved_words(text: str, found: int) -> None:
    assert codes(text) == ["reserved-name"] * found


def test_a_word_is_reserved_in_its_own_dialect() -> None:
    text = 'CREATE TABLE "user" (id bigint PRIMARY KEY);'
    assert codes(text, dialect=Dialect.POSTGRES) == ["reserved-name"]
    assert codes(text, dialect=Dialect.SQLITE) == []


@pytest.mark.parametrize(
    ("more", "found"),
    [
        (" CHARSET=utf8", 1),
        (" DEFAULT CHARACTER SET utf8mb3 COLLATE utf8mb3_bin", 2),
        (" COLLATE='utf8_general_ci'", 1),
        (" CHARSET=utf8mb4 COLLATE=utf8mb4_bin", 0),
        (" CHARSET=latin1", 0),
        (" COMMENT='charset utf8'", 0),
    ],
)
def test_charsets(more: str, found: int) -> None:
    assert codes(table("x int", more=more)) == ["charset-utf8mb3"] * found


def test_a_table_without_key_and_a_view() -> None:
    text = "CREATE TABLE a (x int NOT NULL);\nCREATE VIEW v AS SELECT x FROM a;"
    assert codes(text) == ["table-without-key"]
