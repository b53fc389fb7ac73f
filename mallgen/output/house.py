"""Paths of mallgen's own files in an output folder."""

HOUSE = ".mallgen"
LOCK = f"{HOUSE}/lock"
JOURNAL = f"{HOUSE}/journal"
STAGE = f"{HOUSE}/stage"
BACKUP = f"{HOUSE}/backup"
IGNORE = f"{HOUSE}/.gitignore"
TRASH = f"{HOUSE}/trash"
