"""From the text of a `.api` file to its nodes."""
