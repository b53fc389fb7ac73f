"""mallgen model ddl: generate a package of models from .sql files."""

import os

from mallgen.cli.console import USAGE, say
from mallgen.cli.modelling import chosen, refused
from mallgen.cli.options import Values
from mallgen.cli.writing import WriteOptions, current_workspace, generate, output_folder
from mallgen.kinds.model import KIND
from mallgen.kinds.tables import DIALECT, TABLES
from mallgen.kinds.target import Target
from mallgen.workspace.targets import of_member


def run(values: Values) -> int:
    """Generate the models of the files; write only when all was read and rendered without errors."""
    contract, more = values.text("src"), values.many("file")
    for path in (contract, *more):
        if os.path.isdir(path):
            say(f"error[usage] `{path}` is a folder")
            say(f"  = help: name its files: -src '{os.path.join(os.path.normpath(path), '*.sql')}'")
            return USAGE
        if not path.endswith(KIND.suffixes):
            say(f"error[usage] `{path}` is no .sql file")
            say("  = help: mallgen model ddl -src data.sql")
            return USAGE
    if refused(values):
        return USAGE
    workspace = current_workspace()
    folder = output_folder(workspace, contract, values.text("dir"))
    member = workspace.member_of(contract)
    known = of_member(member, workspace) if member is not None else Target(KIND.name, contract, folder)
    dialect = values.text("dialect")
    options = {TABLES: more or known.option(TABLES), **({DIALECT: (dialect,)} if dialect else {})}
    target = chosen(known.into(folder), values).having(options)._replace(contract=contract)
    return generate(target, WriteOptions.by(values))
