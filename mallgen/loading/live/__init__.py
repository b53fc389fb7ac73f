"""Reading the tables of a database as the DDL that makes them. Edges: they open connections."""
