"""mallgen.toml and its services: their targets, their names, their folders compared with the contracts. Edges."""
