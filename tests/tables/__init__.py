"""Reading of tables: DDL to models."""
