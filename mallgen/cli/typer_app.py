"""The typer application: help, suggestions, mistakes, completion. Loaded for command lines that fast.py cannot read."""

import os
from collections.abc import Sequence
from typing import Any

from typer._click.exceptions import ClickException, NoArgsIsHelpError, UsageError
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.exceptions import Abort, Exit

from mallgen.cli.console import FINDINGS, USAGE, say
from mallgen.cli.mistakes import StrictCommand, explain
from mallgen.cli.options import COMPLETING, GROUP_HELP, ROOT_HELP, Argument, Command, Option, Values
from mallgen.cli.run import SIGNALLED, all_commands, run

_SETTINGS: dict[str, Any] = {"help_option_names": ["--help", "-h"], "max_content_width": 100}
_REST = {**_SETTINGS, "allow_interspersed_args": False}


def main(words: Sequence[str]) -> int:
    """Run a command line through typer and return the exit code; mistakes are reported in mallgen's words."""
    if COMPLETING in os.environ:
        from typer._completion_classes import completion_init

        completion_init()
    try:
        own = _own_command(words)
        size = len(own.path) if own is not None else 0
        tree = application() if own is None else _command(own)
        name = " ".join(("mallgen", *words[:size]))
        result = tree.main(list(words[size:]), prog_name=name, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except UsageError as problem:
        return _report_usage(problem, list(words))
    except ClickException as problem:
        say(f"error[usage] {problem.format_message()}")
        return FINDINGS
    except Exit as problem:
        return int(problem.exit_code)
    except Abort as problem:
        if isinstance(problem.__cause__, KeyboardInterrupt):
            raise problem.__cause__ from None
        return SIGNALLED + 2


def application() -> TyperGroup:
    """Return the whole tree of commands."""
    return _group(())


def _own_command(words: Sequence[str]) -> Command | None:
    """Return the command of a group that is one too, such as `model pg`, when options and no command follow it."""
    for command in all_commands():
        size = len(command.path)
        below = {other.path[size] for other in all_commands() if other.path[:size] == command.path != other.path}
        if below and tuple(words[:size]) == command.path and words[size:] and words[size].startswith("-"):
            return None if {*below, "--help", "-h"} & {*words[size:]} else command
    return None


def _group(path: tuple[str, ...]) -> TyperGroup:
    commands: dict[str, Any] = {}
    known = all_commands()
    below = [command for command in known if command.path[: len(path)] == path and command.path != path]
    for command in below:
        name = command.path[len(path)]
        own_path = command.path[: len(path) + 1]
        is_leaf = all(other.path == own_path for other in below if other.path[: len(own_path)] == own_path)
        commands.setdefault(name, _command(command) if is_leaf else _group(own_path))
    own = next((command for command in known if command.path == path), None)
    options = [_option(option._replace(required=False)) for option in own.options] if own is not None else []
    return TyperGroup(
        name=path[-1] if path else "mallgen",
        commands=commands,
        help=own.help if own is not None else GROUP_HELP.get(path, ROOT_HELP),
        epilog=f"Example: {own.example}" if own is not None else None,
        params=options if path else [_version()],
        callback=_refuse_options,
        rich_markup_mode=None,
        suggest_commands=False,
        context_settings=_SETTINGS,
        no_args_is_help=True,
    )


def _refuse_options(**given: Any) -> None:
    """Refuse options of a group in front of a command; without a command fast.py has run the group by itself."""
    if any(given.values()):
        raise UsageError("a command cannot stand behind the option that writes a contract")


def _version() -> TyperOption:
    def show(context: Any, parameter: Any, value: bool) -> None:
        if value:
            from mallgen.cli.commands import version

            raise Exit(version.run())

    return TyperOption(
        param_decls=["--version", "-v"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help="Print the version.",
    )


def _command(command: Command) -> StrictCommand:
    known = [*(option.name for option in command.options), *(argument.name for argument in command.arguments)]
    names = {_parameter(name): name for name in known}

    def invoke(**given: Any) -> int:
        values = {names[parameter]: value for parameter, value in given.items() if value is not None}
        return run(command, Values({**dict(command.given), **values}))

    return StrictCommand(
        name=command.path[-1],
        callback=invoke,
        help=command.help,
        short_help=command.help,  # typer would cut a short help made from `help`, this one is wrapped
        epilog=f"Example: {command.example}" if command.example else None,
        params=[*map(_argument, command.arguments), *map(_option, command.options)],
        rich_markup_mode=None,
        context_settings=_REST if any(argument.rest for argument in command.arguments) else _SETTINGS,
    )


def _parameter(name: str) -> str:
    """Return the name that an option or argument of the table has as a parameter of Python's."""
    return f"v_{name.replace('-', '_')}"


def _option(option: Option) -> TyperOption:
    def complete(context: Any, words: Any, incomplete: str) -> list[str]:
        return [choice for choice in option.choices if choice.startswith(incomplete)]

    def check(context: Any, parameter: Any, value: Any) -> Any:
        if option.choices and value is not None and value not in option.choices:
            raise UsageError(f"`{value}` is not one of {', '.join(option.choices)}", context)
        return value

    return TyperOption(
        param_decls=[_parameter(option.name), *option.spellings],
        is_flag=not option.metavar,
        metavar=option.metavar or None,
        required=option.required,
        default=None if not option.metavar else option.default or None,
        show_default=bool(option.default),
        multiple=option.many,
        help=option.help,
        autocompletion=complete,
        callback=check,
    )


def _argument(argument: Argument) -> TyperArgument:
    def complete(context: Any, words: Any, incomplete: str) -> list[str]:
        return [choice for choice in argument.choices if choice.startswith(incomplete)]

    def check(context: Any, parameter: Any, value: str) -> str:
        if argument.choices and value not in argument.choices:
            raise UsageError(f"`{value}` is not one of {', '.join(argument.choices)}", context)
        return value

    return TyperArgument(
        param_decls=[_parameter(argument.name)],
        metavar=argument.name.upper(),
        required=not (argument.rest or argument.optional),
        nargs=-1 if argument.many else 1,
        help=argument.help,
        autocompletion=complete,
        callback=check,
    )


def _report_usage(problem: UsageError, words: list[str]) -> int:
    context = problem.ctx
    if isinstance(problem, NoArgsIsHelpError):
        say(problem.format_message())
        return USAGE
    where = context.command_path if context is not None else "mallgen"
    message, hint = explain(problem, where, words)
    say(f"error[usage] {message}")
    say(f"  = help: {hint or f'{where} --help'}")
    return USAGE
