"""SQL tables as a contract: DDL text to values, in the dialects of MySQL, PostgreSQL and SQLite."""
