"""Mistakes on a command line: those that click would take in silence, and all of them in mallgen's words."""

import os
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any

from typer._click.exceptions import BadOptionUsage, MissingParameter, NoSuchOption, UsageError
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from mallgen.text.suggest import did_you_mean, nearest

_ALMOST = 0.7  # `-scr` is a misspelt `-src`, and `-Iprotos` is `-I protos`


class Mistake(UsageError):
    """A command line that cannot be meant so, with a hint."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class StrictCommand(TyperCommand):
    """A command that refuses one value too many, an empty one, and a misspelt `-word` that looks like short options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words of the command line. Raises UsageError, always with the command's context."""
        try:
            if not ctx.resilient_parsing:
                self._refuse(ctx, args)
            return super().parse_args(ctx, args)
        except UsageError as problem:
            problem.ctx = problem.ctx or ctx
            raise

    def _refuse(self, ctx: Any, args: list[str]) -> None:
        own = args if ctx.allow_interspersed_args else _before_words(args)
        options = [param for param in self.params if isinstance(param, TyperOption)]
        for word in own[: own.index("--")] if "--" in own else own:
            _refuse_word(word, {name: option for option in options for name in option.opts}, ctx)
        given, rest, order = self.make_parser(ctx).parse_args(args=list(args))
        if any(param.is_eager for param in order):  # --help answers whatever stands beside it
            return
        for option, count in Counter(order).items():
            if isinstance(option, TyperOption) and not option.is_flag:
                more = any(
                    isinstance(param, TyperArgument) and param.metavar == option.metavar for param in self.params
                )
                _refuse_values(option, given[str(option.name)], count, "; more files stand without it" if more else "")
        # a required argument has its word; one that may be left out may hold an option's
        arguments = [param for param in self.params if isinstance(param, TyperArgument) and not param.required]
        loose = [word for param in arguments for word in _words(given, param)]
        for option in options:
            if option.required and option not in order:
                raise Mistake(f"{option.opts[0]} is missing", _with_name(option, [*loose, *rest]))
        if rest and not ctx.allow_extra_args:
            hint = "a pattern stands in quotes: 'sql/*.sql'" if os.path.isfile(rest[0]) else ""
            raise Mistake(f"`{rest[0]}` is one word too many", hint)


def _before_words(args: list[str]) -> list[str]:
    """Return the options that stand before the first word without a dash: behind it is another program's line."""
    end = next((place for place, word in enumerate(args) if not word.startswith("-")), len(args))
    return args[:end]


def _refuse_word(word: str, options: dict[str, TyperOption], ctx: Any) -> None:
    name, equals, _ = word.partition("=")
    option = options.get(name)
    if option is not None and equals and option.is_flag:
        raise Mistake(f"`{name}` takes no value", f"write `{name}`, or leave it out")
    if option is None and word.startswith("-") and not word.startswith("--") and len(name) > 2:
        words = [known for known in options if len(known) > 2 and not known.startswith("--")]
        if nearest(name, words, _ALMOST):
            raise NoSuchOption(name, ctx=ctx)


def _refuse_values(option: TyperOption, value: Any, count: int, more: str) -> None:
    name = option.opts[0]
    if count > 1 and not option.multiple:
        raise Mistake(f"`{name}` is given {count} times, and takes one value", f"write it once{more}")
    if "" in (value if option.multiple else (value,)):
        raise Mistake(
            f"`{name}` has an empty value",
            f"write {name} {option.metavar}{'' if option.required else ', or leave it out'}",
        )


def _words(given: dict[str, Any], argument: TyperArgument) -> list[str]:
    found = given.get(str(argument.name))
    return [word for word in (found if isinstance(found, tuple) else (found,)) if isinstance(word, str)]


def _with_name(option: TyperOption, loose: list[str]) -> str:
    """Return a hint for words without an option's name; an address may have a password and is not shown."""
    if not loose:
        return ""
    value = option.metavar if "://" in loose[0] or "@" in loose[0] else shlex.quote(loose[0])
    return f"write `{option.opts[0][1:]} {value}`"


def explain(problem: UsageError, where: str, words: Sequence[str]) -> tuple[str, str]:
    """Return what is wrong with the command line, and a suggestion, empty when there is none."""
    command = problem.ctx.command if problem.ctx is not None else None
    if isinstance(problem, Mistake):
        return problem.message, problem.hint
    if isinstance(problem, MissingParameter) and problem.param is not None:
        return f"{problem.param.metavar or problem.param.opts[0]} is missing", ""
    if isinstance(problem, NoSuchOption):
        return _explain_option(problem, command, words)
    if isinstance(problem, BadOptionUsage):
        return f"`{problem.option_name}` has no value", ""
    if isinstance(command, TyperGroup) and problem.message.startswith("No such command"):
        asked = next((word for word in words[len(where.split()) - 1 :] if not word.startswith("-")), "")
        return f"there is no command `{where} {asked}`", did_you_mean(asked, command.commands) or _longer(asked)
    message = problem.format_message().rstrip(".")
    return f"{message[:1].lower()}{message[1:]}", ""


def _explain_option(problem: NoSuchOption, command: Any, words: Sequence[str]) -> tuple[str, str]:
    known = [name for param in command.params for name in param.opts] if command is not None else []
    begun = (word for word in words if word.startswith(problem.option_name) and word not in known)
    asked = next(begun, next((word for word in words if "=" in word), problem.option_name))  # -x=y is -x -= -y
    same = [name for name in known if name.startswith("--") == asked.startswith("--") and len(name) > 2]
    return f"there is no option `{asked}`", did_you_mean(asked, same)


def _longer(asked: str) -> str:
    """Return a hint with the commands that end with this word; goctl's spellings of them stay out."""
    from mallgen.cli.run import all_commands

    paths = [" ".join(command.path) for command in all_commands() if len(command.path) == 2]
    found = [f"`mallgen {path}`" for path in paths if path.split()[1] == asked]
    return f"did you mean {' or '.join(found)}?" if found else ""
