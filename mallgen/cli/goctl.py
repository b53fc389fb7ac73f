"""goctl's command lines: flags that have no effect in mallgen, and commands that mallgen does not have yet."""

from collections.abc import Sequence
from typing import NamedTuple

_TEMPLATES = "there are no templates to exchange"
_PEP8 = "names are PEP 8's"
_MODULE = "Python's package is named after the service"
_COMMON = {"home": _TEMPLATES, "remote": _TEMPLATES, "branch": _TEMPLATES}
_RPC = {
    **_COMMON,
    "style": _PEP8,
    "module": _MODULE,
    "verbose": "there is nothing more to tell",
    "v": "there is nothing more to tell",
    "idea": "it is for an editor's terminal",
    "client": "the client is always generated: other services import it",
    "c": "the client is always generated: other services import it",
    "plugin": "protoc runs inside mallgen",
    "go_opt": "it is for Go",
    "go-grpc_opt": "it is for Go",
}
_MODEL = {
    **_COMMON,
    "style": _PEP8,
    "strict": "an unsigned column is bounded in every model",
    "idea": "it is for an editor's terminal",
}
FLAGS: dict[tuple[str, ...], dict[str, str]] = {
    ("model", "mysql", "ddl"): _MODEL,
    ("model", "mysql", "datasource"): _MODEL,
    ("model", "pg", "datasource"): _MODEL,
    ("model", "ddl"): _MODEL,
    ("model", "datasource"): _MODEL,
    ("model", "pg"): _MODEL,
    ("api", "py"): {
        **_COMMON,
        "style": _PEP8,
        "test": "one test is generated for the service, in tests/",
        "type-group": "the types are in one module, schemas.py",
    },
    ("api", "new"): {**_COMMON, "style": _PEP8, "module": _MODULE},
    ("rpc", "protoc"): _RPC,
    ("docker",): {
        **_COMMON,
        "go": "the package of the service is known",
        "exe": "the package of the service is known",
    },
    ("kube",): _COMMON,
    ("kube", "deploy"): _COMMON,
    ("rpc", "new"): {**_RPC, "name-from-filename": "the proto is named after the project"},
}
_SWITCHES = frozenset({"strict", "test", "type-group", "verbose", "v", "idea", "client", "c", "name-from-filename"})
_MISSING = {
    ("model", "mongo"): "`mallgen model ddl` makes models of tables",
    ("gateway",): "`api py` makes the BFF; mallgen.toml's `uses` gives it clients of RPC services",
    ("template",): "templates cannot be exchanged; the files that are yours can be changed freely",
    ("quickstart",): "`mallgen new NAME` makes a workspace that runs",
    ("env",): "nothing has to be installed beside mallgen: protoc is inside",
    ("config",): "settings are in mallgen.toml and in etc/ of each service",
    ("bug",): "MALLGEN_TRACEBACK=1 shows where a fault of mallgen happened",
    ("upgrade",): "pip installs a newer version",
    ("api", "go"): "`mallgen api py` takes the same flags",
    ("api", "doc"): "`mallgen api routes` lists the routes",
    ("api", "swagger"): "`mallgen api inspect` prints the contract as JSON",
    ("api", "ts"): "`mallgen api inspect` prints the contract as JSON",
    ("api", "dart"): "`mallgen api inspect` prints the contract as JSON",
    ("api", "kt"): "`mallgen api inspect` prints the contract as JSON",
    ("api", "java"): "`mallgen api inspect` prints the contract as JSON",
    ("api", "plugin"): "`mallgen api inspect` prints the contract as JSON for other programs",
    ("rpc", "template"): "`mallgen rpc new NAME` makes a proto with its service",
}


class Translated(NamedTuple):
    """A command line without the flags that have no effect, and a line about each of these flags."""

    words: list[str]
    lines: tuple[str, ...]


def without_goctl_flags(words: Sequence[str]) -> Translated:
    """Remove goctl's flags that have no effect in this command, with their values."""
    size = next((size for size in (3, 2, 1) if tuple(words[:size]) in FLAGS), 2)
    known = FLAGS.get(tuple(words[:size]), {})
    kept: list[str] = list(words[:size])
    lines: dict[str, None] = {}
    rest = list(words[size:])
    while rest:
        word = rest.pop(0)
        flag, equals, _ = word.partition("=")
        name = flag.lstrip("-")
        if not flag.startswith("-") or name not in known:
            plain = _plain_switch(word) if words[0] == "model" else word
            kept += [plain] if plain is not None else []
            continue
        if not equals and name not in _SWITCHES and rest:
            rest.pop(0)
        lines[f"{flag} has no effect: {known[name]}"] = None
    return Translated(kept, tuple(lines))


_TRUE, _FALSE = ("1", "t", "true"), ("0", "f", "false")


def _plain_switch(word: str) -> str | None:
    """Return a switch of a model's command without a value, as pflag allows one; None for one that is switched off."""
    flag, equals, value = word.partition("=")
    if not equals or flag.lstrip("-") not in ("cache", "c") or value.lower() not in (*_TRUE, *_FALSE):
        return word
    return flag if value.lower() in _TRUE else None


def missing_command(words: Sequence[str]) -> tuple[str, str] | None:
    """Return the message and the hint for a command of goctl that mallgen does not have, else None."""
    for size in (1, 2):
        hint = _MISSING.get(tuple(words[:size]))
        if hint is not None and len(words) >= size:
            return f"`{' '.join(words[:size])}` is a command of goctl that mallgen does not have yet", hint
    return None
