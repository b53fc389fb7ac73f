"""The command line as a table: fast.py reads common command lines by it, typer_app.py builds its commands from it.

The commands in ELSEWHERE are in modules of their own, which only they and typer need.
"""

from collections.abc import Mapping
from typing import NamedTuple

Value = str | bool | tuple[str, ...]


class Option(NamedTuple):
    """One option. Without a `metavar` it is a flag. goctl's one-dash spelling is accepted beside the two-dash one."""

    name: str
    help: str
    metavar: str = ""
    short: str = ""
    required: bool = False
    default: str = ""
    many: bool = False
    choices: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Return every way to write the option."""
        return (f"--{self.name}", f"-{self.name}", *((self.short,) if self.short else ()))


class Argument(NamedTuple):
    """A word without a dash. `rest` takes all words that follow, none too; `optional` may be left out."""

    name: str
    help: str
    choices: tuple[str, ...] = ()
    many: bool = False
    rest: bool = False
    optional: bool = False


class Command(NamedTuple):
    """A command, run by `module` of mallgen.cli.commands; `given` are values that the command itself adds."""

    path: tuple[str, ...]
    help: str
    module: str
    options: tuple[Option, ...] = ()
    arguments: tuple[Argument, ...] = ()
    example: str = ""
    given: tuple[tuple[str, str], ...] = ()


class Values:
    """The options and arguments of one command line, by their names in the table."""

    def __init__(self, values: Mapping[str, Value]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """Return the value of an option or argument; its default, or empty, when it was left out."""
        value = self._values.get(name, "")
        return value if isinstance(value, str) else ""

    def many(self, name: str) -> tuple[str, ...]:
        """Return the values of an option or argument that may be repeated, in their order."""
        value = self._values.get(name, ())
        return value if isinstance(value, tuple) else ()

    def flag(self, name: str) -> bool:
        """Return whether a flag was given."""
        return self._values.get(name) is True


ELSEWHERE = ("admin", "model", "rmq", "docker", "kube", "compose", "graph")
COMPLETING = "_MALLGEN_COMPLETE"  # set by the script of `mallgen completion` when the shell wants completions
API = Option("api", "The contract, a .api file.", "FILE", required=True)
OUTSIDE = Option("allow-outside", "Let the contract import files from outside its repository.")
DIR = Option("dir", "The folder that receives etc/ and the package (default: mallgen.toml's, else this one).", "DIR")
FOLDER = Option(
    "dir", "A generated folder; its mallgen.lock names the contract (default: the workspace, else .).", "DIR"
)
CONTRACT = Option("api", "The contract, where the folder does not say it.", "FILE")
DRY_RUN = Option("dry-run", "List what would be done, write nothing.")
FORCE = Option("force", "Make a stub even where the route's code is in another file, which `sync` would move.")
FORMAT = Option(
    "format",
    "How errors and warnings are printed: text, concise, json, github, gitlab, junit or sarif.",
    "FORMAT",
    choices=("text", "concise", "json", "github", "gitlab", "junit", "sarif"),
)
INCLUDES = Option("proto_path", "A folder that imports are looked for in.", "DIR", short="-I", many=True)
FROM_FILENAME = Option("name-from-filename", "Name the service after the file, not after the proto package.")
PROTOS = Argument("file", "The .proto files of one package.", many=True)
SAMPLE = Option("o", "Write a contract to start from.", "FILE", required=True)
QUIET = Option("quiet", "Say nothing but errors.", short="-q")

COMMANDS = (
    Command(
        ("api", "py"),
        "Generate a Python HTTP service from a contract.",
        "api_py",
        (
            API,
            DIR,
            DRY_RUN,
            FORCE,
            OUTSIDE,
            FORMAT,
            QUIET,
        ),
        example="mallgen api py -api mall.api -dir .",
    ),
    Command(
        ("api", "new"),
        "Make a new project: a contract and a service that answers at once.",
        "new",
        (FORMAT, QUIET),
        (Argument("name", "The project's name; its folder is made here."),),
        example="mallgen api new greet",
        given=(("project", "api new"),),
    ),
    Command(
        ("api", "validate"),
        "Check a contract.",
        "api_validate",
        (API, OUTSIDE, FORMAT),
        example="mallgen api validate -api mall.api",
    ),
    Command(
        ("api", "format"),
        "Bring contracts into goctl's layout; every comment is kept.",
        "api_format",
        (
            Option("dir", "A folder, as goctl names it.", "DIR"),
            Option("stdin", "Read stdin, write stdout; `-` is the same."),
            Option("check", "Write nothing; name the files that would change, exit 1 when there are any."),
            Option("diff", "Write nothing; print the changes."),
            Option("iu", "Accepted for goctl's sake."),
            Option("declare", "Accepted for goctl's sake."),
            FORMAT,
        ),
        (Argument("path", "Files, folders with all .api files below them, or `-`.", many=True, optional=True),),
        example="mallgen api format .",
    ),
    Command(
        ("api", "fix"),
        "Rewrite contracts from goctl's older dialect; a diff, unless --write is given.",
        "api_fix",
        (
            Option("api", "The contract; what it imports too.", "FILE"),
            Option("write", "Apply the changes instead of printing them."),
            OUTSIDE,
            FORMAT,
        ),
        (Argument("path", "More files, or folders with all .api files below them.", many=True, optional=True),),
        example="mallgen api fix -api mall.api --write",
    ),
    Command(
        ("api", "lint"),
        "Find what works in a contract, and could be better.",
        "api_lint",
        (
            Option("api", "The contract, a .api file.", "FILE"),
            Option("fix", "Mend what can be mended without a change for anybody."),
            Option("unsafe-fixes", "With --fix: mend also what clients or goctl's other generators notice."),
            Option("select", "A rule to add to those that are on; `all` for all.", "RULE", many=True),
            Option("ignore", "A rule to leave out.", "RULE", many=True),
            Option("rules", "List the rules."),
            OUTSIDE,
            FORMAT,
        ),
        example="mallgen api lint -api mall.api",
    ),
    Command(
        ("api", "inspect"),
        "Print a contract as JSON.",
        "api_inspect",
        (API, OUTSIDE, FORMAT),
        example="mallgen api inspect -api mall.api",
    ),
    Command(
        ("api", "routes"),
        "List the routes of a contract.",
        "api_routes",
        (API, OUTSIDE, FORMAT),
        example="mallgen api routes -api mall.api",
    ),
    Command(
        ("rpc", "protoc"),
        "Generate a Python RPC service and its client from .proto files.",
        "rpc_protoc",
        (
            DIR,
            Option("zrpc_out", "The same, as goctl calls it.", "DIR"),
            INCLUDES,
            Option("multiple", "Several services in one proto; implied when there are.", short="-m"),
            Option("client-only", "Only the client and its messages."),
            FROM_FILENAME,
            Option("go_out", "Accepted for goctl's sake.", "DIR"),
            Option("go-grpc_out", "Accepted for goctl's sake.", "DIR"),
            Option("go_opt", "Accepted for goctl's sake.", "OPT", many=True),
            Option("go-grpc_opt", "Accepted for goctl's sake.", "OPT", many=True),
            Option("style", "Accepted for goctl's sake; names are PEP 8's.", "STYLE"),
            DRY_RUN,
            FORCE,
            FORMAT,
            QUIET,
        ),
        (PROTOS,),
        example="mallgen rpc protoc order.proto --zrpc_out .",
        given=(("kind", "rpc"),),
    ),
    Command(
        ("rpc", "new"),
        "Make a new RPC service that answers at once.",
        "new",
        (FORMAT, QUIET),
        (Argument("name", "The service's name; its folder is made here."),),
        example="mallgen rpc new greet",
        given=(("project", "rpc new"),),
    ),
    Command(
        ("new",),
        "Make a workspace that runs: a BFF and a service that it calls.",
        "new",
        (FORMAT, QUIET),
        (Argument("name", "The workspace's name; its folder is made here."),),
        example="mallgen new mall",
        given=(("project", "new"),),
    ),
    Command(
        ("gen",),
        "Generate every service of the workspace (mallgen.toml), or one folder again.",
        "gen",
        (FOLDER, OUTSIDE, DRY_RUN, FORCE, FORMAT, QUIET),
        example="mallgen gen",
    ),
    Command(
        ("breaking",),
        "Say what a change of the contracts does to those who use them.",
        "breaking",
        (
            Option("against", "What to compare with (default: where this branch left the main one).", "REV|PATH"),
            Option("save", "Write the contracts as they are into a baseline, to compare with later.", "FILE"),
            Option("explain-version", "Say which version number the change asks for: major, minor or patch."),
            Option("all", "List the compatible changes too, which are only counted otherwise."),
            Option("fail-on", "What makes it exit 1.", "LEVEL", default="error", choices=("error", "warning")),
            Option("fix", "Print a diff that keeps what was taken away beside what is new, where that can be done."),
            Option("write", "With --fix: change the contracts in place."),
            Option("no-witness", "Look for no request or answer that shows each error."),
            Option("emit-tests", "Write what shows the errors of .api contracts as files of pytest.", "DIR"),
            Option("select", "A rule to add to those that are on; `all` for all.", "RULE", many=True),
            Option("ignore", "A rule to leave out.", "RULE", many=True),
            Option("rules", "List the rules."),
            FORMAT,
        ),
        (Argument("path", "Contracts (default: those of mallgen.toml).", many=True, optional=True),),
        example="mallgen breaking --against main",
    ),
    Command(
        ("changelog",),
        "Print what changed for callers between two versions, in Markdown.",
        "changelog",
        (
            Option("lang", "The language of the text.", "LANGUAGE", default="en", choices=("en", "zh")),
            FORMAT,
        ),
        (
            Argument("old", "A git revision, a folder, a contract or a baseline."),
            Argument("new", "The later one."),
        ),
        example="mallgen changelog v1.0 v1.1",
    ),
    Command(
        ("check",),
        "Compare generated folders, and your code in them, with their contracts; writes nothing.",
        "check",
        (
            FOLDER,
            CONTRACT,
            OUTSIDE,
            Option("fail-on", "Count this as a finding too: stub.", "WHAT", choices=("stub",)),
            FORMAT,
        ),
        example="mallgen check",
    ),
    Command(
        ("diff",),
        "Show what generating would change, as a unified diff; exit 1 when there is something.",
        "diff",
        (FOLDER, CONTRACT, OUTSIDE, FORMAT),
        example="mallgen diff | less",
    ),
    Command(
        ("status",),
        "List each route and RPC: implemented, stub, drifted or orphan.",
        "status",
        (FOLDER, CONTRACT, OUTSIDE, FORMAT),
        example="mallgen status",
    ),
    Command(
        ("sync",),
        "Generate, and let your code follow the contract; a diff, unless --apply is given.",
        "sync",
        (
            FOLDER,
            CONTRACT,
            OUTSIDE,
            Option("apply", "Write it."),
            Option("rename-uses", "Rename a class in your files too, where it has another name now."),
            FORMAT,
            QUIET,
        ),
        example="mallgen sync --apply",
    ),
    Command(
        ("prune",),
        "Delete generated files that the contract no longer has; what you edited stays.",
        "prune",
        (
            FOLDER,
            CONTRACT,
            OUTSIDE,
            Option("force", "Move edited ones to .mallgen/trash/."),
            DRY_RUN,
            FORMAT,
            QUIET,
        ),
        example="mallgen prune",
    ),
    Command(
        ("dev",),
        "Run every service of the workspace in this terminal; restart what changes.",
        "dev",
        (Option("once", "Run a command when all are up, then stop; its exit code."), QUIET),
        (Argument("command", "What --once runs.", many=True, rest=True),),
        example="mallgen dev --once curl -s localhost:8888/healthz",
    ),
    Command(
        ("explain",),
        "Explain the code of an error or a warning.",
        "explain",
        (),
        (Argument("code", "The word in brackets, such as unknown-type; all lists every code."),),
        example="mallgen explain unknown-type",
    ),
    Command(
        ("lsp",),
        "Serve an editor: problems, completion, rename.",
        "lsp",
        (Option("stdio", "Accepted for the sake of editors that pass it: there is no other way."),),
        example="mallgen lsp",
    ),
    Command(
        ("completion",),
        "Print the completion script for a shell.",
        "completion",
        (),
        (Argument("shell", "bash, zsh or fish.", ("bash", "zsh", "fish")),),
        example='eval "$(mallgen completion bash)"',
    ),
    Command(
        ("api",),
        "HTTP services from .api contracts.",
        "sample",
        (SAMPLE, FORMAT),
        example="mallgen api -o greet.api",
        given=(("suffix", ".api"),),
    ),
    Command(
        ("rpc",),
        "RPC services from .proto files.",
        "sample",
        (SAMPLE, FORMAT),
        example="mallgen rpc -o greet.proto",
        given=(("suffix", ".proto"),),
    ),
)

ROOT_HELP = "Contract-first: .api files in, Python services out."
GROUP_HELP = {
    ("model",): "Models of tables from .sql files and databases.",
    ("admin",): "Back offices of tables, as services of your own.",
    ("rmq",): "Queue services from .proto contracts, whose RPCs are topics.",
    ("rmq", "dlq"): "Dead letters: messages whose logic failed too often.",
    ("model", "mysql"): "The same for MySQL and MariaDB, as goctl spells it.",
}
