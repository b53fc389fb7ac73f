"""`python -m PACKAGE createuser NAME` and its like: accounts are made where the service runs, never over the wire."""

import argparse
import asyncio
import getpass
import importlib
import logging
import signal
import sys
from collections.abc import Callable, Coroutine
from types import FrameType
from typing import Any, NoReturn

from mallgen_runtime.admin.accounts import Accounts
from mallgen_runtime.admin.names import account_name
from mallgen_runtime.admin.passwords import PasswordRefused
from mallgen_runtime.admin.store import Cause
from mallgen_runtime.admin.tables import AccountRow
from mallgen_runtime.process.conf import find_config, load_file
from mallgen_runtime.process.errors import ConfigError
from mallgen_runtime.sql.errors import DatabaseError, DuplicateKey

_WRONG, _ENVIRONMENT, _INTERRUPTED = 1, 3, 130
_ACTOR = Cause("(command line)")


class _NotDone(Exception):
    """A command that changes nothing; the text says why, `help` the way out."""

    def __init__(self, text: str, help_: str = "") -> None:
        super().__init__(text)
        self.help = help_


def run(package: str, path: str) -> None:
    """Run the command about accounts that the command line asks for; the settings of the package are at `path`."""
    logging.disable()  # what goes wrong is raised
    words = _parser(package).parse_args()
    signal.signal(signal.SIGINT, _interrupted)  # asyncio's own would wait for the end of the prompt
    try:
        asyncio.run(_run(package, path, words))
    except _NotDone as problem:
        _end(_WRONG, f"error[account] {problem}", problem.help)
    except ConfigError as problem:
        _end(_ENVIRONMENT, *(f"error[config] {line}" for line in problem.problems))
    except DatabaseError as problem:
        _end(_ENVIRONMENT, f"error[database] {problem}", "  = help: contracts/sql/ has the tables that it needs")
    except KeyboardInterrupt:
        _end(_INTERRUPTED)


def _interrupted(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _end(code: int, *lines: str) -> NoReturn:
    for line in filter(None, lines):
        print(line, file=sys.stderr)
    sys.exit(code)


def _parser(package: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m {package}")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (what, _) in _COMMANDS.items():
        one = commands.add_parser(name, help=what, description=what)
        one.add_argument("name", metavar="NAME", help="the name of the account")
        one.add_argument("-f", metavar="FILE", help="the configuration")
        if name in ("createuser", "roles"):
            one.add_argument("--role", action="append", default=[], help="a role of the account; more than once")
    return parser


async def _run(package: str, path: str, words: argparse.Namespace) -> None:
    kind = importlib.import_module(f"{package}.config").Config
    config = load_file(kind, words.f or find_config(path, package)).config
    svc = importlib.import_module(f"{package}.svc").ServiceContext(config)
    name = account_name(words.name)
    if not name:
        raise _NotDone(f"`{words.name}` can be no name", "  = help: 1 to 64 letters, digits and signs, without spaces")
    words.known_roles = sorted(
        {role for route in importlib.import_module(f"{package}.routes").ROUTES for role in route.roles}
    )
    await svc.db.start()
    try:
        await _COMMANDS[words.command][1](svc.admin_accounts, name, words)
    finally:
        await svc.db.close()


async def _create(accounts: Accounts, name: str, words: argparse.Namespace) -> None:
    """Make an account; the first one has all roles of the contract."""
    roles = _asked(words)
    if not roles and not await accounts.store.accounts.count():
        roles = " ".join(words.known_roles)
    if await accounts.store.accounts.named(name) is not None:
        raise _NotDone(f"there is an account `{name}`", "  = help: `passwd` gives it another password")
    hashed = await _hashed(accounts)
    try:
        async with accounts.store.together() as store:
            await store.accounts.insert(name, hashed, roles)
            await store.note(_ACTOR, "create", name, roles=roles)
    except DuplicateKey:
        raise _NotDone(f"there is an account `{name}`") from None
    print(f"{name}: made, with {_told(roles)}")


def _told(roles: str) -> str:
    return f"the roles {roles}" if roles else "no role: it may read"


def _asked(words: argparse.Namespace) -> str:
    """Return the roles of a command line. Raises _NotDone for one that no route asks for."""
    for role in words.role:
        if role not in words.known_roles:
            raise _NotDone(
                f"no route asks for the role `{role}`", f"  = help: roles are {', '.join(words.known_roles)}"
            )
    return " ".join(dict.fromkeys(words.role))


async def _passwd(accounts: Accounts, name: str, words: argparse.Namespace) -> None:
    found = await _found(accounts, name)
    hashed = await _hashed(accounts)
    await _change(accounts, found, "password", password_hash=hashed, failed=0)
    print(f"{name}: has another password; its sessions are over")


async def _roles(accounts: Accounts, name: str, words: argparse.Namespace) -> None:
    """Give an account other roles, which may be none."""
    found, roles = await _found(accounts, name), _asked(words)
    await _change(accounts, found, "roles", roles=roles)
    print(f"{name}: has {_told(roles)}; its sessions are over")


async def _disable(accounts: Accounts, name: str, words: argparse.Namespace) -> None:
    await _change(accounts, await _found(accounts, name), "disable", disabled=True)
    print(f"{name}: disabled; its sessions are over")


async def _enable(accounts: Accounts, name: str, words: argparse.Namespace) -> None:
    await _change(accounts, await _found(accounts, name), "enable", disabled=False, failed=0)
    print(f"{name}: may log in")


async def _change(accounts: Accounts, found: AccountRow, action: str, **values: Any) -> None:
    """Change an account with its trail, and end its sessions: those as well that began since it was found."""
    async with accounts.store.together() as store:
        await store.accounts.change(found.id, **values)
        await store.accounts.end_sessions(found.id)
        await store.note(_ACTOR, action, found.name)


async def _found(accounts: Accounts, name: str) -> AccountRow:
    found = await accounts.store.accounts.named(name)
    if found is None:
        raise _NotDone(f"there is no account `{name}`", "  = help: `createuser` makes one")
    return found


async def _hashed(accounts: Accounts) -> str:
    try:
        return await accounts.passwords.hashed(_password())
    except PasswordRefused as problem:
        raise _NotDone(str(problem), "  = help: give another one") from None


def _password() -> str:
    """Return the password: asked for twice at a terminal, else the first line of standard input."""
    try:
        if sys.stdin.isatty():
            first, second = getpass.getpass("Password: "), getpass.getpass("Once more: ")
        else:
            first = second = _piped()
    except EOFError:
        if sys.stdin.isatty():
            print(file=sys.stderr)  # the cursor stands behind the prompt
        hint = "  = help: type it at the prompt, or pipe it in: a line of standard input"
        raise _NotDone("no password is given", hint) from None
    except UnicodeDecodeError:
        raise PasswordRefused("a password is text, and this one is no UTF-8") from None
    if first != second:
        raise _NotDone("the two passwords differ")
    return first


def _piped() -> str:
    """Return the first line of standard input. Raises EOFError where it has none."""
    line = sys.stdin.readline(1 << 16)
    if not line:
        raise EOFError
    return line.rstrip("\r\n")


_Command = Callable[[Accounts, str, argparse.Namespace], Coroutine[Any, Any, None]]
_COMMANDS: dict[str, tuple[str, _Command]] = {
    "createuser": ("Make an account; the first one gets every role.", _create),
    "passwd": ("Give an account another password, and end its sessions and its lock-out.", _passwd),
    "roles": ("Give an account the roles of `--role` and no others, and end its sessions.", _roles),
    "disable": ("Let an account in no more, and end its sessions.", _disable),
    "enable": ("Let an account in that was disabled or is locked out.", _enable),
}
