"""From the text of a `.api` file to its nodes: scanner, parser, messages for syntax errors, formatter."""
