"""The cache in front of a service's tables: rows by key and lists by score, in Redis or in the process."""
