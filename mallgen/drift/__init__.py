"""Drift of user code from its contract: the lines that no longer fit, and the edits that mend them. Pure."""
