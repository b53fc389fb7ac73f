"""Random schemas as DDL of one dialect, for tests of migrations: valid, and with names that overlap."""

import random
from collections.abc import Iterator

Types = dict[str, tuple[str, ...]]
_MYSQL: Types = {
    "int": ("1", "0"),
    "bigint unsigned": ("7",),
    "smallint": ("-3",),
    "decimal(10,2)": ("1.50", "0"),
    "decimal(20,4)": ("0.1",),
    "varchar(20)": ("''", "'it''s'", "'a\\\\b'"),
    "varchar(200)": ("'x'",),
    "char(5)": ("'abc'",),
    "text": (),
    "mediumtext": (),
    "datetime": ("CURRENT_TIMESTAMP", "'2026-01-02 03:04:05'"),
    "datetime(3)": ("CURRENT_TIMESTAMP(3)",),
    "timestamp": ("CURRENT_TIMESTAMP",),
    "date": ("'2026-01-02'",),
    "time": (),
    "double": ("1.5",),
    "float": (),
    "enum('a','b')": ("'a'",),
    "enum('a','b','c')": ("'c'",),
    "enum('b','a')": ("'b'",),
    "set('x','y')": ("'x,y'",),
    "json": (),
    "blob": (),
    "varbinary(16)": (),
    "tinyint(1)": ("1", "0"),
    "year": (),
    "bit(4)": ("b'1'",),
}
_POSTGRES: Types = {
    "smallint": ("3",),
    "integer": ("1", "-1"),
    "bigint": ("7",),
    "numeric(10,2)": ("1.50",),
    "numeric(20,4)": ("0",),
    "numeric": ("0.1",),
    "varchar(20)": ("''", "'it''s'"),
    "varchar(200)": ("'x\\y'",),
    "char(5)": ("'abc'",),
    "text": ("'a'",),
    "timestamptz": ("CURRENT_TIMESTAMP", "now()"),
    "timestamp(3)": ("'2026-01-02 03:04:05'",),
    "date": ("CURRENT_DATE",),
    "time": (),
    "double precision": ("1.5",),
    "real": (),
    "boolean": ("true", "false"),
    "bytea": (),
    "jsonb": ("'{}'",),
    "json": (),
    "uuid": (),
    "text[]": ("'{}'",),
    "integer[]": (),
    "mood": ("'sad'",),
    "amount": ("1.5",),
    "bit(4)": ("B'0101'",),
}
_SQLITE: Types = {
    "INTEGER": ("1", "-1"),
    "TEXT": ("''", "'it''s'"),
    "REAL": ("1.5",),
    "BLOB": (),
    "DECIMAL(10,2)": ("0",),
    "DECIMAL(20,4)": ("0.5",),
    "BOOLEAN": ("1",),
    "DATE": (),
    "DATETIME": ("CURRENT_TIMESTAMP",),
    "VARCHAR(20)": ("'x'",),
}
_TYPES = {"mysql": _MYSQL, "postgres": _POSTGRES, "sqlite": _SQLITE}
_KEYS = {
    "mysql": ("int", "bigint unsigned", "smallint"),
    "postgres": ("integer", "bigint", "smallint"),
    "sqlite": ("INTEGER",),
}
_WIDER = {  # types that take every value of another
    "smallint": "int",
    "decimal(10,2)": "decimal(20,4)",
    "varchar(20)": "varchar(200)",
    "varchar(200)": "text",
    "enum('a','b')": "enum('a','b','c')",
    "datetime": "datetime(3)",
    "float": "double",
    "text": "mediumtext",
    "integer": "bigint",
    "numeric(10,2)": "numeric(20,4)",
    "numeric(20,4)": "numeric",
    "real": "double precision",
    "json": "jsonb",
    "DECIMAL(10,2)": "DECIMAL(20,4)",
    "VARCHAR(20)": "TEXT",
    "INTEGER": "DECIMAL(20,4)",
}
_TEXTS = ("varchar", "char", "text", "mediumtext", "VARCHAR", "TEXT")
_NUMBERS = ("int", "bigint", "smallint", "decimal", "numeric", "integer", "INTEGER", "DECIMAL", "REAL", "double")
_UNSORTED = ("text", "mediumtext", "json", "blob", "bytea", "set", "bit")


class RandomTable:
    """One table: its columns with their types, and the lines of its CREATE TABLE."""

    def __init__(self, name: str, key: str) -> None:
        self.name, self.key = name, key
        self.types: dict[str, str] = {}
        self.lines: list[str] = []
        self.keys: list[str] = []
        self.after: list[str] = []
        self.tail = ""


class RandomSchema:
    """Writes the schema of one seed; with a `change` some of its columns have other types."""

    def __init__(self, dialect: str, seed: int, change: int = 0) -> None:
        self.dialect, self.random = dialect, random.Random(seed)
        self.changes = random.Random(change) if change else None
        self.types = _TYPES[dialect]
        self.moods = self.random.choice((("sad", "ok"), ("sad", "ok", "glad"), ("new", "sad", "ok"), ("sad", "glad")))
        self.tables: list[RandomTable] = []

    def script(self) -> str:
        """Return the DDL."""
        names = self.random.sample(("users", "orders", "item", "order", "Log"), self.random.randint(1, 5))
        self.tables = [RandomTable(name, self.random.choice(_KEYS[self.dialect])) for name in sorted(names)]
        for table in self.tables:
            self._table(table)
        for table in self.tables:
            self._references(table)
        statements = [self._create(table) for table in self.tables]
        statements += [one for table in self.tables for one in table.after]
        used = {kind for table in self.tables for kind in table.types.values()}
        if "amount" in used:
            statements.insert(0, "CREATE DOMAIN amount AS numeric(10,2) CHECK (VALUE >= 0)")
        if "mood" in used:
            statements.insert(0, f"CREATE TYPE mood AS ENUM ({', '.join(map(repr, self.moods))})")
        return "".join(f"{one};\n" for one in [*statements, *self._views()])

    def quoted(self, name: str) -> str:
        """Return an identifier in quotes."""
        return f"`{name}`" if self.dialect == "mysql" else f'"{name}"'

    def chance(self, percent: int) -> bool:
        """Return whether something happens."""
        return self.random.randrange(100) < percent

    def _create(self, table: RandomTable) -> str:
        lines = ",\n  ".join([*table.lines, *table.keys])
        return f"CREATE TABLE {self.quoted(table.name)} (\n  {lines}\n){table.tail}"

    def _table(self, table: RandomTable) -> None:
        numbered = {
            "mysql": "NOT NULL AUTO_INCREMENT",
            "postgres": self.random.choice(
                ("GENERATED BY DEFAULT AS IDENTITY", "GENERATED ALWAYS AS IDENTITY", "NOT NULL")
            ),
            "sqlite": "PRIMARY KEY" + self.random.choice(("", " AUTOINCREMENT")),
        }
        table.lines.append(f"id {table.key} {numbered[self.dialect]}")
        if self.dialect != "sqlite":
            table.keys.append("PRIMARY KEY (id)")
        for name in self.random.sample(("a", "b", "c", "d", "e", "select"), self.random.randint(1, 6)):
            table.types[name] = self.random.choice(list(self.types))
            if self.changes is not None and self.changes.randrange(100) < 40:
                wider = _WIDER.get(table.types[name], "")
                table.types[name] = wider if wider in self.types else table.types[name]
            table.lines.append(f"{self.quoted(name)} {self._column(table.types[name])}")
        self.random.shuffle(table.lines)
        self._generated(table)
        self._indexes(table)
        self._rest(table)

    def _column(self, kind: str) -> str:
        words = [kind]
        if self.dialect == "mysql" and kind.startswith(_TEXTS) and self.chance(15):
            words.append(self.random.choice(("CHARACTER SET latin1", "COLLATE utf8mb4_bin")))
        is_null = self.chance(50)
        if not is_null:
            words.append("NOT NULL")
        elif kind == "timestamp" and self.dialect == "mysql":
            words.append("NULL")
        values = self.types[kind]
        if kind == "mood":
            values = (repr(self.random.choice(self.moods)),)
        if values and self.chance(50):
            words.append(f"DEFAULT {self.random.choice(values)}")
            if (
                self.dialect == "mysql"
                and kind in ("datetime", "timestamp")
                and "CURRENT" in words[-1]
                and self.chance(50)
            ):
                words.append("ON UPDATE CURRENT_TIMESTAMP")
        if self.dialect == "mysql" and self.chance(20):
            words.append(f"COMMENT '{self.random.choice(('a', 'it''s', 'b'))}'")
        return " ".join(words)

    def _generated(self, table: RandomTable) -> None:
        bases = [name for name, kind in table.types.items() if kind in ("int", "integer", "smallint", "INTEGER")]
        if bases and self.chance(30):
            base, factor = self.quoted(self.random.choice(bases)), self.random.choice((2, 3))
            stored = "STORED" if self.dialect == "postgres" or self.chance(50) else "VIRTUAL"
            kind = _KEYS[self.dialect][0]
            table.lines.append(f"twice {kind} GENERATED ALWAYS AS ({base} * {factor}) {stored}")

    def _indexes(self, table: RandomTable) -> None:
        names = [
            n for n, kind in table.types.items() if not kind.split("(")[0].startswith(_UNSORTED) or self._is_text(kind)
        ]
        for number in range(self.random.randint(0, 3)):
            if not names:
                return
            chosen = self.random.sample(names, min(len(names), self.random.randint(1, 2)))
            name = f"{table.name}_ix{number}"
            self._index(table, name, chosen, self.chance(25))

    def _is_text(self, kind: str) -> bool:
        return kind in ("text", "TEXT") and self.dialect != "mysql"

    def _index(self, table: RandomTable, name: str, columns: list[str], unique: bool) -> None:
        quoted = [self.quoted(column) for column in columns]
        if self.dialect == "mysql":
            first = table.types[columns[0]]
            if first == "varchar(200)" and not unique and self.chance(50):
                quoted[0] += "(10)"
            word = "UNIQUE KEY" if unique else "KEY"
            table.keys.append(f"{word} {self.quoted(name)} ({', '.join(quoted)})")
            return
        is_again = any(
            line.endswith(f"UNIQUE ({', '.join(quoted)})") for line in table.keys
        )  # PostgreSQL makes one of both
        if unique and self.chance(50) and not is_again:
            table.keys.append(f"CONSTRAINT {self.quoted(name)} UNIQUE ({', '.join(quoted)})")
            return
        where = f" WHERE {quoted[0]} IS NOT NULL" if self.chance(20) else ""
        kind = table.types[columns[0]]
        if not unique and kind.startswith(("varchar", "text", "TEXT")) and kind[-1] != "]" and self.chance(40):
            quoted[0] = f"lower({quoted[0]})"
        elif self.chance(20):
            quoted[0] += " DESC"
        on = f"{self.quoted(name)} ON {self.quoted(table.name)} ({', '.join(quoted)}){where}"
        table.after.append(f"CREATE {'UNIQUE ' if unique else ''}INDEX {on}")

    def _rest(self, table: RandomTable) -> None:
        numbers = [name for name, kind in table.types.items() if kind.split("(")[0].split(" ")[0] in _NUMBERS]
        if numbers and self.chance(30):
            name, least = self.random.choice(numbers), self.random.choice((-9, -7))
            table.keys.append(f"CONSTRAINT {self.quoted(f'{table.name}_ok')} CHECK ({self.quoted(name)} > {least})")
        if self.dialect == "mysql":
            table.tail = self.random.choice((" DEFAULT CHARSET=utf8mb4", " DEFAULT CHARSET=latin1"))
            table.tail += self.random.choice(("", "", " COMMENT='people'", " COMMENT='it''s'"))
        elif self.dialect == "postgres" and self.chance(40):
            table.after.append(f"COMMENT ON TABLE {self.quoted(table.name)} IS '{self.random.choice(('a', 'b'))}'")
            column = self.quoted(next(iter(table.types)))
            table.after.append(f"COMMENT ON COLUMN {self.quoted(table.name)}.{column} IS 'it''s'")

    def _references(self, table: RandomTable) -> None:
        for target in self.tables:
            if not self.chance(25):
                continue
            column = f"{target.name}_id"
            table.lines.append(f"{self.quoted(column)} {target.key}")
            action = self.random.choice(("", " ON DELETE CASCADE", " ON DELETE SET NULL ON UPDATE CASCADE"))
            named = f"CONSTRAINT {self.quoted(f'fk_{table.name}_{target.name}')} " if self.chance(70) else ""
            words = f"{named}FOREIGN KEY ({self.quoted(column)}) REFERENCES {self.quoted(target.name)} (id){action}"
            if self.dialect == "sqlite":
                table.keys.append(words)
            else:
                table.after.append(f"ALTER TABLE {self.quoted(table.name)} ADD {words}")

    def _views(self) -> Iterator[str]:
        for number, table in enumerate(self.tables):
            if self.chance(30):
                columns = self.random.sample(list(table.types), 1)
                names = ", ".join(["id", *map(self.quoted, columns)])
                word = "MATERIALIZED VIEW" if self.dialect == "postgres" and self.chance(25) else "VIEW"
                yield f"CREATE {word} v{number} AS SELECT {names} FROM {self.quoted(table.name)}"
                if self.chance(30):
                    yield f"CREATE VIEW w{number} AS SELECT id FROM v{number} WHERE id > 1"


def random_script(dialect: str, seed: int, change: int = 0) -> str:
    """Return a random schema of one seed, a bit changed with a `change`."""
    return RandomSchema(dialect, seed, change).script()
