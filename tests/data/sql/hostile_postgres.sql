-- mallgen:dialect postgres
-- Tables of PostgreSQL that want to break what is made of them.
CREATE TYPE "Mood;--" AS ENUM ('it''s', '"', '\', '', '好', 'a,b', '{x}');
CREATE TABLE "class" (
  "id" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  "Class" text, "CLASS2" text, klass text NOT NULL DEFAULT 'it''s "x" \',
  "mood" "Mood;--" NOT NULL DEFAULT 'it''s',
  "moods" "Mood;--"[],
  "from" jsonb NOT NULL DEFAULT '{"a": "it''s \"\""}'::jsonb,
  "select" bytea DEFAULT '\x00'::bytea,
  "bits" bit(3) DEFAULT B'101',
  "a""b" integer[] NOT NULL DEFAULT '{1,2}',
  "dollar" text DEFAULT $q$it's $$ "x" \$q$,
  "escaped" text DEFAULT E'tab\t\'quote\' \\ line\nend',
  "deleted_at" timestamptz,
  "名字" varchar(20)
);
CREATE UNIQUE INDEX "partial" ON "class" ("Class") WHERE "deleted_at" IS NULL AND "CLASS2" <> 'it''s; --';
CREATE UNIQUE INDEX "expression" ON "class" (lower("Class"), ("from" ->> 'a'));
CREATE INDEX "mixed" ON "class" ("CLASS2", lower("Class") DESC NULLS LAST);
CREATE INDEX "covering" ON "class" ("deleted_at" DESC, "id") INCLUDE ("CLASS2");
COMMENT ON TABLE "class" IS '"""
raise SystemExit';
COMMENT ON COLUMN "class"."a""b" IS E'\'; DROP TABLE x; -- \\';
CREATE TABLE "Klasse" (
  "tenant" uuid NOT NULL, "no" integer NOT NULL, "parent" integer,
  "total" numeric(10,2) GENERATED ALWAYS AS (("no" * 1.5)) STORED,
  "at" time(3) with time zone, "zone" timestamp without time zone DEFAULT (now() AT TIME ZONE 'utc'),
  PRIMARY KEY ("tenant", "no"),
  FOREIGN KEY ("tenant", "parent") REFERENCES "Klasse" ("tenant", "no")
);
CREATE VIEW "view" AS SELECT "id" AS "import", "Class" || 'x' AS "def", count(*) OVER () AS "n", "moods" FROM "class";
