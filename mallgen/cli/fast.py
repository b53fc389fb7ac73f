"""The entry point: reads common command lines by the option table and leaves the others to typer_app.py.

Importing typer takes longer than generating a small service, so only help, mistakes and completion do it.
"""

import atexit
import gc
import os
import sys
from collections.abc import Sequence

from mallgen.cli.console import ENVIRONMENT, USAGE, say
from mallgen.cli.options import COMMANDS, COMPLETING, ELSEWHERE, Command, Option, Value, Values
from mallgen.cli.run import SIGNALLED, all_commands, run
from mallgen.text.visible import visible

BUG = 70
PIPE_CLOSED = 141


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    _open_streams()
    gc.set_threshold(500_000)  # trees have no cycles: collecting takes a third of the time on a large contract
    atexit.register(gc.freeze)  # spares the collection at the end of the process
    try:
        code = _dispatch(words)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt as stop:
        if stop.args:
            print(stop, file=sys.stderr)
        return SIGNALLED + getattr(stop, "signum", 2)
    except BrokenPipeError:
        _discard_stdout()
        return PIPE_CLOSED
    except OSError as problem:
        return _report_system_error(problem)
    except Exception as problem:
        return _report_bug(problem)


def read(words: Sequence[str]) -> tuple[Command, Values] | None:
    """Return the command and its values when the table explains every word; None leaves the line to typer."""
    for command in all_commands() if words[:1] and words[0] in ELSEWHERE else COMMANDS:
        size = len(command.path)
        if tuple(words[:size]) == command.path:
            values = _values(command, list(words[size:]))
            return None if values is None else (command, values)
    return None


def _dispatch(words: list[str]) -> int:
    _escape_unencodable()
    if COMPLETING in os.environ:
        return _run_typer(words)
    if not words:
        from mallgen.cli.commands import state

        return state.run()
    if words in (["--version"], ["-v"]):
        from mallgen.cli.commands import version

        return version.run()
    found = read(words)
    if found is not None:
        return run(*found)
    return _run_goctl_line(words)


def _run_goctl_line(words: list[str]) -> int:
    """Run a command line that may have goctl's flags or commands; typer takes what is left."""
    from mallgen.cli.goctl import missing_command, without_goctl_flags

    unknown = missing_command(words)
    if unknown is not None:
        say(f"error[usage] {unknown[0]}")
        say(f"  = help: {unknown[1]}")
        return USAGE
    translated = without_goctl_flags(words)
    for line in translated.lines:
        say(line)
    found = read(translated.words)
    return run(*found) if found is not None else _run_typer(translated.words)


def _run_typer(words: list[str]) -> int:
    from mallgen.cli import typer_app

    return typer_app.main(words)


def _values(command: Command, words: list[str]) -> Values | None:
    spellings = {spelling: option for option in command.options for spelling in option.spellings}
    values: dict[str, Value] = dict(command.given)
    values |= {option.name: option.default for option in command.options if option.metavar}
    arguments = list(command.arguments)
    seen: set[str] = set()
    while words:
        word = words.pop(0)
        option, given = _option(word, spellings)
        if option is None and arguments and arguments[0].rest and not word.startswith("-"):
            values[arguments.pop(0).name] = (word, *words)
            words = []
        elif option is None:
            if (word.startswith("-") and word != "-") or not arguments or not _allowed(arguments[0].choices, word):
                return None
            _store(values, arguments[0].name, word, arguments[0].many)
            if not arguments[0].many:
                arguments.pop(0)
        elif not option.metavar:
            values[option.name] = True
        else:
            value = given if given is not None else words.pop(0) if words else ""
            if not value or value.startswith("-") or option.name in seen or not _allowed(option.choices, value):
                return None
            seen |= set() if option.many else {option.name}
            _store(values, option.name, value, option.many)
    missing = any(option.required and not values.get(option.name) for option in command.options)
    missing = missing or any(
        argument.name not in values for argument in arguments if not (argument.rest or argument.optional)
    )
    return None if missing else Values(values)


def _store(values: dict[str, Value], name: str, word: str, many: bool) -> None:
    before = values.get(name) or ()
    values[name] = (*before, word) if many and isinstance(before, tuple) else word


def _option(word: str, spellings: dict[str, Option]) -> tuple[Option | None, str | None]:
    if word in spellings:
        return spellings[word], None
    name, equals, value = word.partition("=")
    option = spellings.get(name)
    return (option, value) if equals and option is not None and option.metavar else (None, None)


def _allowed(choices: tuple[str, ...], word: str) -> bool:
    return not choices or word in choices


def _open_streams() -> None:
    """Open a stream that was closed before Python started (it has None then) to the null device."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_WRONLY), "w"))


def _escape_unencodable() -> None:
    """Escape characters that the terminal cannot show instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


def _discard_stdout() -> None:
    """Redirect stdout, which has no reader any more, so that the interpreter's last flush does not fail."""
    from contextlib import suppress

    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _report_system_error(problem: OSError) -> int:
    """Report an error of the system that no command expected: a full disk behind stdout, a lost working directory."""
    if os.environ.get("MALLGEN_TRACEBACK"):
        raise problem
    _discard_stdout()
    what = f"{problem.strerror or problem}{f': {problem.filename}' if problem.filename else ''}"
    if isinstance(problem, FileNotFoundError) and not problem.filename:
        what = "the working directory does not exist any more"
    print(visible(f"error[environment] {what}"), file=sys.stderr)
    print("  = help: mend it and run again; MALLGEN_TRACEBACK=1 shows where it happened", file=sys.stderr)
    return ENVIRONMENT


def _report_bug(problem: Exception) -> int:
    if os.environ.get("MALLGEN_TRACEBACK"):
        raise problem
    print(visible(f"error[internal] {type(problem).__name__}: {problem}", "\n"), file=sys.stderr)
    print("  = help: this is a bug of mallgen; MALLGEN_TRACEBACK=1 shows where, please report it", file=sys.stderr)
    return BUG


if __name__ == "__main__":
    sys.exit(main())
