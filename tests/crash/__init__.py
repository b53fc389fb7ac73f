"""Kills at every file-system event of a run, and what the tree is like afterwards."""
