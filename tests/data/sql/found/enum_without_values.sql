-- mallgen:dialect postgres
CREATE TYPE k AS ENUM ();
CREATE TABLE t (a k DEFAULT 'b', b k[]);
