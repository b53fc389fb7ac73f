"""A contract with its output folder and options as a value, to mallgen.lock's line and back."""

import os
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from mallgen.diagnostics import Diagnostic
from mallgen.emit import Emitted, LogicBody
from mallgen.kinds.kind import Kind, KindError, kind_named
from mallgen.kinds.naming import CALLED, Called, is_name
from mallgen.kinds.strays import strays
from mallgen.loading.borders import border
from mallgen.output.files import File
from mallgen.output.manifest import NAME
from mallgen.output.records import ContractLine
from mallgen.output.signature import ClassShape
from mallgen.text.span import Span

Options = Mapping[str, tuple[str, ...]]
_NONE: Options = MappingProxyType({})


class Used(NamedTuple):
    """A service that another one calls: its name in mallgen.toml, its proto, and the folders of its imports.

    `key` is the one that its instances are registered under, empty when it follows from the proto; `kind` is that of
    the contract.
    """

    name: str
    contract: str
    includes: tuple[str, ...] = ()
    key: str = ""
    kind: str = "rpc"


class Target(NamedTuple):
    """A contract, the folder that its files are generated into, and the options.

    `options` are the kind's own, by name; `bodies` is the logic of a new project; `outside` allows imports from other
    repositories; `port` is that of new settings, 0 for the kind's own; `is_admin` makes a new
    service of HTTP one with accounts, for this machine alone. `service` is its name in mallgen.toml, `called`
    has its other names there, `places` the spans of its values. Paths from mallgen.lock are read only inside of the
    folder `border`, which is empty for a target from elsewhere.
    """

    kind: str
    contract: str
    folder: str
    options: Options = _NONE
    uses: tuple[Used, ...] = ()
    outside: bool = False
    port: int = 0
    is_admin: bool = False
    bodies: tuple[tuple[str, LogicBody], ...] = ()
    service: str = ""
    called: Called = Called()
    places: Mapping[str, Span] = MappingProxyType({})
    border: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """Return every file and folder that the target reads."""
        own = [path for name in self._kind_paths() for path in self.option(name)]
        used = [path for one in self.uses for path in (one.contract, *one.includes)]
        return (self.contract, *own, *used)

    def option(self, name: str) -> tuple[str, ...]:
        """Return the values of an option of the kind, none when it was not given."""
        return self.options.get(name, ())

    def having(self, options: Mapping[str, Iterable[str] | bool]) -> "Target":
        """Return the target with some options replaced: True means without a value, False or none removes one."""
        given = {name: ("",) if value is True else tuple(value or ()) for name, value in options.items()}
        kept = {**self.options, **given}
        return self._replace(options=MappingProxyType({name: value for name, value in kept.items() if value}))

    @property
    def line(self) -> ContractLine:
        """Return the target's line of mallgen.lock, with all that is needed to generate it again."""
        paths = self._kind_paths()
        words = [f"{name}={self.below(path)}" for name in paths for path in self.option(name)]
        words += [word for used in self.uses for word in self._used_words(used)]
        words += ["allow-outside"] if self.outside else []
        plain = [(name, value) for name, values in self.options.items() if name not in paths for value in values]
        words += [f"{name}={value}" if value else name for name, value in sorted(plain)]
        words += [f"service={self.service}"] if self.service else []
        words += [f"{what}={value}" for what, value in self.called._asdict().items() if value]
        return ContractLine(self.kind, self.below(self.contract), " ".join(map(_escaped, words)))

    def into(self, folder: str) -> "Target":
        """Return the target with another folder; in one that is not the service's own it loses the service's name."""
        is_mine = os.path.realpath(folder) == os.path.realpath(self.folder)
        return self._replace(folder=folder, service=self.service if is_mine else "")

    def below(self, path: str) -> str:
        """Return a path relative to the output folder, with `/`."""
        return os.path.relpath(os.path.realpath(path), os.path.realpath(self.folder)).replace(os.sep, "/")

    def _kind_paths(self) -> tuple[str, ...]:
        kind = kind_or_none(self.kind)
        return kind.paths if kind is not None else ()

    def _used_words(self, used: Used) -> list[str]:
        return [
            f"uses:{used.name}={self.below(used.contract)}",
            *(f"-I:{used.name}={self.below(p)}" for p in used.includes),
            *([f"key:{used.name}={used.key}"] if used.key else []),
            *([f"kind:{used.name}={used.kind}"] if used.kind != "rpc" else []),
        ]


class Made(NamedTuple):
    """The files made of a target, none after an error; `subject` begins the line with counts, `package` is Python's."""

    subject: str
    package: str
    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    sources: dict[str, str]
    classes: tuple[ClassShape, ...] = ()


def kind_or_none(kind: str) -> Kind | None:
    """Return the kind of a name, None when it does not exist: making the target reports that."""
    try:
        return kind_named(kind)
    except KindError:
        return None


def of_line(line: ContractLine, folder: str) -> Target:
    """Return the target of a line of the mallgen.lock in `folder`; the reverse of `Target.line`."""
    target = Target(line.kind, _from_here(folder, line.path), folder, border=border(folder))
    kind = kind_or_none(line.kind)
    paths, plain = (kind.paths, kind.options) if kind is not None else ((), ())
    options: dict[str, list[str]] = {}
    includes: dict[str, list[str]] = {}
    uses: dict[str, str] = {}
    names: dict[str, str] = {}
    words = [_key_and_value(word) for word in line.options.split(" ") if word]
    for key, value in words:
        if key in paths:
            options.setdefault(key, []).append(_from_here(folder, value))
        elif key in plain:
            options.setdefault(key, []).append(value)
        elif key.startswith("uses:"):
            uses[key.removeprefix("uses:")] = _from_here(folder, value)
        elif key.startswith("-I:"):
            includes.setdefault(key.removeprefix("-I:"), []).append(_from_here(folder, value))
        elif key == "service" or _is_own_name(key, value) or (key.startswith("kind:") and value in CALLED):
            names[key] = value
    return target._replace(
        options=MappingProxyType({name: tuple(values) for name, values in options.items()}),
        uses=tuple(
            Used(
                name,
                path,
                tuple(includes.get(name, ())),
                names.get(f"key:{name}", ""),
                names.get(f"kind:{name}", CALLED[0]),
            )
            for name, path in uses.items()
        ),
        service=names.get("service", ""),
        called=Called(*(names.get(what, "") for what in Called._fields)),
        outside=("allow-outside", "") in words,
    )


def _is_own_name(key: str, value: str) -> bool:
    """Return whether an option is a name that mallgen.toml could give a service: a lock may have come with a clone."""
    what = "key" if key.startswith("key:") else key
    return what in Called._fields and is_name(what, value)


def _key_and_value(word: str) -> tuple[str, str]:
    key, _, value = word.replace("%20", " ").replace("%25", "%").partition("=")
    return key, value


def _from_here(folder: str, path: str) -> str:
    """Return a path of the lock relative to the working directory."""
    return os.path.relpath(os.path.join(os.path.realpath(folder), path))


def outside(target: Target, given: str = "") -> tuple[Diagnostic, ...]:
    """Return an error for each path of a target outside of its border; `given` is a path that the user has named."""
    if not target.border or kind_or_none(target.kind) is None:
        return ()
    lock = os.path.relpath(os.path.join(target.folder, NAME))
    named = (file for path in target.paths if path != given for file in _files(path))
    return tuple(strays(named, target.border, lock))


def _files(path: str) -> list[str]:
    """Return the files that a pattern names, with the pattern itself; a path alone."""
    if "*" not in path and "?" not in path and "[" not in path:
        return [path]
    from mallgen.loading.ddl_files import matching

    return [path, *matching(path)]


def made(subject: str, emitted: Emitted, problems: tuple[Diagnostic, ...], sources: dict[str, str]) -> Made:
    """Return the files of an emitter with the problems of loading, as what was made of the target."""
    files = emitted.files
    return Made(subject, _package(files), files, (*problems, *emitted.diagnostics), sources, emitted.classes)


def _package(files: Iterable[File]) -> str:
    """Return the package of the files: the folder of the first Python module."""
    return next((file.path.partition("/")[0] for file in files if file.path.endswith(".py")), "")


def _escaped(word: str) -> str:
    """Return a word with its spaces escaped, because options are separated by spaces."""
    return word.replace("%", "%25").replace(" ", "%20")
