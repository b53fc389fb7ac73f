"""Generated files as values: what mallgen.lock remembers of them, and the plan that leads to them. Pure."""
