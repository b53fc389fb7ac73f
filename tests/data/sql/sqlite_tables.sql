-- Thirty tables of SQLite as people, ORMs and .dump write them; written for tests/tables/test_sqlite_tables.py.
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;

-- written by hand
CREATE TABLE users (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  username TEXT NOT NULL UNIQUE COLLATE NOCASE,
  mail VARCHAR(254) NOT NULL,
  is_admin BOOLEAN NOT NULL DEFAULT 0,
  score REAL DEFAULT 0.5,
  balance DECIMAL(20, 2) NOT NULL DEFAULT 0,
  born DATE,
  settings JSON NOT NULL DEFAULT '{}',
  created_at DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMP DEFAULT (datetime('now')),
  avatar BLOB
);
CREATE UNIQUE INDEX users_mail ON users (lower(mail));
CREATE INDEX users_created ON users (created_at DESC, id);

CREATE TABLE categories (
  id INTEGER NOT NULL,
  parent_id INTEGER REFERENCES categories (id) ON DELETE SET NULL,
  name TEXT NOT NULL,
  depth SMALLINT NOT NULL DEFAULT 0 CHECK (depth >= 0),
  PRIMARY KEY (id)
);
CREATE INDEX categories_parent ON categories(parent_id);

CREATE TABLE products (
  id INTEGER PRIMARY KEY,
  sku CHARACTER(12) NOT NULL,
  name TEXT NOT NULL,
  price NUMERIC(20,2) NOT NULL DEFAULT 0.00,
  weight DOUBLE PRECISION,
  stock INT NOT NULL DEFAULT 0,
  price_cents INTEGER GENERATED ALWAYS AS (CAST(price * 100 AS INTEGER)) STORED,
  label TEXT AS (sku || ' ' || name) VIRTUAL,
  deleted_at DATETIME,
  CONSTRAINT products_sku UNIQUE (sku) ON CONFLICT FAIL,
  CHECK (price >= 0 AND stock >= 0)
);
CREATE UNIQUE INDEX products_live_name ON products (name) WHERE deleted_at IS NULL;

CREATE TABLE product_categories (
  product_id INTEGER NOT NULL REFERENCES products ON DELETE CASCADE,
  category_id INTEGER NOT NULL REFERENCES categories (id) ON DELETE CASCADE,
  position INTEGER NOT NULL DEFAULT -1,
  PRIMARY KEY (product_id, category_id)
) WITHOUT ROWID;

CREATE TABLE orders (
  id TEXT PRIMARY KEY NOT NULL,
  user_id INTEGER NOT NULL,
  status TEXT NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'paid', 'it''s sent')),
  total DECIMAL(20,2) NOT NULL DEFAULT '0.00',
  note TEXT DEFAULT NULL,
  placed_at INTEGER NOT NULL DEFAULT (unixepoch()),
  FOREIGN KEY (user_id) REFERENCES users (id) DEFERRABLE INITIALLY DEFERRED
);
CREATE TABLE order_items (
  order_id TEXT NOT NULL,
  line_no INTEGER NOT NULL,
  product_id INTEGER NOT NULL,
  quantity INTEGER NOT NULL DEFAULT +1,
  CONSTRAINT order_items_pk PRIMARY KEY (order_id, line_no),
  CONSTRAINT order_items_order FOREIGN KEY (order_id) REFERENCES orders (id) ON UPDATE CASCADE ON DELETE CASCADE
);

-- as Django writes it
CREATE TABLE IF NOT EXISTS "auth_group" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "name" varchar(150) NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS "auth_permission" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "content_type_id" integer NOT NULL REFERENCES "django_content_type" ("id") DEFERRABLE INITIALLY DEFERRED, "codename" varchar(100) NOT NULL, "name" varchar(255) NOT NULL);
CREATE TABLE IF NOT EXISTS "django_content_type" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "app_label" varchar(100) NOT NULL, "model" varchar(100) NOT NULL);
CREATE TABLE IF NOT EXISTS "django_session" ("session_key" varchar(40) NOT NULL PRIMARY KEY, "session_data" text NOT NULL, "expire_date" datetime NOT NULL);
CREATE TABLE IF NOT EXISTS "django_admin_log" ("id" integer NOT NULL PRIMARY KEY AUTOINCREMENT, "object_id" text NULL, "object_repr" varchar(200) NOT NULL, "action_flag" smallint unsigned NOT NULL CHECK ("action_flag" >= 0), "change_message" text NOT NULL, "user_id" integer NOT NULL, "action_time" datetime NOT NULL);
CREATE UNIQUE INDEX "auth_permission_content_type_id_codename_01ab375a_uniq" ON "auth_permission" ("content_type_id", "codename");
CREATE INDEX "django_session_expire_date_a5c62663" ON "django_session" ("expire_date");

-- as Rails writes it
CREATE TABLE IF NOT EXISTS "schema_migrations" ("version" varchar NOT NULL PRIMARY KEY);
CREATE TABLE IF NOT EXISTS "posts" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "title" varchar DEFAULT '' NOT NULL, "body" text, "views" bigint DEFAULT 0, "price" decimal(8,2), "published" boolean DEFAULT 0 NOT NULL, "created_at" datetime(6) NOT NULL, CONSTRAINT "fk_rails_1" FOREIGN KEY ("id") REFERENCES "users" ("id"));

-- as Prisma writes it
CREATE TABLE "Author" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "Name" TEXT,
    "createdAt" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "big" BIGINT NOT NULL DEFAULT 9223372036854775807
);
CREATE TABLE "_AuthorToPost" ("A" INTEGER NOT NULL, "B" INTEGER NOT NULL, CONSTRAINT "_AuthorToPost_A_fkey" FOREIGN KEY ("A") REFERENCES "Author" ("id") ON DELETE CASCADE ON UPDATE CASCADE);
CREATE UNIQUE INDEX "_AuthorToPost_AB_unique" ON "_AuthorToPost"("A", "B");

-- as SQLAlchemy writes it
CREATE TABLE address (
	id INTEGER NOT NULL,
	street VARCHAR(200),
	zip VARCHAR(10) DEFAULT '' NOT NULL,
	valid BOOLEAN DEFAULT '1',
	PRIMARY KEY (id),
	UNIQUE (street, zip),
	CHECK (valid IN (0, 1))
);

-- as DB Browser writes it
CREATE TABLE "settings" (
	"id"	INTEGER NOT NULL UNIQUE,
	"key"	TEXT NOT NULL,
	"value"	NUMERIC,
	PRIMARY KEY("id" AUTOINCREMENT)
);

-- strict tables and odd types
CREATE TABLE strict_one (id INTEGER PRIMARY KEY, n INT NOT NULL, r REAL, t TEXT DEFAULT 'x', b BLOB) STRICT;
CREATE TABLE strict_two (k TEXT PRIMARY KEY, n INTEGER) STRICT, WITHOUT ROWID;
CREATE TABLE odd (a VARYING CHARACTER(255), b NATIVE CHARACTER(70), c NCHAR(55), d CLOB, e UNSIGNED BIG INT, f INT8, g FLOAT, h TINYINT(1), i NVARCHAR(100), j MEDIUMINT, k INT2);
CREATE TABLE no_alias (id INTEGER PRIMARY KEY DESC, x TEXT);
CREATE TABLE no_alias_either (id INT PRIMARY KEY, x TEXT);

CREATE TABLE `mysql quotes` (`id` INTEGER PRIMARY KEY, [square one] TEXT, "double ""quoted""" TEXT DEFAULT "a", 'single' TEXT, "名字" TEXT);

-- columns that come and go
CREATE TABLE devices (id INTEGER PRIMARY KEY, old INTEGER, kind INTEGER DEFAULT 3);
ALTER TABLE devices ADD COLUMN serial_no TEXT NOT NULL DEFAULT '';
ALTER TABLE devices DROP COLUMN old;
ALTER TABLE devices RENAME COLUMN kind TO model;
CREATE INDEX devices_model ON devices (model, serial_no COLLATE NOCASE);
ALTER TABLE devices RENAME TO machines;

CREATE TABLE readings (machine_id INTEGER NOT NULL, at DATETIME NOT NULL, value DOUBLE NOT NULL, PRIMARY KEY (machine_id, at), FOREIGN KEY (machine_id) REFERENCES machines);
CREATE TABLE words (name TEXT, "order" INTEGER, "group" TEXT, "index" INTEGER, PRIMARY KEY (name, "order" DESC));
CREATE INDEX words_group ON words ("group", "index") WHERE "index" > 0;
CREATE TABLE defaults (
  a TEXT DEFAULT 'it''s; -- no comment', b TEXT DEFAULT "double", c INTEGER DEFAULT -5, d REAL DEFAULT 1e3, e BLOB DEFAULT x'00ff',
  f TEXT DEFAULT (upper('x')), g DATE DEFAULT CURRENT_DATE, h TIME DEFAULT CURRENT_TIME, i INTEGER DEFAULT TRUE, j INTEGER DEFAULT 0x10,
  k DATETIME DEFAULT (strftime('%Y-%m-%d %H:%M:%f', 'now')), l TEXT DEFAULT '', m TEXT DEFAULT (hex(randomblob(8)))
);
CREATE TABLE twice (id INTEGER PRIMARY KEY, a INTEGER UNIQUE, b INTEGER, UNIQUE (a, b), UNIQUE (b));
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL, at TEXT DEFAULT (date('now')), pinned BOOL DEFAULT FALSE);
CREATE TABLE tags (note_id INTEGER REFERENCES notes ON DELETE CASCADE, tag TEXT COLLATE NOCASE, PRIMARY KEY (note_id, tag)) WITHOUT ROWID;
CREATE TABLE gone (x INTEGER);
DROP TABLE IF EXISTS gone;
INSERT INTO users (username, mail) VALUES ('a;b', 'CREATE TABLE x (');
CREATE TABLE last_one (id INTEGER PRIMARY KEY, user INTEGER REFERENCES users (id), UNIQUE (user));
COMMIT;
