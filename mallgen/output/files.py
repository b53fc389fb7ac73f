"""Generated files as values, and all that one contract makes. Pure."""

from typing import NamedTuple

from mallgen.output.records import FIRST_TEST, MAIN, Owner, Role
from mallgen.output.signature import ClassShape, SettingsBlock, Signature
from mallgen.text.span import Span

MODULES = (".py", ".so", ".pyd")


class File(NamedTuple):
    """A generated file: its path below the output folder with `/`, its text, and what it is for.

    One without a role is not recorded: a contract that `api new` writes is the user's from the start.
    `span` is the place in the contract that it comes from, for messages; `signature` and `blocks` are what the
    contract asks of it once it is the user's.
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
        """`handler`, `logic` or what else the role says."""
        return self.role.layer if self.role else ""

    @property
    def title(self) -> str:
        """`GET /v1/x`: the route, RPC or middleware of the role."""
        return self.role.title if self.role else ""


class Due(NamedTuple):
    """What a contract makes: its files, and the classes that user code imports."""

    contract: str
    files: tuple[File, ...]
    classes: tuple[ClassShape, ...] = ()

    def beside(self, present: frozenset[str]) -> "Due":
        """What is due where some files are: a project that is no new one is not given its first test again."""
        is_new = any(file.role == MAIN and file.path not in present for file in self.files)
        files = self.files
        if not is_new:
            files = tuple(file for file in files if file.role != FIRST_TEST or file.path in present)
        return self._replace(files=files)
