"""Text as such: edits, widths, differences; nothing in it knows what a contract is. Pure."""
