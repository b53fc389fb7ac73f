"""The command line as a table: door.py reads the common cases by it, cli.py builds the typer application from it."""

from typing import NamedTuple


class Option(NamedTuple):
    """One option. Without a `metavar` it is a flag. goctl's one-dash spelling is accepted beside the two-dash one."""

    name: str
    help: str
    metavar: str = ""
    short: str = ""
    required: bool = False
    default: str = ""
    choices: tuple[str, ...] = ()

    @property
    def spellings(self) -> tuple[str, ...]:
        """Every way to write it."""
        return (f"--{self.name}", f"-{self.name}", *((self.short,) if self.short else ()))


class Argument(NamedTuple):
    """A word without a dash."""

    name: str
    help: str
    choices: tuple[str, ...] = ()


class Command(NamedTuple):
    """A command; `module` of mallgen.commands runs it."""

    path: tuple[str, ...]
    help: str
    module: str
    options: tuple[Option, ...] = ()
    arguments: tuple[Argument, ...] = ()
    example: str = ""


class Values:
    """What the user gave a command, by the names of the table."""

    def __init__(self, values: dict[str, str | bool]) -> None:
        self._values = values

    def text(self, name: str) -> str:
        """The value of an option or argument; its default, or empty, when it was left out."""
        value = self._values.get(name, "")
        return value if isinstance(value, str) else ""

    def flag(self, name: str) -> bool:
        """Whether a flag was given."""
        return self._values.get(name) is True


COMPLETING = "_MALLGEN_COMPLETE"  # set by the script of `mallgen completion` while it asks
API = Option("api", "The contract, a .api file.", "FILE", required=True)
QUIET = Option("quiet", "Say nothing but errors.", short="-q")

COMMANDS = (
    Command(
        ("api", "py"),
        "Generate a Python HTTP service from a contract.",
        "api_py",
        (
            API,
            Option("dir", "The folder that receives etc/ and the package.", "DIR", default="."),
            Option("dry-run", "List what would be done, write nothing."),
            QUIET,
        ),
        example="mallgen api py -api mall.api -dir .",
    ),
    Command(
        ("api", "new"),
        "Make a new project: a contract and a service that answers at once.",
        "api_new",
        (QUIET,),
        (Argument("name", "The project's name; its folder is made here."),),
        example="mallgen api new greet",
    ),
    Command(
        ("api", "validate"), "Check a contract.", "api_validate", (API,), example="mallgen api validate -api mall.api"
    ),
    Command(
        ("api", "inspect"),
        "Print a contract as JSON.",
        "api_inspect",
        (API,),
        example="mallgen api inspect -api mall.api",
    ),
    Command(
        ("api", "routes"),
        "List the routes of a contract.",
        "api_routes",
        (API,),
        example="mallgen api routes -api mall.api",
    ),
    Command(
        ("completion",),
        "Print the completion script for a shell.",
        "completion",
        (),
        (Argument("shell", "bash, zsh or fish.", ("bash", "zsh", "fish")),),
        example='eval "$(mallgen completion bash)"',
    ),
)

GROUPS = {
    (): "Contract-first: .api files in, Python services out.",
    ("api",): "HTTP services from .api contracts.",
}
