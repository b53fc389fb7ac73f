-- mallgen:dialect mysql
CREATE TABLE t (id int PRIMARY KEY, g blob DEFAULT (b''), c int GENERATED ALWAYS AS (b'' + 1) STORED, CHECK (c > b''));
CREATE VIEW v AS SELECT CAST(b'' AS char) AS x FROM t;
