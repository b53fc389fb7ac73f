-- Statements that SQLite takes or refuses: tests/tables/test_other_cases.py runs each there.
-- `ok:` it takes them, and the model is the table. `bad CODE:` it refuses them. `bad CODE, SQLite takes it:` it does not
-- see the flaw.

-- ok: types of all kinds
CREATE TABLE t (a INT, b INTEGER, c TINYINT, d BIGINT UNSIGNED, e UNSIGNED BIG INT, f INT8, g TEXT, h VARCHAR(20), i NCHAR(5),
  j CLOB, k BLOB, l REAL, m DOUBLE, n DOUBLE PRECISION, o FLOAT, p NUMERIC, q DECIMAL(10,5), r BOOLEAN, s DATE, u DATETIME,
  v TIMESTAMP, w JSON, x CHARACTER VARYING(9), y VARYING CHARACTER(255), z TIME);
-- ok: defaults
CREATE TABLE t (a INT DEFAULT 5, b INT DEFAULT -5, c TEXT DEFAULT 'it''s', d TEXT DEFAULT "x", e TEXT DEFAULT NULL,
  f TEXT DEFAULT CURRENT_TIMESTAMP, g DATETIME DEFAULT (datetime('now', 'localtime')), h INT DEFAULT (1 + 2), i BLOB DEFAULT
  X'00', j INT DEFAULT TRUE, k REAL DEFAULT 1.5e3, l INT DEFAULT (abs(-1)));
-- ok: keys
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT UNIQUE, b INT, c TEXT COLLATE NOCASE, UNIQUE (a, b), CHECK (b > 0),
  CONSTRAINT named UNIQUE (c));
-- ok: a key of two columns
CREATE TABLE t (a INT, b TEXT, PRIMARY KEY (a, b DESC)) WITHOUT ROWID;
-- ok: autoincrement in the key
CREATE TABLE t (id INTEGER, a INT, PRIMARY KEY (id AUTOINCREMENT));
-- ok: names
CREATE TABLE [t t] ("a b" INT, `c` INT, [d e] INT, 'f' INT, "q""q" INT, 名字 INT, _x INT, a$1 INT);
-- ok: words that are no reserved words
CREATE TABLE t (key TEXT, type TEXT, name TEXT, value INT, date TEXT, time TEXT, text TEXT, user TEXT, desc TEXT, end INT,
  index_ INT, comment TEXT, status INT, year INT, match TEXT, replace TEXT, row INT, rows INT, view TEXT, action TEXT);
-- ok: references
CREATE TABLE p (id INTEGER PRIMARY KEY, x INT UNIQUE);
CREATE TABLE t (a INT REFERENCES p, b INT REFERENCES p (x) ON DELETE CASCADE ON UPDATE SET NULL DEFERRABLE INITIALLY DEFERRED,
  c INT, CONSTRAINT fk FOREIGN KEY (c) REFERENCES p (id) MATCH FULL);
-- ok: generated
CREATE TABLE t (a INT, b INT GENERATED ALWAYS AS (a + 1) STORED, c INT AS (a * 2), d TEXT AS (a || 'x') VIRTUAL);
-- ok: indexes
CREATE TABLE t (a INT, b TEXT, c INT);
CREATE INDEX i ON t (a);
CREATE UNIQUE INDEX IF NOT EXISTS u ON t (b COLLATE NOCASE DESC, a);
CREATE INDEX e ON t (lower(b));
CREATE INDEX w ON t (c) WHERE a IS NOT NULL;
DROP INDEX i;
-- ok: altered
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (a INT, b TEXT, c INT);
ALTER TABLE t ADD d INT NOT NULL DEFAULT 0;
ALTER TABLE t ADD COLUMN e INT REFERENCES p (id);
ALTER TABLE t DROP COLUMN c;
ALTER TABLE t RENAME b TO bb;
ALTER TABLE t RENAME COLUMN d TO dd;
ALTER TABLE t RENAME TO u;
-- ok: as .dump writes it
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE IF NOT EXISTS "t" ("id" INTEGER NOT NULL, "x" TEXT);
INSERT INTO t VALUES(1,'it''s; CREATE TABLE x (');
INSERT INTO "t" VALUES(2,replace('a\nb','\n',char(10)));
COMMIT;
-- ok: triggers are no part of a model
CREATE TABLE t (a INT);
CREATE TRIGGER tr AFTER INSERT ON t BEGIN UPDATE t SET a = 1; DELETE FROM t WHERE a = CASE WHEN a > 1 THEN 2 ELSE 3 END; END;
CREATE TABLE u (b INT);
-- ok: strict
CREATE TABLE t (a INT, b INTEGER PRIMARY KEY, c TEXT, d BLOB, e REAL) STRICT;
-- ok: if not there
CREATE TABLE IF NOT EXISTS main.t (a INT);
DROP TABLE IF EXISTS nowhere;

-- bad ddl-duplicate-column: one name twice
CREATE TABLE t (a INT, A INT);
-- bad ddl-reserved-name: a reserved name
CREATE TABLE t (order INT);
-- bad ddl-two-primary-keys: two keys
CREATE TABLE t (a INT PRIMARY KEY, b INT PRIMARY KEY);
-- bad ddl-unknown-column: a key of nothing
CREATE TABLE t (a INT, UNIQUE (b));
-- bad ddl-unknown-column: an index of nothing
CREATE TABLE t (a INT);
CREATE INDEX i ON t (b);
-- bad ddl-unknown-column: a check of nothing
CREATE TABLE t (a INT, CHECK (b > 0));
-- bad ddl-unknown-table: an index on nothing
CREATE INDEX i ON t (a);
-- bad ddl-unknown-table: a table altered and not there
ALTER TABLE t ADD a INT;
-- bad ddl-unknown-type: a type that makes numbers of texts, SQLite takes it
CREATE TABLE t (a STRING);
-- bad ddl-unknown-type: no type at all, SQLite takes it
CREATE TABLE t (a);
-- bad ddl-unknown-type: no type of a strict table
CREATE TABLE t (a VARCHAR(9)) STRICT;
-- bad ddl-bad-auto-increment: not the primary key
CREATE TABLE t (a INT PRIMARY KEY AUTOINCREMENT);
-- bad ddl-syntax: AUTO_INCREMENT
CREATE TABLE t (a INTEGER PRIMARY KEY AUTO_INCREMENT);
-- bad ddl-syntax: a KEY
CREATE TABLE t (a INT, KEY k (a));
-- bad ddl-syntax: a comment of MySQL, SQLite takes it
CREATE TABLE t (a INT COMMENT 'x');
-- bad ddl-syntax: an option of MySQL
CREATE TABLE t (a INT) ENGINE=InnoDB;
-- bad ddl-bare-expression: a function without brackets
CREATE TABLE t (a TEXT DEFAULT lower('X'));
-- bad ddl-duplicate-table: two tables
CREATE TABLE t (a INT);
CREATE TABLE T (b INT);
-- bad ddl-duplicate-index: of two tables
CREATE TABLE t (a INT);
CREATE TABLE u (a INT);
CREATE INDEX i ON t (a);
CREATE INDEX i ON u (a);
-- bad ddl-unknown-index: dropped and not there
DROP INDEX i;
-- bad ddl-unknown-column: a column dropped and not there
CREATE TABLE t (a INT, b INT);
ALTER TABLE t DROP COLUMN c;
-- bad ddl-syntax: two changes in one
CREATE TABLE t (a INT);
ALTER TABLE t ADD b INT, ADD c INT;
-- bad ddl-syntax: a change that SQLite has not
CREATE TABLE t (a INT);
ALTER TABLE t ALTER COLUMN a TYPE TEXT;
-- bad ddl-syntax: a comma too many
CREATE TABLE t (a INT,);
-- bad ddl-syntax: a bracket too few
CREATE TABLE t (a INT;
-- bad ddl-double-default: two defaults, SQLite takes it
CREATE TABLE t (a INT DEFAULT 1 DEFAULT 2);
-- bad ddl-default-null-not-null: NULL for NOT NULL, SQLite takes it
CREATE TABLE t (a INT NOT NULL DEFAULT NULL);
-- bad ddl-unknown-target: a column that is not there, SQLite takes it
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (a INT REFERENCES p (x));
