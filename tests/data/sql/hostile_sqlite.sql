-- mallgen:dialect sqlite
-- Tables of SQLite that want to break what is made of them.
CREATE TABLE "class" (
  [id] INTEGER PRIMARY KEY, `def` TEXT DEFAULT 'it''s "x" \', "a""b" TEXT DEFAULT "it's", "select" BLOB DEFAULT x'00ff',
  "None" REAL DEFAULT -1e3, "名字" TEXT, "import" INTEGER GENERATED ALWAYS AS (length("def") + 1) VIRTUAL, "from" JSON,
  "line
break" TEXT, "at" DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')), "deleted" DATETIME
);
CREATE UNIQUE INDEX "partial" ON "class" ("def") WHERE "deleted" IS NULL AND "def" <> 'it''s; --';
CREATE INDEX "expression" ON "class" (lower("def"), "at" DESC);
CREATE TABLE "self" (a TEXT NOT NULL, b TEXT NOT NULL, c TEXT, d TEXT, PRIMARY KEY (a, b), FOREIGN KEY (c, d) REFERENCES "self" (a, b)) WITHOUT ROWID;
CREATE VIEW "view" AS SELECT "id" AS "class", upper("def") AS "def", count(*) AS n FROM "class" GROUP BY 1, 2;
