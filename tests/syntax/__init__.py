"""From text to nodes: the scanner, the parser, the layout, the older dialect."""
