"""The options that `model ddl` and `model datasource` share."""

from mallgen.cli.console import say
from mallgen.cli.options import Values
from mallgen.kinds.naming import NAMES, is_name
from mallgen.kinds.tables import CACHE, DATABASE, ONLY, PREFIX, UNWRITTEN
from mallgen.kinds.target import Target


def refused(values: Values) -> bool:
    """Report options that cannot be given so; return whether there are any."""
    wrong = []
    package = values.text("package")
    if package and not is_name("package", package):
        wrong.append((f"`{package}` cannot be a package", f"a package has {NAMES['package'][1]}"))
    prefix = values.text(PREFIX)
    if prefix and not values.flag(CACHE):
        wrong.append(("--prefix is for the keys of a cache, and there is none", "add --cache, or leave --prefix out"))
    if prefix and not (prefix.isprintable() and " " not in prefix and len(prefix) <= 64):
        wrong.append(("--prefix is not a word of at most 64 characters", "write one such as `shop`"))
    for message, hint in wrong:
        say(f"error[usage] {message}")
        say(f"  = help: {hint}")
    return bool(wrong)


def chosen(target: Target, values: Values) -> Target:
    """Return a target with the options of the command line; those that are left out stay as they are."""
    database = values.text(DATABASE)
    given: dict[str, tuple[str, ...]] = {
        DATABASE: (database,) if database else (),
        ONLY: _words(values.many(ONLY)),
        UNWRITTEN: _words(values.many(UNWRITTEN)),
        CACHE: ("",) if values.flag(CACHE) else (),
        PREFIX: (values.text(PREFIX),) if values.text(PREFIX) else (),
    }
    package = values.text("package")
    called = target.called._replace(package=package) if package else target.called
    return target.having({name: found for name, found in given.items() if found})._replace(called=called)


def _words(values: tuple[str, ...]) -> tuple[str, ...]:
    """Return the words of an option that may be repeated and have commas."""
    return tuple(word for value in values for word in map(str.strip, value.split(",")) if word)
