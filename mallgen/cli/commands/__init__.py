"""One module per command: run(values) -> exit code."""
