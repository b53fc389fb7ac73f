"""Text as such: spans, edits, widths, diffs; nothing in this folder knows what a contract is. Pure."""
