"""The commands of `mallgen admin`, as the rest of the table in options.py."""

from mallgen.cli.options import FORMAT, QUIET, Argument, Command, Option

ADMIN_COMMANDS = (
    Command(
        ("admin", "new"),
        "Make a new admin service: the contract and the logic of a back office for tables.",
        "admin_new",
        (
            Option("tables", "The tables, with commas between them.", "NAMES", required=True),
            Option("src", "The .sql file with the tables, or a pattern in quotes.", "FILE", short="-s", required=True),
            Option("database", "The database whose tables they are, where the files have several.", "NAME"),
            Option("dir", "Make it a service of the workspace around, with its code in this folder.", "DIR"),
            FORMAT,
            QUIET,
        ),
        (Argument("name", "The service's name; its folder is made here, or by -dir."),),
        example="mallgen admin new product-admin -tables product,category -src data.sql",
    ),
)
