"""The article's tables: one report with every flaw, mended text that MariaDB takes, and docs/article-tables.md."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read
from tests.conftest import CORPUS, ROOT, mallgen
from tests.servers import MariaDb, mariadb
from tests.tables.reading import lines

ARTICLE = CORPUS.parent / "seed" / "go-zero-mall-part3.txt"
DOCUMENT, DATA = ROOT / "docs" / "article-tables.md", ROOT / "examples" / "sql" / "data.sql"
BLOCK = re.compile(r"^```(?:sql|text) (\S+)\n(.*?)^```$", re.M | re.S)
ERRORS = [
    "15:1 ddl-syntax `商品库中主要涉及商品表和商品分类表` cannot stand here: it begins no statement of SQL",
    "22:46 ddl-double-default `subtitle` has two defaults",
    "43:1 ddl-syntax `购物车` cannot stand here: it begins no statement of SQL",
    "58:1 ddl-syntax `订单相关` cannot stand here: it begins no statement of SQL",
    "59:17 ddl-reserved-name `order` is a reserved word and the name of a database",
    "60:5 ddl-reserved-name `order` is a reserved word and the name of a database",
    "64:29 ddl-syntax `NUMBER` after NOT; only NULL may follow",
    "65:46 ddl-double-default `payment` has two defaults",
    *(
        f"{line}:{col} ddl-zero-date the default of `{name}` is a date that no calendar has, which NO_ZERO_DATE refuses"
        for line, col, name in (
            (69, 43, "payment_time"),
            (70, 40, "send_time"),
            (71, 39, "end_time"),
            (72, 41, "close_time"),
        )
    ),
    "111:1 ddl-syntax `支付相关` cannot stand here: it begins no statement of SQL",
]
CURES = {
    "ddl-double-default": "delete the first one: MySQL takes the last",
    "ddl-reserved-name": "write it in quotes: `order`",
    "ddl-zero-date": "make the column nullable: NULL DEFAULT NULL",
}
TABLES = ["user", "product", "category", "cart", "orders", "orderitem", "shopping", "payinfo"]


@pytest.fixture(scope="module")
def article() -> str:
    """Return the text of the article; skip with the reason where there is none."""
    if not ARTICLE.is_file():
        pytest.skip(f"no article at {ARTICLE}; MALLGEN_CORPUS names the folder beside it")
    return ARTICLE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDb]:
    """Start a MariaDB, whose databases have the article's names."""
    with mariadb() as started:
        yield started


def printed(article: str, *, prose: bool) -> str:
    """Return the article's statements; with the lines of prose between them, as somebody copies them."""
    text = article[article.index("CREATE DATABASE user;") : article.index("结束语")]
    return text if prose else "".join(line for line in text.splitlines(True) if line[0] in "CU`PK)")


def test_one_report_has_every_flaw_and_its_cure(article: str) -> None:
    result = read([DdlSource("data.sql", printed(article, prose=True))], Dialect.MYSQL)
    found = [f"{one.span.line}:{one.span.col} {one.code} {one.message}" for one in result.diagnostics if one.span]
    assert found == ERRORS
    assert [one.hint for one in result.diagnostics if one.code in CURES] == [
        CURES[one.code] for one in result.diagnostics if one.code in CURES
    ]
    assert [table.name for table in result.schema.tables] == TABLES
    assert {table.database for table in result.schema.tables} == {"user", "product", "cart", "order", "pay"}
    columns = [line for table in result.schema.tables for line in lines(table) if "shoppingid" in line]
    assert columns == ["  shoppingid bigint(20) not null = 0 -- 收货信息表id"]


def test_every_column_of_the_article_is_in_the_model(article: str) -> None:
    text = printed(article, prose=False)
    result = read([DdlSource("data.sql", text)], Dialect.MYSQL)
    written = re.findall(r"^`(\w+)` .*COMMENT '([^']*)'", text, re.M)
    assert [(column.name, column.comment) for table in result.schema.tables for column in table.columns] == written
    assert len(written) == 76
    keys = len(re.findall(r"^KEY ", text, re.M))
    assert sum(len(table.indexes) for table in result.schema.tables) == keys == 12


def test_mended_mariadb_takes_it(article: str, here: Path, server: MariaDb) -> None:
    (here / "data.sql").write_text(printed(article, prose=False), encoding="utf-8")
    assert mallgen("model", "fix", "--write", "data.sql").code == 0
    mended = (here / "data.sql").read_text(encoding="utf-8")
    assert read([DdlSource("data.sql", mended)], Dialect.MYSQL).diagnostics == ()
    try:
        server.run(mended)
        made = server.run(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema IN ('user', 'product', 'cart', 'order', 'pay')"
        )
        assert sorted(made.split()) == sorted(TABLES)
    finally:
        drop(server)


def test_mariadb_refuses_what_the_report_calls_an_error(article: str, server: MariaDb) -> None:
    text = printed(article, prose=False)
    for error, statement in (
        (1064, "CREATE DATABASE order;"),
        (1064, "CREATE TABLE t (\n`shoppingid` bigint(20) NOT NUMBER DEFAULT 0);"),
        (1067, "CREATE TABLE t (\n`payment_time` timestamp NOT NULL DEFAULT '0000-00-00 00:00:00');"),
    ):
        assert statement.rpartition("\n")[2].rstrip(");") in text
        with pytest.raises(AssertionError, match=f"ERROR {error}"):
            server.run(f"CREATE DATABASE IF NOT EXISTS one; USE one; {statement}")


def test_our_tables_have_no_flaw_and_mariadb_takes_them(server: MariaDb) -> None:
    result = read([DdlSource("data.sql", DATA.read_text(encoding="utf-8"))], Dialect.MYSQL)
    assert result.diagnostics == ()
    try:
        server.run(DATA.read_text(encoding="utf-8"))
        named = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_schema IN ({})"
        databases = ", ".join(f"'{name}'" for name in result.schema.databases)
        made = {tuple(line.split("\t")) for line in server.run(named.format(databases)).splitlines()}
        assert made == {(table.database, table.name) for table in result.schema.tables}
    finally:
        drop(server)


def drop(server: MariaDb) -> None:
    """Delete the databases of the article and of ours."""
    names = ("user", "product", "cart", "order", "pay", "reply")
    server.run("".join(f"DROP DATABASE IF EXISTS `{name}`;" for name in names))


def test_the_document_says_what_stands_in_the_files(article: str) -> None:
    blocks = BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len(blocks) > 25
    sources = {"article": {line.strip() for line in article.splitlines()}}
    for name, block in blocks:
        if name not in sources:
            sources[name] = {line.strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines()}
        missing = [line for line in block.splitlines() if line not in sources[name]]
        assert missing == [], f"these lines of docs/article-tables.md are not in {name}"


def test_the_document_names_every_flaw_of_the_report(article: str) -> None:
    quoted = {
        line
        for name, block in BLOCK.findall(DOCUMENT.read_text(encoding="utf-8"))
        if name == "article"
        for line in block.splitlines()
    }
    text = printed(article, prose=True).splitlines()
    wrong = {text[int(one.partition(":")[0]) - 1] for one in ERRORS if "begins no statement" not in one}
    assert wrong <= quoted
