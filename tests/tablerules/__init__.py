"""The rules about tables, and the mending of DDL."""
