"""Tests that start generated services and talk to them over a socket."""
