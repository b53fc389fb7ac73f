"""Kills at every file-system event of a run, and the state of the tree afterwards."""
