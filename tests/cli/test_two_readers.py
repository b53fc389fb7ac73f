"""fast.py and typer_app.py read one table: a command line means the same to both."""

from collections.abc import Iterator

import pytest

from mallgen.cli import fast, typer_app
from mallgen.cli.options import Argument, Command, Option, Values
from mallgen.cli.run import all_commands

COMMANDS = all_commands()
GROUPS = {one.path for one in COMMANDS if any(c.path[: len(one.path)] == one.path for c in COMMANDS if c != one)}


def lines(command: Command) -> Iterator[list[str]]:
    """Yield the command line with the required words alone, and with every option in each of its spellings."""
    needed = [option for option in command.options if option.required]
    for every in (needed, command.options):
        for spelling in range(3):
            yield [*command.path, *(word for o in every for word in _option(o, spelling)), *_words(command)]
    yield [*command.path, *(f"--{o.name}={_value(o)}" for o in command.options if o.metavar), *_words(command)]


def _option(option: Option, spelling: int) -> list[str]:
    word = option.spellings[min(spelling, len(option.spellings) - 1)]
    times = 2 if option.many else 1
    return [word, _value(option)] * times if option.metavar else [word]


def _value(option: Option | Argument) -> str:
    return option.choices[-1] if option.choices else "some-word"


def _words(command: Command) -> list[str]:
    return [word for argument in command.arguments for word in [_value(argument)] * (1 + argument.rest)]


def meaning(command: Command, values: Values) -> dict[str, object]:
    """Return what a command can ask of its values."""
    names = [*(o.name for o in command.options), *(a.name for a in command.arguments), *dict(command.given)]
    return {name: (values.text(name), values.many(name), values.flag(name)) for name in names}


@pytest.mark.parametrize("command", [c for c in COMMANDS if c.path not in GROUPS], ids=lambda c: "-".join(c.path))
def test_a_command_line_means_the_same_to_both(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[dict[str, object]] = []

    def note(found: Command, values: Values) -> int:
        seen.append(meaning(found, values))
        return 0

    monkeypatch.setattr(typer_app, "run", note)
    for words in lines(command):
        found = fast.read(words)
        assert found is not None and found[0] == command, words
        assert typer_app.main(words) == 0, words
        assert seen.pop() == meaning(*found), words
