"""Run one command of the table, for fast.py and typer_app.py alike."""

from importlib import import_module

from mallgen.cli.console import AlreadyReported, choose_format
from mallgen.cli.options import COMMANDS, FORMAT, Command, Values

SIGNALLED = 128  # the exit code of a process that a signal ended is this plus the signal's number


def all_commands() -> tuple[Command, ...]:
    """Return every command of the table."""
    from mallgen.cli.admin_commands import ADMIN_COMMANDS
    from mallgen.cli.model_commands import MODEL_COMMANDS
    from mallgen.cli.production_commands import PRODUCTION_COMMANDS
    from mallgen.cli.rmq_commands import RMQ_COMMANDS

    return (*COMMANDS, *ADMIN_COMMANDS, *PRODUCTION_COMMANDS, *RMQ_COMMANDS, *MODEL_COMMANDS)


def run(command: Command, values: Values) -> int:
    """Run a command and return its exit code."""
    choose_format(values.text(FORMAT.name))
    try:
        return int(import_module(f"mallgen.cli.commands.{command.module}").run(values))
    except AlreadyReported as end:
        return end.code
