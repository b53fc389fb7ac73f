"""Expected files as values, and everything that one contract produces. Pure."""

from typing import NamedTuple

from mallgen.output.records import FIRST_TEST, MAIN, Owner, Role
from mallgen.output.signature import ClassShape, SettingsBlock, Signature
from mallgen.text.span import Span

MODULES = (".py", ".so", ".pyd")


class File(NamedTuple):
    """An expected file: its path below the output folder with `/`, its generated text, its owner and role.

    A file without a role is not recorded: a contract that `api new` writes is the user's from the start.
    `span` is the part of the contract that asks for the file, for messages. `signature` and `blocks` are what the
    contract asks of a user file after it was edited.
    """

    path: str
    text: str
    owner: Owner
    role: Role | None
    span: Span | None = None
    signature: Signature | None = None
    blocks: tuple[SettingsBlock, ...] = ()

    @property
    def layer(self) -> str:
        """Return the layer of the role (`handler`, `logic` …), "" without one."""
        return self.role.layer if self.role else ""

    @property
    def title(self) -> str:
        """Return the route, RPC or middleware of the role (`GET /v1/x`), "" without one."""
        return self.role.title if self.role else ""


class ExpectedFiles(NamedTuple):
    """Everything that a contract produces: its files, and the classes that user code may import."""

    contract: str
    files: tuple[File, ...]
    classes: tuple[ClassShape, ...] = ()

    def beside(self, present: frozenset[str]) -> "ExpectedFiles":
        """Return what is expected beside the files in `present`: the first test comes with a new project only."""
        is_new = any(file.role == MAIN and file.path not in present for file in self.files)
        files = self.files
        if not is_new:
            files = tuple(file for file in files if file.role != FIRST_TEST or file.path in present)
        return self._replace(files=files)
