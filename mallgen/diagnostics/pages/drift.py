"""Pages about what `mallgen check` finds."""

from mallgen.diagnostics.pages import page


@page("stale")
def stale() -> None:
    """A generated file is not what the contract makes now.

    The contract, or mallgen, has moved on since. `mallgen gen` writes it anew.
    """


@page("edited-generated")
def edited_generated() -> None:
    """A generated file was edited.

    The next generation moves your version to `.mallgen/backup/` and writes what is due. What you need belongs into a
    file of yours: a handler, a middleware, logic, `svc.py`.
    """


@page("package-renamed")
def package_renamed() -> None:
    """The service of a contract was renamed, so its package has another name.

    Your code is in the old folder, and mallgen generates no second one beside it. Move the folder and the settings as
    the message says, then `mallgen sync --apply` mends the imports in the package and the names in pyproject.toml. What
    names the package elsewhere, such as tests or a Dockerfile, is yours: `grep -rw old_package .` finds it. To start
    anew instead, delete the old folder.
    """


@page("not-in-wheel")
def not_in_wheel() -> None:
    """A package is generated beside pyproject.toml, and the wheel that is built by it would lack something of it.

    Two services in one folder share one project. What is said of the first one's package, command and settings there
    is needed for the second one, too: `mallgen sync --apply` adds the lines. A folder of its own for each service
    (`-dir`) makes two projects, and two wheels.
    """


@page("not-compared")
def not_compared() -> None:
    """A file of yours is a symbolic link that leads out of the output folder, or nowhere.

    mallgen reads nothing outside, so it cannot say whether the file fits the contract. A link to a place inside is
    compared like any other file; sync does not write through it.
    """


@page("two-owners")
def two_owners() -> None:
    """Two contracts that go into one folder make the same generated file, so each would overwrite the other's.

    `a-api` and `a_api` both become the package `a_api`. Give one of the services another name, or generate it into a
    folder of its own. A contract that was only moved is no second one: its files go with it.
    """


@page("missing")
def missing() -> None:
    """A file that the contract makes is not there. `mallgen gen` makes it."""


@page("orphan")
def orphan() -> None:
    """A file was generated for something that the contract no longer has.

    `mallgen prune` deletes it when nobody has edited it; `--force` puts an edited one into `.mallgen/trash/`.
    """


@page("signature-drift")
def signature_drift() -> None:
    """A file of yours no longer fits the contract: parameters, types, the name, an import, or its place.

    `mallgen sync` shows the bytes that would fit, `mallgen sync --apply` writes them. Bodies are never rewritten.
    """


@page("uses-vanished")
def uses_vanished() -> None:
    """Your code uses something that the contract no longer has: a field, a type, a request.

    Only you know what it should do instead. mallgen leaves the file as it is until the lines are changed.
    """


@page("uses-uncertain")
def uses_uncertain() -> None:
    """A field of the contract has another name and the same key, and your code may read it here.

    `mallgen sync --apply` renames the field where the file says what it is of: a parameter with its type, a
    constructor, an item of a list. Of this place it does not, so it stays as it is, and is told once.
    """


@page("maybe-renamed")
def maybe_renamed() -> None:
    """A route, RPC or middleware went and one like it came: it may be the same under another name.

    mallgen does not guess. Move the file to the new place and run `mallgen sync --apply`, or prune it. A file that was
    written for one route and stands where another is due now begins with the route that it is for, such as
    `\"\"\"GET /v1/user\"\"\"`: that is the answer.
    """


@page("user-syntax-error")
def user_syntax_error() -> None:
    """A file of yours is not Python, so nobody can say whether it fits. It is left as it is."""


@page("config-block-missing")
def config_block_missing() -> None:
    """The settings lack a block that the contract asks for, such as that of `jwt: Auth`.

    `mallgen sync --apply` appends it; everything that stands there stays.
    """


@page("stub")
def stub() -> None:
    """A route or RPC is not implemented: its body raises NotImplementedError. Found with `--fail-on stub`."""


@page("contract-invalid")
def contract_invalid() -> None:
    """The contract has errors, so nothing can be compared with it. They are listed beside this one."""


@page("contract-missing")
def contract_missing() -> None:
    """The contract of a generated folder is not there. Exit code 3: this is not the absence of drift.

    mallgen.lock has its path as seen from the folder; `-api FILE` names another one.
    """


@page("runtime-too-old")
def runtime_too_old() -> None:
    """The mallgen-runtime of the service is older than what its generated files import. Upgrade it."""


@page("made-by-newer-mallgen")
def made_by_newer_mallgen() -> None:
    """mallgen.lock was written by a newer mallgen than this one, which may know things that this one would lose.

    Install a newer one from where you have this one: a clone, wheels of your team, an index.
    """


@page("left-behind")
def left_behind() -> None:
    """A folder was generated for a service that mallgen.toml no longer has.

    `mallgen prune` deletes what nobody edited there and leaves your code, which is yours to delete; or declare the
    service again. A folder that was never part of the workspace, with a mallgen.lock of its own, is not meant.
    """


@page("config-block-left")
def config_block_left() -> None:
    """The settings have a block for a service that is no longer used, or for a `jwt` that the contract no longer has.

    `mallgen prune` removes it where it is as mallgen wrote it; one with your values you remove by hand. A block that
    your config.py names is yours.
    """


@page("no-lock")
def no_lock() -> None:
    """A folder has generated files and no mallgen.lock.

    Without it an edited file cannot be told from one of an older version. Take it back from your repository, or let
    `mallgen gen` write it anew by what the files hold, and commit it.
    """
