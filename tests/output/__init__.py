"""The plan and the manifest."""
