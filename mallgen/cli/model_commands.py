"""The commands of `mallgen model` and their spelling in goctl, as the rest of the table in options.py."""

from mallgen.cli.options import DIR, DRY_RUN, FORMAT, QUIET, Argument, Command, Option
from mallgen.kinds.tables import DIALECTS

_SRC = Option("src", "The contract: a .sql file, or a pattern in quotes, 'sql/*.sql'.", "FILE", "-s", required=True)
_URL = Option("url", "The database: mysql://…, postgresql://…, sqlite:///…, or go-zero's DSN.", "URL", required=True)
_DIR = DIR._replace(help="The folder that receives the package (default: mallgen.toml's, else this one).", short="-d")
_TABLE = Option("table", "Only tables of this name or pattern; `a,b*` for several.", "NAME", "-t", many=True)
_DATABASE = Option("database", "Only the tables behind `USE NAME`.", "NAME")
_CACHE = Option("cache", "Models that read through a cache.", short="-c")
_DIALECT = Option("dialect", "The files' dialect, where they do not show it.", "NAME", choices=DIALECTS)
_MORE = Argument("file", "More .sql files, applied in this order.", many=True, optional=True)
_FILES = Argument("file", "Files of DDL, or patterns (default: the workspace's).", many=True, optional=True)
_COMMON = (
    _DIR,
    _TABLE,
    _CACHE,
    Option("prefix", "The first part of the cache's keys (default: cache).", "WORD", "-p"),
    Option("ignore-columns", "Columns that no insert and update writes; `a,b` for several.", "NAME", "-i", many=True),
    Option("package", "The package (default: after the database or the file, with _model).", "NAME"),
)
_LAST = (DRY_RUN, FORMAT, QUIET)
_LIVE_LAST = (Option("force", "Replace schema.sql, although you have edited it."), *_LAST)
_DDL = "Generate models from the CREATE TABLEs of .sql files."
_LIVE = "Generate models from the tables of a database; their DDL is kept in schema.sql."
_SCHEMA = Option("schema", "PostgreSQL's schema (default: public).", "NAME", "-s")

MODEL_COMMANDS = (
    Command(
        ("model", "ddl"),
        _DDL,
        "model_ddl",
        (_SRC, _DATABASE, _DIALECT, *_COMMON, *_LAST),
        (_MORE,),
        example="mallgen model ddl -src sql/data.sql -database shop -dir .",
    ),
    Command(
        ("model", "mysql", "ddl"),
        _DDL,
        "model_ddl",
        (_SRC, _DATABASE, *_COMMON, *_LAST),
        (_MORE,),
        example="mallgen model mysql ddl -src 'sql/*.sql' -dir . -c",
        given=(("dialect", "mysql"),),
    ),
    Command(
        ("model", "datasource"),
        _LIVE,
        "model_datasource",
        (_URL, _SCHEMA, *_COMMON, *_LIVE_LAST),
        example="mallgen model datasource -url 'mysql://root:${PASSWORD}@127.0.0.1/shop' -table 'order*' -dir .",
    ),
    Command(
        ("model", "mysql", "datasource"),
        _LIVE,
        "model_datasource",
        (_URL, *_COMMON, *_LIVE_LAST),
        example="mallgen model mysql datasource -url 'root:${PASSWORD}@tcp(127.0.0.1:3306)/shop' -table '*' -dir . -c",
        given=(("dialect", "mysql"),),
    ),
    Command(
        ("model", "pg", "datasource"),
        _LIVE,
        "model_datasource",
        (_URL, _SCHEMA, *_COMMON, *_LIVE_LAST),
        example="mallgen model pg datasource -url 'postgres://postgres:${PASSWORD}@127.0.0.1/shop' -dir .",
        given=(("dialect", "postgres"),),
    ),
    Command(
        ("model", "pg"),
        "The same for PostgreSQL, as goctl spells it.",
        "model_datasource",
        (_URL, _SCHEMA, *_COMMON, *_LIVE_LAST),
        example="mallgen model pg -url 'postgres://postgres:${PASSWORD}@127.0.0.1/shop' -dir .",
        given=(("dialect", "postgres"),),
    ),
    Command(
        ("model", "migrate"),
        "Print the statements that lead from one schema to another.",
        "model_migrate",
        (
            Option("dialect", "The database that the statements are for.", "NAME", choices=DIALECTS),
            _DATABASE,
            _SCHEMA,
            Option("apply", "Refused: tools for migrations take the file."),
            FORMAT,
        ),
        (
            Argument("old", "A .sql file or pattern, the same of git as REVISION:PATH, or the URL of a database."),
            Argument("new", "The same for what it shall become."),
        ),
        example="mallgen model migrate HEAD~1:sql/data.sql sql/data.sql",
    ),
    Command(
        ("model", "lint"),
        "Find what works in tables and could be better, and what reaches into another service's tables.",
        "model_lint",
        (
            Option("select", "A rule to add to those that are on; `all` for all.", "RULE", many=True),
            Option("ignore", "A rule to leave out.", "RULE", many=True),
            Option("rules", "List the rules."),
            _DIALECT,
            FORMAT,
        ),
        (_FILES,),
        example="mallgen model lint 'sql/*.sql'",
    ),
    Command(
        ("model", "fix"),
        "Mend what has one right way to be mended in tables; a diff, unless --write is given.",
        "model_fix",
        (Option("write", "Apply the changes instead of printing them."), _DIALECT, FORMAT),
        (_FILES,),
        example="mallgen model fix data.sql --write",
    ),
)
