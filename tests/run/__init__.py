"""Starts what was generated and talks to it over a socket."""
