"""mallgen.toml and what its services are: targets, their names, their folders beside their contracts. Edges."""
