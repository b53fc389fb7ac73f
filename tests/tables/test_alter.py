"""ALTER, RENAME, DROP and CREATE INDEX change the model as the databases change the table."""

from mallgen.tables.model import Dialect
from mallgen.tables.read import DdlSource, read
from tests.tables.reading import flaws, model

ORDERS = """
CREATE TABLE orders (
  id bigint NOT NULL,
  userid bigint NOT NULL DEFAULT 0,
  total decimal(20,2) NOT NULL,
  note varchar(20) DEFAULT '',
  KEY ix_userid (userid),
  CONSTRAINT ck_total CHECK (total >= 0)
);
"""


def test_mysql_defines_columns_anew() -> None:
    assert (
        model(ORDERS + """
        ALTER TABLE orders
          ADD PRIMARY KEY (id),
          MODIFY id bigint unsigned NOT NULL AUTO_INCREMENT COMMENT '号', AUTO_INCREMENT=5,
          ADD COLUMN created datetime(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3) AFTER id,
          ADD kind enum('a', 'b') FIRST,
          CHANGE note remark text,
          ALTER COLUMN userid SET DEFAULT 7,
          ALTER total SET DEFAULT 1.50,
          COMMENT 'Bestellungen', ENGINE=InnoDB, ALGORITHM=INPLACE, LOCK=NONE;
        ALTER TABLE orders ADD (f int, g json NOT NULL), DROP COLUMN f, RENAME COLUMN total TO amount;
    """)
        == [
            "table orders (id) -- Bestellungen",
            "  kind enum('a', 'b')",
            "  id bigint unsigned not null auto -- 号",
            "  created datetime(3) not null = now",
            "  userid bigint not null = 7",
            "  amount decimal(20,2) not null = 1.50",
            "  remark text",
            "  g json not null",
            "  index ix_userid (userid)",
            "  check `amount` >= 0",
        ]
    )


def test_mysql_changes_keys() -> None:
    assert (
        model(ORDERS + """
        CREATE TABLE user (id bigint NOT NULL, PRIMARY KEY (id));
        ALTER TABLE orders ADD UNIQUE KEY uk (userid, note), DROP INDEX ix_userid, ADD INDEX (total),
          ADD CONSTRAINT fk_user FOREIGN KEY (userid) REFERENCES user (id) ON DELETE CASCADE;
        ALTER TABLE orders RENAME INDEX uk TO uk_user_note, DROP CHECK ck_total, ADD FULLTEXT KEY ft (note);
        CREATE UNIQUE INDEX uk_note USING BTREE ON orders (note(5) DESC) COMMENT 'x' ALGORITHM = INPLACE;
        DROP INDEX total ON orders;
        ALTER TABLE orders ADD PRIMARY KEY (id);
        ALTER TABLE orders DROP PRIMARY KEY, ADD PRIMARY KEY (userid, id);
    """)
        == [
            "table orders (userid, id)",
            "  id bigint not null",
            "  userid bigint not null = 0",
            "  total decimal(20,2) not null",
            "  note varchar(20) = ''",
            "  unique uk_user_note (userid, note)",
            "  index ft (note) (not plain)",
            "  unique uk_note (note) (not plain)",
            "  (userid) -> user (id)",
            "table user (id)",
            "  id bigint not null",
        ]
    )


def test_a_foreign_key_follows_the_names_of_its_target() -> None:
    assert (
        model("""
        CREATE TABLE a (id int PRIMARY KEY);
        CREATE TABLE b (a_id int, CONSTRAINT fk FOREIGN KEY (a_id) REFERENCES a (id));
        ALTER TABLE a RENAME COLUMN id TO number;
        RENAME TABLE a TO c, b TO d;
        ALTER TABLE d RENAME e;
        ALTER TABLE c CHANGE number n int NOT NULL;
    """)
        == [
            "table c (n)",
            "  n int not null",
            "table e",
            "  a_id int",
            "  index fk (a_id)",
            "  (a_id) -> c (n)",
        ]
    )


def test_a_dropped_column_leaves_its_indexes() -> None:
    assert model("""
        CREATE TABLE a (x int, y int, z int, KEY k1 (x, y), KEY k2 (x));
        ALTER TABLE a DROP x;
        DROP TABLE IF EXISTS nothing;
        CREATE TABLE gone (x int);
        DROP TABLE gone;
    """) == ["table a", "  y int", "  z int", "  index k1 (y)"]


def test_postgres() -> None:
    assert (
        model(
            """
        CREATE TABLE public.users (id integer NOT NULL, name character varying(50), old text, tags text[]);
        CREATE SEQUENCE public.users_id_seq AS integer START WITH 1;
        ALTER TABLE public.users_id_seq OWNER TO postgres;
        ALTER SEQUENCE public.users_id_seq OWNED BY public.users.id;
        ALTER TABLE ONLY public.users ALTER COLUMN id SET DEFAULT nextval('public.users_id_seq'::regclass);
        ALTER TABLE ONLY public.users ADD CONSTRAINT users_pkey PRIMARY KEY (id);
        ALTER TABLE users ALTER name TYPE text USING trim(name), ALTER name SET NOT NULL,
          DROP COLUMN IF EXISTS old CASCADE,
          ADD COLUMN IF NOT EXISTS created timestamptz DEFAULT now(), ADD CONSTRAINT short CHECK (length(name) < 9),
          ALTER COLUMN tags SET STORAGE EXTENDED, ENABLE ROW LEVEL SECURITY;
        CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ux_name ON ONLY users USING btree (lower(name)) WHERE id > 0;
        CREATE INDEX ON users USING gin (tags);
        CREATE INDEX ix_created ON users (created DESC NULLS LAST) INCLUDE (name);
        ALTER INDEX ix_created RENAME TO ix_made;
        ALTER TABLE users RENAME created TO made;
        ALTER TABLE users RENAME CONSTRAINT short TO brief;
        ALTER TABLE users DROP CONSTRAINT brief;
        COMMENT ON TABLE users IS 'Leute';
        COMMENT ON COLUMN public.users.name IS 'it''s a name';
        COMMENT ON INDEX ux_name IS 'nothing of a model';
        ALTER TABLE users RENAME TO people;
        """,
            Dialect.POSTGRES,
        )
        == [
            "table people (id) -- Leute",
            "  id integer not null auto",
            "  name text not null -- it's a name",
            "  tags text[]",
            "  made timestamptz = now",
            "  unique ux_name () where id > 0 (not plain)",
            "  index users_tags_idx (tags) (not plain)",
            "  index ix_made (made)",
        ]
    )


def test_types_of_postgres() -> None:
    assert (
        model(
            """
        CREATE TYPE mood AS ENUM ('sad', 'ok');
        CREATE DOMAIN email AS varchar(99) NOT NULL CHECK (VALUE LIKE '%@%');
        CREATE SCHEMA billing;
        SET search_path TO billing, public;
        CREATE TABLE t (a mood DEFAULT 'ok', b email, c public.mood[]);
        ALTER TYPE mood ADD VALUE IF NOT EXISTS 'happy' AFTER 'sad';
        ALTER TYPE mood RENAME VALUE 'ok' TO 'fine';
        CREATE TABLE public.u (LIKE t INCLUDING ALL, PRIMARY KEY (b));
        DROP TYPE email CASCADE;
        """,
            Dialect.POSTGRES,
        )
        == [
            "table billing.t",
            "  a mood = 'fine'",
            "  b email not null",
            "  c public.mood[]",
            "table u (b)",
            "  a mood = 'fine'",
            "  b email not null",
            "  c public.mood[]",
        ]
    )


def test_an_enum_of_postgres_that_has_no_values_yet() -> None:
    made = "CREATE TYPE k AS ENUM (); CREATE TABLE t (id int PRIMARY KEY, a k, b k[]);"
    found = read([DdlSource("t.sql", made)], Dialect.POSTGRES).diagnostics
    assert [(one.code, one.severity) for one in found] == [("ddl-unmodelled-type", "unfit")] * 2
    later = read([DdlSource("t.sql", made + " ALTER TYPE k ADD VALUE 'new';")], Dialect.POSTGRES)
    assert later.diagnostics == ()
    kinds = [column.type for column in later.schema.tables[0].columns[1:]]
    assert [(kind.item or kind).values for kind in kinds] == [("new",)] * 2


def test_sqlite() -> None:
    assert (
        model(
            """
        PRAGMA foreign_keys = ON;
        CREATE TABLE "a" (id INTEGER PRIMARY KEY, [b c] TEXT, d);
        """.replace(", d)", ", d BLOB)")
            + """
        ALTER TABLE a ADD COLUMN e INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE a RENAME "b c" TO f;
        ALTER TABLE A DROP COLUMN d;
        CREATE INDEX IF NOT EXISTS main.ix ON a (f COLLATE NOCASE, e DESC) WHERE f IS NOT NULL;
        ALTER TABLE a RENAME TO z;
        """,
            Dialect.SQLITE,
        )
        == [
            "table z (id)",
            "  id INTEGER not null auto",
            "  f TEXT",
            "  e INTEGER not null = 0",
            "  index ix (f, e) where f IS NOT NULL",
        ]
    )


def test_what_is_not_there() -> None:
    assert (
        flaws(ORDERS + """
        ALTER TABLE order_s ADD x int;
        ALTER TABLE orders DROP nope, DROP INDEX ix_user, DROP PRIMARY KEY, DROP FOREIGN KEY fk, MODIFY totl int,
          RENAME COLUMN a TO b, RENAME INDEX i TO j, ALTER COLUMN z DROP DEFAULT, ADD KEY (zz), ADD x int AFTER yy;
        DROP INDEX ix ON orders;
        DROP TABLE nothing;
        RENAME TABLE x TO y;
    """)
        == [
            "10:21 ddl-unknown-table: no statement before this one creates the table `order_s`",
            "11:33 ddl-unknown-column: `orders` has no column `nope`",
            "11:50 ddl-unknown-index: `orders` has no index `ix_user`",
            "11:72 ddl-unknown-index: `orders` has no primary key",
            "11:94 ddl-unknown-index: `orders` has no foreign key `fk`",
            "11:105 ddl-unknown-column: `orders` has no column `totl`",
            "12:25 ddl-unknown-column: `orders` has no column `a`",
            "12:46 ddl-unknown-index: `orders` has no index `i`",
            "12:67 ddl-unknown-column: `orders` has no column `z`",
            "12:92 ddl-unknown-column: `orders` has no column `zz`, which this index names",
            "12:113 ddl-unknown-column: `orders` has no column `yy`",
            "13:20 ddl-unknown-index: `orders` has no index `ix`",
            "14:20 ?ddl-unknown-table: no statement before this one creates the table `nothing`",
            "15:22 ddl-unknown-table: no statement before this one creates the table `x`",
        ]
    )


def test_what_is_there_already() -> None:
    assert (
        flaws(ORDERS + """
        CREATE TABLE other (id int);
        ALTER TABLE orders ADD note int, ADD KEY ix_userid (id), ADD PRIMARY KEY (id), ADD PRIMARY KEY (userid),
          RENAME COLUMN note TO total, FOO bar, RENAME TO other;
        ALTER TABLE other DROP id extra, ADD y int;
    """)
        == [
            "11:32 ddl-duplicate-column: `orders` has two columns `note`",
            "11:50 ddl-duplicate-index: `orders` has two indexes `ix_userid`",
            "11:100 ddl-two-primary-keys: `orders` has two primary keys",
            "12:33 ddl-duplicate-column: `orders` has a column `total` already",
            "12:40 ddl-syntax: `FOO` cannot stand here: an action follows",
            "12:59 ddl-duplicate-table: there is a table `other` already",
            "13:32 ddl-syntax: `id` is the only column of `other`",
            "13:35 ddl-syntax: `extra` cannot stand here: `,` or the end follows an action of ALTER TABLE",
        ]
    )
