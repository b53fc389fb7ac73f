"""The cache of rows and lists, in the process and in real Redis."""
