"""Dockerfiles, manifests and compose files."""
