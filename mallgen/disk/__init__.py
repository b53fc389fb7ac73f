"""Output folders: held by one run at a time, surveyed, and written all or nothing. Edges."""
