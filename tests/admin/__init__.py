"""Admin services: made of tables, run as processes, spoken to over a socket."""
