-- Statements that MySQL takes or refuses, beside MariaDB: tests/tables/test_mysql_cases.py runs each there.
-- `ok:` both take it, and the model is the table. `bad CODE:` both refuse it. `bad CODE, MariaDB takes it:` MySQL 8
-- refuses it. `ok, MariaDB refuses it:` MySQL 8 takes it.

-- ok: whole numbers under all their names
CREATE TABLE t (
  a tinyint, b tinyint(4) unsigned, c smallint unsigned, d mediumint, e mediumint unsigned zerofill, f int(11),
  g integer unsigned, h bigint(20), i bigint unsigned, j int1, k int2, l int3, m int4, n int8, o middleint, p bool,
  q boolean NOT NULL DEFAULT FALSE, r tinyint(1) NOT NULL DEFAULT '1', s int signed DEFAULT -5, u bigint DEFAULT +7
);
-- ok: broken numbers
CREATE TABLE t (
  a float, b float(10,2), c float(24), d float(25), e double, f double precision, g double(12,3) unsigned, h real,
  i decimal, j decimal(5), k dec(6,2) unsigned DEFAULT '0.10', l numeric(65,30), m fixed(4,1) NOT NULL DEFAULT 1e1,
  n float4, o float8, p decimal(10,2) DEFAULT 1.5, q double DEFAULT 1.5e3
);
-- ok: texts
CREATE TABLE t (
  a char, b char(10), c character(3), d varchar(20), e character varying(30), f tinytext, g text, h mediumtext,
  i longtext, j text(100), k text(70000), l nchar(5), m national char(6), n national varchar(7), o nvarchar(8),
  p long, q long varchar, r varchar(0), s char(0), v char varying(9), w varchar(15000)
) DEFAULT CHARSET=utf8mb4;
-- ok: bytes
CREATE TABLE t (
  a binary, b binary(16), c varbinary(20), d tinyblob, e blob, f mediumblob, g longblob, h blob(1000), i long varbinary,
  j bit, k bit(8) DEFAULT b'101', l bit(64), m char byte
);
-- ok: times
CREATE TABLE t (
  a date, b time, c time(3), d datetime, e datetime(6), f timestamp NULL, g timestamp(2) NULL DEFAULT NULL, h year,
  i year(4) DEFAULT 2020, j datetime DEFAULT '2020-01-02 03:04:05', k date DEFAULT '2020-02-29',
  l datetime DEFAULT CURRENT_TIMESTAMP, m datetime(3) DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
  n timestamp NOT NULL DEFAULT now() ON UPDATE now(), o timestamp(6) DEFAULT LOCALTIME(6), p time DEFAULT '12:00:00',
  q datetime NULL ON UPDATE CURRENT_TIMESTAMP, r timestamp DEFAULT CURRENT_TIMESTAMP()
);
-- ok: listed values
CREATE TABLE t (
  a enum('a', 'b'), b enum('it''s', 'com,ma', '好') NOT NULL DEFAULT 'it''s', c set('x', 'y') DEFAULT 'x,y',
  d enum("q", 'r') CHARACTER SET latin1, e set('a') NOT NULL DEFAULT ''
);
-- ok: attributes in any order
CREATE TABLE t (
  id int COMMENT 'first' AUTO_INCREMENT NOT NULL PRIMARY KEY,
  a varchar(9) COLLATE utf8mb4_bin DEFAULT 'x' NOT NULL COMMENT 'c',
  b varchar(9) CHARACTER SET latin1 COLLATE latin1_bin NULL,
  c int UNIQUE KEY DEFAULT 3 COMMENT "double ""quoted""",
  d int UNIQUE NOT NULL,
  e varchar(9) BINARY, f varchar(9) CHARSET utf8mb4, g int CHECK (g > 0)
);
-- ok: a check in its column with a name, MariaDB refuses it
CREATE TABLE t (h int CONSTRAINT hh CHECK (h > 1));
-- ok: key in its column
CREATE TABLE t (id int KEY);
-- ok: serial
CREATE TABLE t (id serial, a int, PRIMARY KEY (a));
-- ok: keys of all kinds
CREATE TABLE t (
  a int NOT NULL, b int NOT NULL, c varchar(200), d text, e int,
  PRIMARY KEY (a, b), UNIQUE (b), UNIQUE KEY u1 (b, c), UNIQUE INDEX u2 USING BTREE (c), KEY (a, e), INDEX i1 (e DESC),
  KEY pre (c(10), e), FULLTEXT KEY ft (d), KEY (d(20)), INDEX i2 (e) COMMENT 'why' KEY_BLOCK_SIZE=0,
  CONSTRAINT named UNIQUE (e, a), CONSTRAINT ignored UNIQUE KEY own (e, b)
);
-- ok: keys that name columns in another case
CREATE TABLE p (Id int PRIMARY KEY);
CREATE TABLE t (a int NOT NULL, `B` int, c int, PRIMARY KEY (A), KEY k (b, C), FOREIGN KEY (b) REFERENCES p (ID));
-- ok: names of keys that have none
CREATE TABLE t (a int, b int, KEY (a), KEY (a, b), UNIQUE (b), KEY (b), KEY a_4 (a));
-- ok: foreign keys and the indexes that they bring
CREATE TABLE p (id int PRIMARY KEY, x int, y int, KEY (x, y));
CREATE TABLE t (
  a int, b int, c int, d int, KEY (b, c),
  FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE ON UPDATE SET NULL,
  CONSTRAINT fk_b FOREIGN KEY (b) REFERENCES p (id) ON DELETE RESTRICT,
  CONSTRAINT fk_c FOREIGN KEY ix (c, d) REFERENCES p (x, y) ON UPDATE NO ACTION
);
-- ok: a table that refers to itself
CREATE TABLE t (id int PRIMARY KEY, parent int, FOREIGN KEY (parent) REFERENCES t (id));
-- ok: generated columns
CREATE TABLE t (
  a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL, c int AS (a * 2) STORED, d varchar(20) AS (concat('x', a)),
  e json, f int AS (json_extract(e, '$.n')) VIRTUAL COMMENT 'of json', KEY (c), KEY (b)
);
-- ok: expressions as defaults
CREATE TABLE t (
  a varchar(36) DEFAULT (uuid()), b int DEFAULT (1 + 2), c text DEFAULT ('x'), d json DEFAULT (json_array()),
  e date DEFAULT (curdate()), f datetime DEFAULT (now() + interval 1 day), g blob DEFAULT ('')
);
-- ok: literals of all kinds
CREATE TABLE t (
  a varchar(20) DEFAULT 'it''s', b varchar(20) DEFAULT "dou""ble", c varchar(20) DEFAULT 'back\\slash', d varchar(20)
  DEFAULT 'a' 'b', e varchar(20) DEFAULT '', f int DEFAULT '42', g int DEFAULT 0x10, h varchar(20) DEFAULT 'line
end', i int DEFAULT NULL, j decimal(5,2) DEFAULT '-1.50', k varchar(9) DEFAULT _utf8mb4'q', l char(3) DEFAULT N'ab',
  m varchar(9) DEFAULT 5, n double DEFAULT .5, o int DEFAULT 1
) DEFAULT CHARSET=utf8mb4;
-- ok: true and false
CREATE TABLE t (a tinyint(1) DEFAULT TRUE, b bool DEFAULT 0, c int DEFAULT FALSE, d boolean DEFAULT '1');
-- ok: names in need of quotes
CREATE TABLE `t` (`select` int, `a b` int, `or``der` int, `名字` varchar(5), `1a` int, `$x` int, `a-b` int, KEY `key` (`select`));
-- ok: words that are no reserved words
CREATE TABLE t (status int, date date, time time, type int, user int, name int, value int, comment int, data int,
  year year, text text, end int, begin int, count int, level int, no int, open int, version int, action int, bit bit,
  enum int, timestamp timestamp NULL, json json, language int, password int, position int, state int, admin int);
-- ok: names that begin with a figure
CREATE TABLE t (1st int, 2nd int, 3e int, _x int, a1 int);
-- ok: comments everywhere
CREATE TABLE /* here */ t ( # and here
  a int, -- and here
  /* and */ b /* there */ int /* too */ , -- `quote
  c int -- it's
) /* end */ ENGINE=InnoDB; -- last
-- ok: statements for some versions
/*!40101 SET NAMES utf8mb4 */;
CREATE TABLE t (a int /*!50606 , b int */) /*!50100 COMMENT="c" */;
-- ok: options
CREATE TABLE t (a int, b text) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARACTER SET=utf8mb4 COLLATE=utf8mb4_bin
  ROW_FORMAT=DYNAMIC COMMENT='it''s a table' STATS_PERSISTENT=1 CHECKSUM=0, MAX_ROWS=100 KEY_BLOCK_SIZE=0;
-- ok: options without signs
CREATE TABLE t (a int) ENGINE InnoDB CHARSET utf8mb4 COMMENT 'x';
-- ok: partitions
CREATE TABLE t (id int NOT NULL, d date NOT NULL, PRIMARY KEY (id, d)) ENGINE=InnoDB
PARTITION BY RANGE (year(d)) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE);
-- ok: partitions by key
CREATE TABLE t (id int PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 4;
-- ok: checks
CREATE TABLE t (a int, b int, CHECK (a > 0), CONSTRAINT ck CHECK (a < b AND b BETWEEN 1 AND 9 OR a IN (1, 2)));
-- ok: as another table
CREATE TABLE s (id bigint AUTO_INCREMENT PRIMARY KEY, a varchar(9) NOT NULL DEFAULT 'x' COMMENT 'c', KEY (a));
CREATE TABLE t LIKE s;
CREATE TABLE u (LIKE s);
-- ok: if not there
CREATE TABLE IF NOT EXISTS t (a int);
-- ok: created, altered, renamed
CREATE TABLE a (id int NOT NULL, b varchar(20) DEFAULT 'x', c int, KEY kc (c), CONSTRAINT ck CHECK (c > 0));
ALTER TABLE a ADD PRIMARY KEY (id), MODIFY id bigint unsigned NOT NULL AUTO_INCREMENT COMMENT 'n',
  ADD COLUMN d datetime DEFAULT CURRENT_TIMESTAMP AFTER id, ADD e int FIRST, ADD UNIQUE INDEX ub (b), DROP INDEX kc;
ALTER TABLE a ADD INDEX kcd (c, d), CHANGE b bb varchar(30) NOT NULL;
ALTER TABLE a ALTER bb SET DEFAULT 'y';
ALTER TABLE a ADD (f int, g json NOT NULL);
ALTER TABLE a DROP COLUMN f, RENAME COLUMN e TO ee, DROP CONSTRAINT ck;
ALTER TABLE a RENAME INDEX ub TO uu, ADD FULLTEXT KEY (bb), COMMENT 'after', CHARSET=utf8mb4;
CREATE UNIQUE INDEX i1 ON a (ee, c) COMMENT 'x';
CREATE INDEX i2 USING BTREE ON a (bb(5));
DROP INDEX i2 ON a;
RENAME TABLE a TO z;
ALTER TABLE z RENAME TO t;
-- ok: as phpMyAdmin writes it
CREATE TABLE `t` (`id` int(11) NOT NULL, `mail` varchar(100) NOT NULL, `grp` int(11) DEFAULT NULL) ENGINE=InnoDB;
CREATE TABLE `g` (`id` int(11) NOT NULL) ENGINE=InnoDB;
ALTER TABLE `t`
  ADD PRIMARY KEY (`id`),
  ADD UNIQUE KEY `mail` (`mail`),
  ADD KEY `grp` (`grp`);
ALTER TABLE `g` ADD PRIMARY KEY (`id`);
ALTER TABLE `t` MODIFY `id` int(11) NOT NULL AUTO_INCREMENT, AUTO_INCREMENT=4;
ALTER TABLE `t` ADD CONSTRAINT `t_ibfk_1` FOREIGN KEY (`grp`) REFERENCES `g` (`id`) ON DELETE CASCADE;
COMMIT;
-- ok: a dropped primary key and a new one
CREATE TABLE t (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a));
ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (b, a);
-- ok: columns that change places
CREATE TABLE t (a int, b int, c int);
ALTER TABLE t MODIFY c int NOT NULL FIRST, MODIFY a bigint AFTER b, ADD d int AFTER c;
-- ok: a dropped column leaves its indexes
CREATE TABLE t (a int, b int, KEY k (a, b), KEY ka (a));
ALTER TABLE t DROP COLUMN a;
-- ok: dropped and made again
CREATE TABLE t (a int);
DROP TABLE t;
CREATE TABLE t (b varchar(5) PRIMARY KEY);
-- ok: of another character set
CREATE TABLE t (a varchar(10) CHARACTER SET latin1, b text) DEFAULT CHARSET=latin1;
ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- ok: a key of just so many bytes
CREATE TABLE t (a varchar(768) NOT NULL, PRIMARY KEY (a)) DEFAULT CHARSET=utf8mb4;
-- ok: a key of many bytes in one byte's charset
CREATE TABLE t (a varchar(3072) NOT NULL, KEY (a)) DEFAULT CHARSET=latin1;
-- ok: if it exists
DROP TABLE IF EXISTS t, u;
CREATE TABLE t (a int);
ALTER TABLE t ADD b int, ADD KEY kb (b);
-- ok: invisible columns
CREATE TABLE t (a int, b int INVISIBLE, c int DEFAULT 1 INVISIBLE);
-- ok: compressed and encrypted
CREATE TABLE t (a text) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8;
-- ok: the longest name
CREATE TABLE t (a2345678901234567890123456789012345678901234567890123456789abcde int);
-- ok: a comment with everything
CREATE TABLE t (a int COMMENT 'it''s; -- "quoted" `x` /* y */ \'z\' \\ 好', b int) COMMENT='a;b';
-- ok: of a query
CREATE TABLE s (id int NOT NULL, a varchar(9) COMMENT 'c');
CREATE TABLE t (x int PRIMARY KEY) AS SELECT id AS x, a FROM s;

-- bad ddl-duplicate-column: one name twice
CREATE TABLE t (a int, A int);
-- bad ddl-reserved-name: a column with a reserved name
CREATE TABLE t (order int);
-- bad ddl-reserved-name: a table with a reserved name
CREATE TABLE group (a int);
-- bad ddl-unknown-type: a type of Java
CREATE TABLE t (a string);
-- bad ddl-unknown-type: a type of PostgreSQL
CREATE TABLE t (a bytea);
-- bad ddl-syntax: a varchar without its length
CREATE TABLE t (a varchar);
-- bad ddl-bad-length: a char of 300
CREATE TABLE t (a char(300));
-- bad ddl-bad-length: a varchar of 70000
CREATE TABLE t (a varchar(70000));
-- bad ddl-bad-length: a varchar of too many bytes
CREATE TABLE t (a varchar(20000)) DEFAULT CHARSET=utf8mb4;
-- bad ddl-bad-length: too many bytes in a row
CREATE TABLE t (a varchar(10000), b varchar(10000)) DEFAULT CHARSET=utf8mb4;
-- bad ddl-bad-length: too many digits
CREATE TABLE t (a decimal(66,2));
-- bad ddl-bad-length: more digits behind the point than at all
CREATE TABLE t (a decimal(2,4));
-- bad ddl-bad-length: too many digits of a second
CREATE TABLE t (a datetime(7));
-- bad ddl-bad-length: a name of 65 characters
CREATE TABLE t (a23456789012345678901234567890123456789012345678901234567890abcde int);
-- bad ddl-bad-default: a text for a number
CREATE TABLE t (a int DEFAULT 'x');
-- bad ddl-bad-default: a number that does not fit
CREATE TABLE t (a tinyint DEFAULT 200);
-- bad ddl-bad-default: less than nothing for an unsigned
CREATE TABLE t (a int unsigned DEFAULT -1);
-- bad ddl-bad-default: a text that is too long
CREATE TABLE t (a varchar(2) DEFAULT 'abc');
-- bad ddl-bad-default: no such value
CREATE TABLE t (a enum('x') DEFAULT 'y');
-- bad ddl-bad-default: no such day
CREATE TABLE t (a date DEFAULT '2021-02-29');
-- bad ddl-bad-default: the time in a number, MariaDB takes it
CREATE TABLE t (a int DEFAULT CURRENT_TIMESTAMP);
-- bad ddl-bad-default: the time with other digits, MariaDB takes it
CREATE TABLE t (a datetime(3) DEFAULT CURRENT_TIMESTAMP);
-- bad ddl-bad-default: an update of what is no time
CREATE TABLE t (a int ON UPDATE CURRENT_TIMESTAMP);
-- bad ddl-zero-date: a date of zeros
CREATE TABLE t (a datetime NOT NULL DEFAULT '0000-00-00 00:00:00');
-- bad ddl-zero-date: a month of zero
CREATE TABLE t (a date DEFAULT '2020-00-01');
-- bad ddl-default-null-not-null: NULL for NOT NULL
CREATE TABLE t (a int NOT NULL DEFAULT NULL);
-- bad ddl-two-primary-keys: two in columns
CREATE TABLE t (a int PRIMARY KEY, b int PRIMARY KEY);
-- bad ddl-two-primary-keys: in the column and behind
CREATE TABLE t (a int PRIMARY KEY, PRIMARY KEY (a));
-- bad ddl-duplicate-index: two of one name
CREATE TABLE t (a int, b int, KEY k (a), KEY K (b));
-- bad ddl-unknown-column: a key of nothing
CREATE TABLE t (a int, KEY (b));
-- bad ddl-unknown-column: a check of nothing
CREATE TABLE t (a int, CHECK (b > 0));
-- bad ddl-unknown-column: generated of nothing
CREATE TABLE t (a int, b int AS (c + 1));
-- bad ddl-duplicate-column: a column twice in a key
CREATE TABLE t (a int, KEY (a, a));
-- bad ddl-key-length: a text without a length, MariaDB takes it
CREATE TABLE t (a text, KEY (a));
-- bad ddl-key-length: a text in the primary key
CREATE TABLE t (a text NOT NULL, PRIMARY KEY (a));
-- bad ddl-key-length: too many bytes
CREATE TABLE t (a varchar(769) NOT NULL, PRIMARY KEY (a)) DEFAULT CHARSET=utf8mb4;
-- bad ddl-key-length: a length for a number, MariaDB takes it
CREATE TABLE t (a int, KEY (a(4)));
-- bad ddl-key-length: a length beyond the column
CREATE TABLE t (a varchar(5), KEY (a(6)));
-- bad ddl-bad-auto-increment: of a text
CREATE TABLE t (a varchar(9) AUTO_INCREMENT PRIMARY KEY);
-- bad ddl-bad-auto-increment: without a key
CREATE TABLE t (a int AUTO_INCREMENT);
-- bad ddl-bad-auto-increment: two numbered columns
CREATE TABLE t (a int AUTO_INCREMENT PRIMARY KEY, b int AUTO_INCREMENT UNIQUE);
-- bad ddl-bad-default: numbered and with a default
CREATE TABLE t (a int AUTO_INCREMENT PRIMARY KEY DEFAULT 1);
-- bad ddl-duplicate-table: two tables of one name
CREATE TABLE t (a int);
CREATE TABLE t (b int);
-- bad ddl-unknown-target: a column that is not there
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES p (nr));
-- bad ddl-bad-reference: numbers of another sign
CREATE TABLE p (id bigint unsigned PRIMARY KEY);
CREATE TABLE t (a bigint, FOREIGN KEY (a) REFERENCES p (id));
-- bad ddl-bad-reference: numbers of another width
CREATE TABLE p (id bigint PRIMARY KEY);
CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES p (id));
-- bad ddl-bad-reference: no key
CREATE TABLE p (id int PRIMARY KEY, x int);
CREATE TABLE t (a int, FOREIGN KEY (a) REFERENCES p (x));
-- bad ddl-null-not-null: a reference that sets NOT NULL to NULL
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (a int NOT NULL, FOREIGN KEY (a) REFERENCES p (id) ON DELETE SET NULL);
-- bad ddl-syntax: a comma too many
CREATE TABLE t (a int,);
-- bad ddl-syntax: a comma too few
CREATE TABLE t (
  a int
  b int
);
-- bad ddl-syntax: a bracket too few
CREATE TABLE t (a int;
-- bad ddl-syntax: no type
CREATE TABLE t (a);
-- bad ddl-syntax: no columns
CREATE TABLE t ();
-- bad ddl-syntax: nothing behind the name
CREATE TABLE t;
-- bad ddl-syntax: no statement at all
CRATE TABLE t (a int);
-- bad ddl-syntax: unsigned texts
CREATE TABLE t (a varchar(9) UNSIGNED);
-- bad ddl-syntax: a number where a name belongs
CREATE TABLE t (a int, KEY 5 (a));
-- bad ddl-syntax: a value twice
CREATE TABLE t (a enum('x', 'x'));
-- bad ddl-syntax: a comma in a set
CREATE TABLE t (a set('x,y'));
-- bad ddl-syntax: a comment without quotes
CREATE TABLE t (a int COMMENT x);
-- bad ddl-syntax: words behind the table
CREATE TABLE t (a int) WITHOUT ROWID;
-- bad ddl-bare-expression: a text without quotes
CREATE TABLE t (a varchar(9) DEFAULT x);
-- bad ddl-unknown-table: altered before it is made
ALTER TABLE t ADD a int;
-- bad ddl-unknown-column: dropped and not there
CREATE TABLE t (a int);
ALTER TABLE t DROP COLUMN b;
-- bad ddl-unknown-index: an index dropped and not there
CREATE TABLE t (a int);
DROP INDEX i ON t;
-- bad ddl-syntax: the last column
CREATE TABLE t (a int);
ALTER TABLE t DROP COLUMN a;
-- bad ddl-unknown-column: behind what is not there
CREATE TABLE t (a int);
ALTER TABLE t ADD b int AFTER c;
-- bad ddl-unknown-table: a name that is not there
RENAME TABLE t TO u;
-- bad ddl-character: signs of full width
CREATE TABLE t （a int）;
-- bad ddl-unfinished: an open text
CREATE TABLE t (a int COMMENT 'x
);
-- bad ddl-syntax: an open index
CREATE TABLE t (a int, KEY k (a);
-- bad ddl-syntax: a semicolon too few
CREATE TABLE t (a int)
CREATE TABLE u (a int);
-- bad ddl-null-not-null: NULL and NOT NULL, MariaDB takes it
CREATE TABLE t (a int NULL NOT NULL);
-- bad ddl-double-default: two defaults, MariaDB takes it
CREATE TABLE t (a int DEFAULT 1 DEFAULT 2);
